"""The four session guarantees (Terry, Demers, Petersen, Spreitzer, Theimer, Welch: "Session guarantees for weakly
consistent replicated data", PDIS 1994), of registers whose values are each written once. A session is a process: a
user of a closed client; an open client's operations are each a session alone.

What can be decided depends on which of two versions of a key is older. Of two writes the first is *older* when its
value was there before the second began: it had ended, or a read that returned it had. Of writes that overlap neither
is, and what depends on their order is left undecided. Nothing is older than everything written.

- *Read your writes*: a read returns nothing older than what its own session wrote to the key before, and had confirmed.
- *Monotonic reads*: a read returns nothing older than what its own session read of the key before.
- *Monotonic writes*: no copy of the key takes a session's earlier write after its later one.
- *Writes follow reads*: no copy of the key takes a value after the write of a session that had read that value before.

The last two are about the order in which copies take writes. Clients do not see it: a reader who is sent from one copy
to another sees the same. So they are judged by the changes that copies show in the trace, from one crash to the next,
and unknown in a history without. Each key is judged by itself; across keys, see causal consistency.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from simulations.checks.finding import Finding, called, count_of, in_order, moment, session_name, span, text_of
from simulations.checks.history import Histories, ambiguous, end_of, sessions
from simulations.engine.log import Log, Operation

_NEVER: Final = 1 << 62
NAMES: Final = ("read_your_writes", "monotonic_reads", "monotonic_writes", "writes_follow_reads")


Copies = Sequence[tuple[str, Sequence[tuple[int, str, str]]]]  # a copy's name; when (ns) which key took which value


@dataclass(frozen=True)
class Breach:
    """Operations that break a guarantee, the read that shows it last; the write that is newer; when it was shown."""

    operations: tuple[Operation, ...]
    newer: Operation
    at_ns: int


class Versions:
    """The writes of a history, and when the value of each was there."""

    def __init__(self, histories: Histories) -> None:
        self.write: dict[tuple[str, object], Operation] = {}
        self.there_ns: dict[tuple[str, object], int] = {}
        for key, operations in histories.items():
            for one in operations:
                version = (key, one.value if one.f == "write" else one.result)
                if one.f == "write":
                    self.write[version] = one
                self.there_ns[version] = min(end_of(one, _NEVER), self.there_ns.get(version, _NEVER))

    def older(self, key: str, value: object, newer: Operation) -> bool | None:
        """Whether a version of a key is older than that of a write; None when nobody can tell."""
        if value is None:
            return True
        if (key, value) not in self.write:
            return None
        if value == newer.value:
            return False
        if self.there_ns[key, value] < newer.start_ns:
            return True
        return False if self.there_ns[key, newer.value] < self.write[key, value].start_ns else None


def copies_of(log: Log) -> Copies:
    """In which order each node showed that its keys took values. A crash may take some back: what follows is another
    copy.
    """
    found: list[tuple[str, list[tuple[int, str, str]]]] = []
    for node, changes in sorted(log.changes.items()):
        crashes = log.crashes(node)
        taken: list[tuple[int, str, str]] = []
        for time, text in zip(*changes, strict=True):
            key, _, value = text.partition(" = ")
            if crashes and time >= crashes[0]:
                crashes = [crash for crash in crashes if crash > time]
                found.append((log.nodes[node], taken))
                taken = []
            taken.append((time, key, value))
        found.append((log.nodes[node], taken))
    return found


def check_sessions(histories: Histories, copies: Copies) -> list[Finding]:
    """Judge all four guarantees, in the order of NAMES."""
    doubt = ambiguous(histories)
    if doubt:
        return [Finding(name, "unknown", f"It cannot be told what was read: {doubt}") for name in NAMES]
    versions = Versions(histories)
    lines = sessions(histories)
    return [
        _reads("read_your_writes", *_read_your_writes(lines.values(), versions)),
        _reads("monotonic_reads", *_monotonic_reads(lines.values(), versions)),
        _check_copies("monotonic_writes", lines, copies),
        _check_copies("writes_follow_reads", lines, copies),
    ]


# Of reads: what a session knew before


def _read_your_writes(lines: Iterable[list[Operation]], versions: Versions) -> tuple[list[Breach], set[int], int]:
    breaches: list[Breach] = []
    judged: set[int] = set()
    undecided = 0
    for line in lines:
        own: dict[str, Operation] = {}
        for one in line:
            if one.f == "write" and one.type == "ok":
                own[one.key] = one
            elif one.f == "read" and one.key in own:
                older = versions.older(one.key, one.result, own[one.key])
                undecided += older is None
                if older is not None:
                    judged.add(one.id)
                if older:
                    breaches.append(Breach((own[one.key], one), own[one.key], end_of(one, _NEVER)))
    return breaches, judged, undecided


def _monotonic_reads(lines: Iterable[list[Operation]], versions: Versions) -> tuple[list[Breach], set[int], int]:
    """Of what a session had read of a key, the version whose write began last decides: what is older than an earlier
    one is older than it too.
    """
    breaches: list[Breach] = []
    judged: set[int] = set()
    undecided = 0
    for line in lines:
        newest: dict[str, tuple[Operation, Operation]] = {}  # by key: the read, and the write that it saw
        for one in (one for one in line if one.f == "read"):
            before = newest.get(one.key)
            if before is not None:
                older = versions.older(one.key, one.result, before[1])
                undecided += older is None
                if older is not None:
                    judged.add(one.id)
                if older:
                    breaches.append(Breach((before[1], before[0], one), before[1], end_of(one, _NEVER)))
            write = versions.write.get((one.key, one.result))
            if write is not None and (before is None or write.start_ns > before[1].start_ns):
                newest[one.key] = (one, write)
    return breaches, judged, undecided


def _reads(name: str, breaches: list[Breach], judged: set[int], undecided: int) -> Finding:
    more = f" Of {count_of(undecided, 'more read')} nobody can tell: the writes overlapped." if undecided else ""
    if not judged:
        words = "No client read a key that it had " + ("written" if name == "read_your_writes" else "read") + " before."
        return Finding(name, "unknown", more.strip() or words)
    population = frozenset(judged)
    if not breaches:
        words = f"None of {count_of(len(judged), 'read')} returned less than its client had already seen or written."
        return Finding(name, "pass", words + more, violations=0, population=population)
    first = min(breaches, key=lambda breach: (breach.at_ns, breach.operations[-1].id))
    read = first.operations[-1]
    known = f"had itself written {first.newer.value} ({span(first.newer)})"
    if name == "monotonic_reads":
        earlier = first.operations[1]
        known = f"had already read {earlier.result} ({span(earlier)}), which is newer"
    told = f"The first: {session_name(read)}: {text_of(read)} ({span(read)}), though it {known}."
    words = f"{len(breaches):,} of {count_of(len(judged), 'read')} went back. {told}{more}"
    offenders = frozenset(breach.operations[-1].id for breach in breaches)
    return Finding(
        name, "fail", words, list(first.operations), first.at_ns, len(breaches), offenders, population, by_session=True
    )


# Of writes: the order in which copies took them

Known = dict[
    tuple[str, str], list[tuple[int, int, Operation]]
]  # by key and value: who knew it, at which step, from what


def _check_copies(name: str, lines: Mapping[int, list[Operation]], copies: Copies) -> Finding:
    """Follow each copy: when it takes a value, has it taken a later write of a session that had known that value?"""
    known, steps = _known(lines, own=name == "monotonic_writes")
    breaches: list[tuple[int, str, Operation, Operation]] = []
    judged = 0
    for where, taken in copies:
        latest: dict[tuple[str, int], tuple[int, Operation]] = {}  # by key and session: its last write that was taken
        for time_ns, key, value in taken:
            for process, step, origin in known.get((key, value), ()):
                judged += 1
                step_after, write = latest.get((key, process), (-1, origin))
                if step_after > step:
                    breaches.append((time_ns, where, origin, write))
            if (key, value) in steps:
                process, step, write = steps[key, value]
                if step > latest.get((key, process), (-1, write))[0]:
                    latest[key, process] = (step, write)
    if not judged:
        did = "wrote a key twice" if name == "monotonic_writes" else "wrote a key that it had read"
        missing = (
            f"No client {did}, as far as copies showed." if copies else "No copy shows in which order it took writes."
        )
        return Finding(name, "unknown", missing)
    if not breaches:
        words = f"In none of {count_of(judged, 'case')} a copy took what a client knew after what it wrote then."
        return Finding(name, "pass", words, violations=0)
    time_ns, where, origin, write = min(breaches, key=lambda one: (one[0], one[1], one[2].id))
    verb = "wrote" if origin.f == "write" else "read"
    value = origin.value if origin.f == "write" else origin.result
    words = (
        f"{len(breaches):,} of {count_of(judged, 'case')}. The first:"
        f" {session_name(write)} {verb} {origin.key} = {value}"
        f" ({span(origin)}) and then wrote {write.value} ({span(write)}), but {called(where)}, which had {write.value},"
        f" took {value} after it, at {moment(time_ns)}."
    )
    return Finding(name, "fail", words, in_order([origin, write]), time_ns, len(breaches), by_session=True)


def _known(
    lines: Mapping[int, list[Operation]], own: bool
) -> tuple[Known, dict[tuple[str, str], tuple[int, int, Operation]]]:
    """What each session knew and at which of its steps: its own writes, or what it had read; and its writes' steps."""
    known: Known = {}
    steps: dict[tuple[str, str], tuple[int, int, Operation]] = {}
    for process, line in lines.items():
        seen: set[tuple[str, str]] = set()
        last = {one.key: step for step, one in enumerate(line) if one.f == "write" and one.type == "ok"}
        for step, one in enumerate(line):
            writes = one.f == "write"
            version = (one.key, str(one.value if writes else one.result))
            if writes and one.type == "ok":
                steps[version] = (process, step, one)
            useful = writes == own and one.type == "ok" and last.get(one.key, -1) > step
            if useful and version not in seen and (writes or one.result is not None):
                seen.add(version)
                known.setdefault(version, []).append((process, step, one))
    return known, steps
