"""Founders: who is a member of a cluster from the start, and when the others join."""

from __future__ import annotations

from collections.abc import Sequence

from simulations.engine.declare import Param
from simulations.engine.name_lists import MEMBERS, names_in
from simulations.engine.process import Process


def founding_params(section: str) -> tuple[Param, ...]:
    """The parameters `founders` and `joins_at_ms`, in a section of the form."""
    return (
        Param(
            "founders",
            "Founders",
            "text",
            "",
            help="Who is a member from the start, with commas or blanks between; empty: all of the cluster.",
            section=section,
            names=MEMBERS,
        ),
        Param(
            "joins_at_ms",
            "Joins at",
            "number",
            0,
            "ms",
            0,
            86_400_000,
            help="From then on one that is no founder asks to be let in.",
            section=section,
        ),
    )


def founders(process: Process, everybody: Sequence[str]) -> list[str]:
    """Whom of everybody the parameter names, as it names them; all, sorted, where it names nobody."""
    named = names_in(process.text("founders"))
    return [name for name in named if name in everybody] or sorted(everybody)
