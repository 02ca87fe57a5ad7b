"""A node's parameters, read by name and kind."""

from __future__ import annotations

from typing import Any

from mypy_extensions import mypyc_attr

from simulations.engine.distributions import Distribution, distribution


@mypyc_attr(allow_interpreted_subclasses=True)
class Settings:
    """What the scenario sets of a node."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.params = params

    def integer(self, name: str) -> int:
        """An integer parameter."""
        return int(self.params[name])

    def number(self, name: str) -> float:
        """A number parameter."""
        return float(self.params[name])

    def text(self, name: str) -> str:
        """A text or choice parameter."""
        return str(self.params[name])

    def boolean(self, name: str) -> bool:
        """A yes-or-no parameter."""
        return bool(self.params[name])

    def duration(self, name: str) -> Distribution:
        """A distribution parameter."""
        return distribution(self.params[name])
