"""The engine's reference workloads, and how they are measured. Their node types are no part of the catalogue."""

from simulations.compiled import search_path

__path__ = search_path("benchmarks", __path__)
