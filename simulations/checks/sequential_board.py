"""Operations on registers laid out by process, to be taken one by one so that each read finds what it returned.

With values that are each written once, a value must not be left while one of its reads is still to come, and a write
must not come before those of all values that some process knew earlier than its own. Three moves are taken at once,
since each, were it made later, could be brought forward without anybody noticing:

- a read of the present value;
- when no read of the present value is left, a write all of whose reads can follow at once (as of one nobody reads);
- at such a time, a write of a key that nobody else will write.

A write of unknown outcome comes after what its process did before, at any time, or never when nobody read it.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from simulations.checks.history import Histories, end_of
from simulations.engine.log import Operation

_NEVER: Final = 1 << 62
Configuration = tuple[tuple[int, ...], tuple[int, ...]]


class Line:
    """What one process does, in order: (writes, key, value). `after` is a line and how much of it
    must be done first.
    """

    def __init__(self, after: tuple[int, int] | None) -> None:
        self.steps: list[tuple[bool, int, int]] = []
        self.runs: list[int] = []  # reads of one value from each step on without a break; 0 at a write
        self.after = after

    def measure(self) -> None:
        """Find the runs, when all steps are there."""
        self.runs = [0] * (len(self.steps) + 1)
        for place in range(len(self.steps) - 1, -1, -1):
            if not self.steps[place][0]:
                same = place + 1 < len(self.steps) and self.steps[place + 1] == self.steps[place]
                self.runs[place] = 1 + (self.runs[place + 1] if same else 0)


class Board:
    """A history laid out, and moves made on it. Keys and values go by number; a key's first value has its number."""

    def __init__(self, histories: Histories) -> None:
        everything = [one for history in histories.values() for one in history]
        read = {(one.key, one.result) for one in everything if one.f == "read"}
        everything = [one for one in everything if one.type == "ok" or (one.key, one.value) in read]
        everything.sort(key=lambda one: (one.start_ns, one.id))
        self.keys = {key: number for number, key in enumerate(histories)}
        self.values: dict[tuple[str, Hashable], int] = {(key, None): number for key, number in self.keys.items()}
        for one in everything:
            if one.f == "write":
                self.values.setdefault((one.key, one.value), len(self.values))
        self.lines: list[Line] = []
        self.reads_left = [0] * len(self.values)
        self.readers: list[list[int]] = [[] for _ in self.values]  # lines that read a value
        self.writer = [-1] * len(self.values)  # the line that writes it
        self.waits = [0] * len(self.values)  # values of its key that must be written before it
        self.later: list[list[int]] = [[] for _ in self.values]  # those that wait for it
        self.writes_left: dict[tuple[int, int], int] = {}  # by key and line
        self.known_ns = [0] * len(self.values)  # when a value was known to be written: its write or a read had ended
        self.writing = [0] * len(self.keys)  # lines that will still write a key
        self.possible = self._line_up(everything) and self._ordered()
        self.ready = [0] * len(self.values)  # reads of a value that come next in their lines
        self.present = list(range(len(self.keys)))
        self.done = [0] * len(self.lines)
        self.left = len(everything)
        self.heads: list[dict[int, None]] = [{} for _ in self.keys]  # lines that would write a key next
        for number, line in enumerate(self.lines):
            line.measure()
            self._arrive(number)
        self.followers: list[list[int]] = [[] for _ in self.lines]
        for number, line in enumerate(self.lines):
            if line.after is not None:
                self.followers[line.after[0]].append(number)
        self.written = [value < len(self.keys) for value in range(len(self.values))]
        self.trail: list[tuple[int, int]] = []  # moves made: the line, and what its key held before
        self.looks = 0

    def _line_up(self, everything: list[Operation]) -> bool:
        """Lay out the lines. False when a value is read that nobody wrote."""
        main: dict[int, int] = {}
        known: dict[tuple[int, int], int] = {}  # by line and key: the value that it wrote or saw last
        order: dict[tuple[int, int], None] = {}
        for one in everything:
            number = main.get(one.process, -1)
            if number < 0 or one.type != "ok":
                after = (number, len(self.lines[number].steps)) if number >= 0 else None
                number = len(self.lines)
                self.lines.append(Line(after))
                if one.type == "ok":
                    main[one.process] = number
            writes, key = one.f == "write", self.keys[one.key]
            value = self.values.get((one.key, one.value if writes else one.result), -1)
            if value < 0:
                return False
            self.lines[number].steps.append((writes, key, value))
            self.known_ns[value] = min(self.known_ns[value] or _NEVER, end_of(one, _NEVER))
            if writes:
                self.writer[value] = number
                self.writing[key] += (key, number) not in self.writes_left
                self.writes_left[key, number] = self.writes_left.get((key, number), 0) + 1
            else:
                self.reads_left[value] += 1
                self.readers[value].append(number)
            earlier = known.get((number, key), value)
            known[number, key] = value
            if earlier != value:
                order[earlier, value] = None
        for earlier, value in order:
            self.later[earlier].append(value)
            self.waits[value] += 1
        return True

    def _ordered(self) -> bool:
        """Whether the values of each key can be put in an order that every process has known them in."""
        waits = list(self.waits)
        ready = [value for value, count in enumerate(waits) if not count]
        for value in ready:
            for after in self.later[value]:
                waits[after] -= 1
                if not waits[after]:
                    ready.append(after)
        for first in range(len(self.keys)):  # it is there from the start, so nobody need wait for it
            if waits[first] or self.waits[first]:
                return False
            for after in self.later[first]:
                self.waits[after] -= 1
        return len(ready) == len(waits)

    def choices(self) -> list[int]:
        """The lines whose next write may come now, what was known first last."""
        found: list[int] = []
        for key, heads in enumerate(self.heads):
            if not self.reads_left[self.present[key]]:
                self.looks += len(heads)
                found += [line for line in heads if self._allowed(line)]
        return sorted(found, key=lambda line: (-self.known_ns[self.next_value(line)], -line))

    def waiting(self, line: int) -> int:
        """How many reads could not follow at once on a line's next write."""
        place = self.done[line]
        steps = self.lines[line].steps
        value = steps[place][2]
        own = self.lines[line].runs[place + 1] if steps[place + 1 : place + 2] == [(False, *steps[place][1:])] else 0
        return self.reads_left[value] - self.ready[value] - own

    def next_value(self, line: int) -> int:
        """What a line would write or read next."""
        return self.lines[line].steps[self.done[line]][2]

    def _allowed(self, line: int) -> bool:
        """Whether a line's next write waits for nothing but the reads of its key's present value."""
        after = self.lines[line].after
        return not self.waits[self.next_value(line)] and (after is None or self.done[after[0]] >= after[1])

    def advance(self, lines: list[int]) -> None:
        """Take every move that can be taken at once, beginning with these lines."""
        while lines:
            line = lines.pop()
            self.looks += 1
            if self._free(line):
                lines += self.move(line)

    def _free(self, line: int) -> bool:
        if self.done[line] == len(self.lines[line].steps):
            return False
        writes, key, value = self.lines[line].steps[self.done[line]]
        if not writes:
            return self.present[key] == value
        return (
            not self.reads_left[self.present[key]]
            and self._allowed(line)
            and (self.writing[key] == 1 or not self.waiting(line))
        )

    def move(self, line: int) -> list[int]:
        """Make a line's next move; return the lines that may be able to go on because of it."""
        writes, key, value = self.lines[line].steps[self.done[line]]
        before = self.present[key]
        self.trail.append((line, before))
        woken = [line, *self.followers[line]]
        self._leave(line)
        if writes:
            self.present[key] = value
            self.written[value] = True
            self.writes_left[key, line] -= 1
            if not self.writes_left[key, line]:
                self.writing[key] -= 1
            for after in self.later[value]:
                self.waits[after] -= 1
                if self.writer[after] >= 0:
                    woken.append(self.writer[after])
            woken += self.readers[value]
        else:
            self.reads_left[value] -= 1
        self.done[line] += 1
        self.left -= 1
        awaited = self._arrive(line)
        if awaited >= 0:
            woken.append(awaited)
        if not self.reads_left[self.present[key]]:
            woken += self.heads[key]
        return woken

    def _leave(self, line: int) -> None:
        """A line's next step is not its next any more."""
        place = self.done[line]
        if place < len(self.lines[line].steps):
            writes, key, value = self.lines[line].steps[place]
            if writes:
                self.heads[key].pop(line)
            else:
                self.ready[value] -= self.lines[line].runs[place]

    def _arrive(self, line: int) -> int:
        """A line has come to its next step. Return the line that writes what it would read; −1 for none."""
        place = self.done[line]
        if place < len(self.lines[line].steps):
            writes, key, value = self.lines[line].steps[place]
            if not writes:
                self.ready[value] += self.lines[line].runs[place]
                return self.writer[value]
            self.heads[key][line] = None
        return -1

    def undo(self, made: int) -> None:
        """Take back all moves but the first `made`."""
        while len(self.trail) > made:
            line, before = self.trail.pop()
            self._leave(line)
            self.done[line] -= 1
            self.left += 1
            self._arrive(line)
            writes, key, value = self.lines[line].steps[self.done[line]]
            if not writes:
                self.reads_left[value] += 1
                continue
            self.present[key] = before
            self.written[value] = False
            self.writing[key] += not self.writes_left[key, line]
            self.writes_left[key, line] += 1
            for after in self.later[value]:
                self.waits[after] += 1

    def configuration(self) -> Configuration:
        """How far each line has come, and what each key holds: all that matters for what can follow."""
        return tuple(self.done), tuple(self.present)
