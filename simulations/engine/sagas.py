"""What a saga's coordinator and the services of its steps say to each other.

A step and its compensation carry the saga's number. The compensation may come before the step it is to undo, which was
late or was never sent: then there is nothing to undo, and the step must not be done any more.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulations.engine.messages import Request


@dataclass(frozen=True)
class Reserve(Request):
    """A step: set aside so many units of what is sold under a key."""

    saga: str
    key: str
    amount: int


@dataclass(frozen=True)
class Release(Request):
    """Its compensation: give them back."""

    saga: str
