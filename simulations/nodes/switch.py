"""The switch: a box that cables meet in.

It asks nothing and answers nothing: what comes in by one cable goes out by another, on the way of lowest latency to
where it is addressed. Whoever is joined by switches can talk, and who may ask whom is told by the cables as ever: a
node asks through a cable drawn from it to a switch, and is asked through one drawn from a switch to it (a client whose
switches have no such server asks every server on them). Which way a cable between two switches was drawn says nothing.
A switch sees at once when a cable is cut or another switch is gone, and sends by another way where there is one. Where
there is none, the network has fallen into parts that cannot hear each other: a partition that nobody planned. A switch
that crashes takes with it whatever was inside; one that is merely paused goes on forwarding by the ways it knew: that
is done by hardware that needs no process.
"""

from __future__ import annotations

from typing import ClassVar

from simulations.engine.declare import Param, Show
from simulations.engine.node import Node


class Switch(Node):
    """Passes messages on between its cables."""

    TYPE: ClassVar[str] = "switch"
    TITLE: ClassVar[str] = "Switch"
    CATEGORY: ClassVar[str] = "Network"
    SUMMARY: ClassVar[str] = "Joins cables, and sends messages on by the fastest way that is up"
    ICON: ClassVar[str] = "switch"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "forwarding_time",
            "Forwarding time",
            "distribution",
            0.01,
            unit="ms",
            help="From the end of one cable to the beginning of the next.",
        ),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("links", "Links up"),)
    SERVES: ClassVar[bool] = False
    FORWARDS: ClassVar[bool] = True
