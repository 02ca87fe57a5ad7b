"""Jobs and machines: what a scheduler and the machines that it places jobs on say to each other.

The scheduler polls its machines, learns from the answers what they are, and notices by missing ones that they have gone
(Verma et al.: "Large-scale cluster management at Google with Borg", EuroSys 2015, section 3.3).
"""

from __future__ import annotations

from dataclasses import dataclass

from simulations.engine.messages import Heartbeat, Request


@dataclass(frozen=True)
class AssignJob(Request):
    """Run this job. `special`: it needs a special machine."""

    special: bool


@dataclass(frozen=True)
class PollMachine(Heartbeat):
    """What are you?"""


@dataclass(frozen=True)
class MachineReport(Heartbeat):
    """So many jobs at once, special or not, somebody's or (owner "") anybody's; which process since the beginning."""

    slots: int
    special: bool
    owner: str
    incarnation: int
