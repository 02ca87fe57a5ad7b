"""One file a node type. Node files never import each other."""

from simulations.compiled import search_path

__path__ = search_path("nodes", __path__)
