"""The engine: simulates hosts, processes and a network. Knows no Django."""

from simulations.compiled import search_path

__path__ = search_path("engine", __path__)
