"""The search for an order that explains every answer, for any model.

Wing and Gong's search ("Testing and Verifying Concurrent Objects", JPDC 1993) with Lowe's memory of configurations
already tried ("Testing for Linearizability", Concurrency and Computation 2017), without recursion; parts of a history
that share nothing are judged apart (Horn and Kroening, "Faster linearizability checking via P-compositionality", FORTE
2015). What keeps it narrow, for every model:

- what nobody can have given is told without a search (`orphans.py`);
- a call that fits and never changes anything is taken at once: nothing is lost by it;
- calls of unknown outcome that ask the same are one class, taken in the order in which they began;
- a write that nobody sees is taken just before the next write (`narrowing.py`);
- such a call is taken only for the sake of the next one, which would not come to the same without it;
- a state that answers still to come rule out is left at once (`narrowing.py`);
- a value is not overwritten while a call that needs it is left and no other call can bring it back;
- where a configuration was tried with fewer of them used up, there is no need to try it with more.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from simulations.checks.calls import IMPOSSIBLE, NEVER, Call, Fact, Model, State
from simulations.checks.narrowing import UNSEEN, hopeless, narrowed
from simulations.checks.orphans import orphans

CONFIGURATIONS_MAX: Final = 300_000
_NO_STATE: Final = IMPOSSIBLE  # no configuration has this state
Taken = tuple[int, ...]  # how many of each class of open calls have been used
Configuration = tuple[int, int, State, Taken, State]
Ready = tuple[Call, int, State]  # a call that may come next, its bit, the state after it


@dataclass(frozen=True)
class Found:
    """What a search came to: whether there is an order (None: it reached its limit), the configurations it tried, and
    the last moment by which something had to happen that could not.
    """

    linearizable: bool | None
    configurations: int
    until: int = NEVER


class Supply:
    """Which calls need a fact, and which can still bring it."""

    def __init__(self, model: Model, calls: Sequence[Call], classes: Sequence[Sequence[Call]]) -> None:
        self.calls = calls
        self.classes = classes
        self.needing: dict[Fact, list[int]] = {}
        self.giving: dict[Fact, list[int]] = {}
        self.may_give: dict[Fact, list[int]] = {}
        self.until = 0  # the last end of a call that would not have got what it needs
        for index, call in enumerate(calls):
            for fact in model.needs(call):
                self.needing.setdefault(fact, []).append(index)
            for fact in model.gives(call):
                self.giving.setdefault(fact, []).append(index)
        for number, members in enumerate(classes):
            for fact in model.gives(members[0]):
                self.may_give.setdefault(fact, []).append(number)

    def suffices(self, low: int, mask: int, taken: Taken, lost: Sequence[Fact]) -> bool:
        """Whether the next call that needs one of the lost facts may still get it."""
        for fact in lost:
            needing = self._next(self.needing.get(fact), low, mask)
            if needing < 0:
                continue
            deadline = self.calls[needing].end
            giving = self._next(self.giving.get(fact), low, mask)
            if giving >= 0 and self.calls[giving].start <= deadline:
                continue
            if not any(
                taken[number] < len(self.classes[number]) and self.classes[number][taken[number]].start <= deadline
                for number in self.may_give.get(fact, ())
            ):
                self.until = max(self.until, deadline)
                return False
        return True

    @staticmethod
    def _next(indices: Sequence[int] | None, low: int, mask: int) -> int:
        """The first of the calls that is not placed; −1 if all are."""
        if indices is not None:
            for position in range(bisect_left(indices, low), len(indices)):
                index = indices[position]
                if not mask >> (index - low) & 1:
                    return index
        return -1


class Search:
    """One part of a history, laid out: calls that took place by start, and classes of those that may have."""

    def __init__(self, model: Model, calls: Sequence[Call]) -> None:
        self.orphan = next(iter(orphans(model, calls)), None)
        model, calls = narrowed(model, calls)
        self.model = model
        self.calls: list[Call] = []
        classes: dict[Hashable, list[Call]] = {}
        for call in sorted(calls, key=lambda one: (one.start, one.id)):
            if call.end != NEVER:
                self.calls.append(call)
            elif not model.observes(call):
                same = (call.f, call.value, call.process if model.OWNED else None)
                classes.setdefault(same, []).append(call)
        self.classes = list(classes.values())
        self.hopeless = hopeless(model, [*self.calls, *(call for members in self.classes for call in members)])
        self.quiet = [model.observes(call) for call in self.calls]
        self.unseen = [call.f == "write" and call.value is UNSEEN for call in self.calls]
        self.supply = Supply(model, self.calls, self.classes)
        self.seen: dict[tuple[int, int, State], list[Taken]] = {}
        self.seen_after: set[Configuration] = set()
        self.tried = 0
        self.until = 0

    def run(self, configurations_max: int) -> Found:
        """Look for an order, at most that many configurations long."""
        if self.orphan is not None:
            return Found(False, 0, self.orphan.end)
        # Calls below `low` are placed, and those whose bit above it is set in `mask`; then the state, the open calls
        # used, and the state before the last one if that was an open call that has served nothing yet.
        waiting: list[Configuration] = [(0, 0, self.model.initial, (0,) * len(self.classes), _NO_STATE)]
        while waiting:
            low, mask, state, taken, before = waiting.pop()
            low, mask, ready, first_end, settled = self._settle(low, mask, state)
            if first_end == NEVER:
                return Found(True, self.tried)
            before = _NO_STATE if settled else before
            if self._known(low, mask, state, taken, before):
                continue
            self.tried += 1
            self.until = max(self.until, first_end)
            if self.tried > configurations_max:
                return Found(None, self.tried)
            waiting += self._moves(low, mask, state, taken, before, first_end, ready)
        return Found(False, self.tried, max(self.until, self.supply.until))

    def _moves(
        self, low: int, mask: int, state: State, taken: Taken, before: State, first_end: int, ready: list[Ready]
    ) -> list[Configuration]:
        """The configurations after one more change, the most pressing last: it is tried first."""
        unseen = [one for one in ready if one[0].f == "write" and one[0].value is UNSEEN]
        idle = 0
        for _, bit, _ in unseen:
            idle |= bit
        moves = self._open_moves(low, mask, state, taken, before, first_end, idle)
        seen = [one for one in ready if not idle & one[1]] if unseen else ready
        for call, bit, after in unseen[:1] + sorted(seen, key=lambda one: -one[0].end):
            if before is not _NO_STATE and self.model.step(before, call) == after:
                continue
            placed = mask | bit | (idle if call.f == "write" else 0)
            if self._hopeful(low, placed, taken, state, call, after):
                moves.append((low, placed, after, taken, _NO_STATE))
        return moves

    def _settle(self, low: int, mask: int, state: Any) -> tuple[int, int, list[Ready], int, bool]:
        """Take what fits and changes nothing; return what else may come next, and the first end of those left."""
        step = self.model.step
        settled = False
        while True:
            while mask & 1:
                mask >>= 1
                low += 1
            waiting, first_end = self._waiting(low, mask)
            ready: list[Ready] = []
            quiet = 0
            for index, bit in waiting:
                call = self.calls[index]
                if call.start > first_end:
                    break
                after = step(state, call)
                if after is IMPOSSIBLE:
                    continue
                if after == state and (self.quiet[index] or self.unseen[index]):
                    quiet |= bit
                else:
                    ready.append((call, bit, after))
            if not quiet:
                return low, mask, ready, first_end, settled
            mask |= quiet
            settled = True

    def _waiting(self, low: int, mask: int) -> tuple[list[tuple[int, int]], int]:
        """The calls not yet placed that began before the first of their ends, and some that did not; that end."""
        first_end = NEVER
        waiting: list[tuple[int, int]] = []
        bit = 1
        for index in range(low, len(self.calls)):
            call = self.calls[index]
            if call.start > first_end:
                break
            if not mask & bit:
                waiting.append((index, bit))
                if call.end < first_end:
                    first_end = call.end
            bit <<= 1
        return waiting, first_end

    def _open_moves(
        self, low: int, mask: int, state: State, taken: Taken, before: State, first_end: int, idle: int
    ) -> list[Configuration]:
        """The configurations after one more of the calls of unknown outcome."""
        moves: list[Configuration] = []
        for number, members in enumerate(self.classes):
            if taken[number] == len(members) or members[taken[number]].start > first_end:
                continue
            call = members[taken[number]]
            after = self.model.step(state, call)
            if after is IMPOSSIBLE or after == state:
                continue
            if before is not _NO_STATE and self.model.step(before, call) == after:
                continue
            more = (*taken[:number], taken[number] + 1, *taken[number + 1 :])
            placed = mask | (idle if call.f == "write" else 0)
            if self._hopeful(low, placed, more, state, call, after):
                moves.append((low, placed, after, more, state))
        return moves

    def _hopeful(self, low: int, mask: int, taken: Taken, state: State, call: Call, after: State) -> bool:
        """Whether anything can come of taking a call now."""
        if self.hopeless is not None and self.hopeless(after, call):
            self.until = NEVER  # the answers that say so may come late
            return False
        return self.supply.suffices(low, mask, taken, self.model.loses(state, call))

    def _known(self, low: int, mask: int, state: State, taken: Taken, before: State) -> bool:
        """Whether there is no need to go on from here; what is new is remembered."""
        earlier = self.seen.setdefault((low, mask, state), [])
        if any(all(a <= b for a, b in zip(one, taken, strict=True)) for one in earlier):
            return True
        if before is not _NO_STATE:
            here = (low, mask, state, taken, before)
            known = here in self.seen_after
            self.seen_after.add(here)
            return known
        earlier[:] = [one for one in earlier if not all(a >= b for a, b in zip(one, taken, strict=True))]
        earlier.append(taken)
        return False


def search(model: Model, calls: Sequence[Call], configurations_max: int = CONFIGURATIONS_MAX) -> Found:
    """Whether one part's calls can be put in an order that the model allows, each at a moment of its time."""
    return Search(model, calls).run(configurations_max)


def partition(model: Model, calls: Sequence[Call]) -> list[list[Call]]:
    """The calls in groups that share no part of the object, by the first call of each."""
    parent: dict[Hashable, Hashable] = {}

    def root(slot: Hashable) -> Hashable:
        while parent[slot] != slot:
            parent[slot] = parent[parent[slot]]
            slot = parent[slot]
        return slot

    for call in calls:
        slots = model.slots(call)
        for slot in slots:
            parent.setdefault(slot, slot)
            parent[root(slot)] = root(slots[0])
    groups: dict[Hashable, list[Call]] = {}
    for call in calls:
        slots = model.slots(call)
        if slots:
            groups.setdefault(root(slots[0]), []).append(call)
    return list(groups.values())
