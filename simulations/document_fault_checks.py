"""What is wrong with faults beyond their form: events that cannot come, lies that no type knows, forgeries that cannot
be sent, and faults that contradict each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from simulations.catalogue import lies_of, message_kinds, node_types
from simulations.document_adversaries import (
    ADVERSARIES_ON_NODES,
    NODE_ADVERSARY_KINDS,
    Byzantine,
    Spoof,
    WireFault,
)
from simulations.document_base import FAULTS_MAX, Mistake, did_you_mean
from simulations.document_entries import Cut, Fault, Loss, Partition
from simulations.document_expand import Names
from simulations.document_faults import HOST_FAULTS, HOST_KINDS, Restart, When
from simulations.document_link_faults import LinkFault
from simulations.engine.messages import kind_of
from simulations.engine.node import Node

if TYPE_CHECKING:
    from simulations.document_checks import Inspector

# Faults that are either there or not: where two of them overlap, the end of the first mends nothing.
SWITCHES: Final = ("crash", "restart", "stop", "pause", "hang", "cut", "disk", "partition", "byzantine")
ALWAYS_HEARD: Final = ("probe", "probe_reply", "cancel")


class Faults:
    """Collects the mistakes in the faults of one document, for its inspector."""

    def __init__(self, inspector: Inspector) -> None:
        self.inspector = inspector
        self.names = inspector.names
        self.types = inspector.types

    def inspect(self) -> None:
        """Say every mistake."""
        total = 0
        for index, fault in self.inspector.parts.faults:
            path = f"faults[{index}]"
            if fault.when is not None:
                self._when(fault.when, f"{path}.when")
            elif fault.at_ms is not None and fault.at_ms > self.inspector.parts.end_ms:
                self.inspector.say(
                    f"{path}.at_ms",
                    f"Must be at most {self.inspector.parts.end_ms:g} ms, when the run ends (duration_ms + settle_ms)."
                    f" Got {fault.at_ms:g}.",
                )
            until_ms = None if isinstance(fault, Restart) else fault.until_ms
            if fault.at_ms is not None and until_ms is not None and until_ms <= fault.at_ms:
                self.inspector.say(
                    f"{path}.until_ms", f"Must be later than at_ms ({fault.at_ms:g} ms). Got {until_ms:g}."
                )
            total += self._target(fault, f"{path}.target")
        if total > FAULTS_MAX:
            self.inspector.say(
                "faults", f"The scenario has {total:,} faults, counts included; the limit is {FAULTS_MAX:,}."
            )

    def _when(self, when: When, path: str) -> None:
        known = self._single(when.node, f"{path}.node")
        if when.after_ms > self.inspector.parts.end_ms:
            self.inspector.say(
                f"{path}.after_ms", f"Must be at most {self.inspector.parts.end_ms:g} ms, when the run ends."
            )
        node_type = node_types().get(self.types.get(when.node, ""))
        if known and node_type is not None:
            wrong = event_mistake(when, node_type)
            if wrong:
                self.inspector.say(f"{path}.event", wrong)

    def _target(self, fault: Fault, path: str) -> int:
        if isinstance(fault, WireFault):
            wrong = wire_mistake(fault.target, self.names)
            if wrong and fault.target not in self.inspector.parts.broken:
                self.inspector.say(path, wrong)
            self.inspector.found += kinds_mistakes(fault.kinds or (), path.replace(".target", ".kinds"))
            return len(self.names.along(fault.target) or self.names.nodes.get(fault.target, ()))
        if isinstance(fault, HOST_FAULTS) and fault.target in self.names.hosts:
            return 1
        if isinstance(fault, (*HOST_FAULTS, *ADVERSARIES_ON_NODES)):
            found = self.inspector.known(fault.target, path)
            self._adversary(fault, path.removesuffix(".target"))
            return len(found)
        if isinstance(fault, (Cut, Loss, LinkFault)):
            found = self.names.along(fault.target)
            if not found and fault.target not in self.inspector.parts.broken:
                known = [*self.names.links, *(f"cluster:{id}" for id in self.names.members)]
                self.inspector.say(path, f'There is no link "{fault.target}".{did_you_mean(fault.target, known)}')
            return len(found)
        self._groups(fault, path)
        return 1

    def _adversary(self, fault: Fault, path: str) -> None:
        if isinstance(fault, Byzantine) and self.types.get(fault.target) in node_types():
            wrong = lie_mistake(fault, self.types[fault.target])
            if wrong:
                self.inspector.say(f"{path}.behaviour", wrong)
        if isinstance(fault, Spoof):
            ends = [self._single(fault.claims, f"{path}.claims"), self._single(fault.to, f"{path}.to")]
            if all(ends):
                self.inspector.found += spoof_mistakes(fault, path, self.names, self.types)

    def _single(self, name: str, path: str) -> bool:
        """Whether a reference names one node; a mistake if not."""
        names = self.inspector.known(name, path)
        if len(names) > 1:
            self.inspector.say(path, f'"{name}" stands for {len(names)} nodes; name one, such as "{names[0]}".')
        return len(names) == 1

    def _groups(self, fault: Partition, path: str) -> None:
        group_of: dict[str, int] = {}
        for group, references in enumerate(fault.target):
            for position, reference in enumerate(references):
                where = f"{path}[{group}][{position}]"
                for name in self.inspector.known(reference, where):
                    if group_of.setdefault(name, group) != group:
                        self.inspector.say(
                            where,
                            f'"{name}" is in group {group_of[name]} of this partition; groups must not overlap.',
                        )
                        break


def event_mistake(when: When, node_type: type[Node]) -> str:
    """Why a node of that type cannot have the event of a `when`; "" if it can."""
    word, _, rest = when.event.partition(" ")
    if rest.startswith("= "):
        fields = ["up", "condition", *(show.field for show in node_type.SHOWS)]
        if word in fields:
            return ""
        hint = did_you_mean(word, fields) or f" Known: {', '.join(fields)}."
        return f'A node of type "{node_type.TYPE}" does not show "{word}".{hint}'
    if word == "operation" and not node_type.INITIATES:
        return f'A node of type "{node_type.TYPE}" begins no operations. Name a client, or what this node receives.'
    if word in ("sent", "received"):
        return _kind_mistake(word, rest, node_type)
    return ""


def _kind_mistake(word: str, kind: str, node_type: type[Node]) -> str:
    known = message_kinds()
    if kind not in known:
        return f'There is no message "{kind}".{did_you_mean(kind, known) or " Known: " + ", ".join(known) + "."}'
    handled = [kind_of(body) for body in node_type.HANDLES]
    if known[kind] == "reply":
        if word == "sent" and not handled:
            return f'A node of type "{node_type.TYPE}" answers nobody. Name what it asks.'
        return ""
    if word == "received" and kind not in handled and kind not in ALWAYS_HEARD:
        hint = f" It takes: {', '.join(handled)}." if handled else " It takes answers only."
        return f'A node of type "{node_type.TYPE}" takes no message "{kind}".{hint}'
    return ""


def kinds_mistakes(kinds: Sequence[str], path: str) -> Iterator[Mistake]:
    """The kinds of messages that no node type knows."""
    known = message_kinds()
    for position, kind in enumerate(kinds):
        if kind not in known:
            hint = did_you_mean(kind, known) or f" Known: {', '.join(known)}."
            yield Mistake(f"{path}[{position}]", f'There is no message "{kind}".{hint}')


def lie_mistake(fault: Byzantine, type_name: str) -> str:
    """Why a node of that type cannot lie so; "" if it can."""
    known = [lie.name for lie in lies_of(type_name)]
    if fault.behaviour in known:
        return ""
    hint = did_you_mean(fault.behaviour, known) or f" Known: {', '.join(known)}."
    return f'A node of type "{type_name}" has no behaviour "{fault.behaviour}".{hint}'


def spoof_mistakes(fault: Spoof, path: str, names: Names, types: dict[str, str]) -> Iterator[Mistake]:
    """Why a forgery cannot be sent, or its answer go nowhere. Its nodes are known to be there, and single."""
    if fault.to == fault.claims:
        yield Mistake(f"{path}.claims", f'"{fault.to}" would hear from itself; claim to be another node.')
    for attacker in names.nodes.get(fault.target, ()):
        if attacker == fault.to:
            yield Mistake(f"{path}.to", f'"{attacker}" cannot forge messages to itself; name another node.')
        elif attacker == fault.claims:
            yield Mistake(f"{path}.claims", f'"{attacker}" is the sender itself; claim to be another node.')
        elif not names.linked(attacker, fault.to):
            yield Mistake(f"{path}.to", f'"{attacker}" has no link to "{fault.to}". Draw one.')
    if fault.claims != fault.to and not names.linked(fault.claims, fault.to):
        yield Mistake(
            f"{path}.claims", f'"{fault.to}" has no link to "{fault.claims}", which gets the answers. Draw one.'
        )
    node_type = node_types().get(types.get(fault.to, ""))
    if node_type is not None:
        handled = [kind_of(body) for body in node_type.HANDLES]
        if fault.message not in handled:
            takes = [kind for kind in ("write", "read", "work") if kind in handled]
            right = f"Name one of: {', '.join(takes)}." if takes else "Forge messages to a store or a service."
            yield Mistake(
                f"{path}.message", f'A node of type "{node_type.TYPE}" takes no message "{fault.message}". {right}'
            )


def contradictions(faults: Sequence[tuple[int, Any]], names: Names) -> Iterator[Mistake]:
    """The ends of faults that mend nothing, because another one of the same sort still lasts then. Faults that add up
    (delays, losses, slowness, clocks) may overlap; and nobody can tell when those begin that wait for an event.
    """
    spans: dict[object, list[tuple[int, float, float]]] = {}
    for index, fault in faults:
        if fault.at_ms is None or fault.kind not in SWITCHES or (fault.kind == "disk" and fault.mode == "slow"):
            continue
        ends_ms = fault.at_ms + fault.down_ms if isinstance(fault, Restart) else fault.until_ms
        for switch in _switches(fault, names):
            spans.setdefault(switch, []).append((index, fault.at_ms, math.inf if ends_ms is None else ends_ms))
    kinds = {index: fault.kind for index, fault in faults}
    told: set[int] = set()
    for same in spans.values():
        for index, _, ends_ms in same:
            for other, from_ms, until_ms in same:
                if other != index and from_ms < ends_ms < until_ms and index not in told:
                    told.add(index)
                    lasts = "to the end of the run" if until_ms == math.inf else f"until {until_ms:g} ms"
                    yield Mistake(
                        f"faults[{index}].{'down_ms' if kinds[index] == 'restart' else 'until_ms'}",
                        f"Nothing is mended at {ends_ms:g} ms, because faults[{other}] does the same from"
                        f" {from_ms:g} ms {lasts}. Let one of them end before the other begins.",
                    )


def hasty_stops(faults: Sequence[tuple[int, Any]]) -> Iterator[Mistake]:
    """Processes that finish what they have, and refuse what comes before callers can know."""
    for index, fault in faults:
        if fault.kind == "stop" and fault.drain_ms and not fault.lead_ms:
            words = "Requests are refused from the start, before anybody can have noticed that it is not ready."
            yield Mistake(
                f"faults[{index}].lead_ms", f"{words} Give it as long as its callers' probes or look-ups take."
            )


def _switches(fault: Any, names: Names) -> Iterator[object]:
    """What a fault holds down, one for each of its targets."""
    if fault.kind == "partition":
        groups = [sorted(name for ref in group for name in names.nodes.get(ref, ())) for group in fault.target]
        yield repr(sorted(groups))
        return
    on_node = fault.kind in HOST_KINDS or fault.kind in NODE_ADVERSARY_KINDS
    machine = (fault.target,) if fault.target in names.hosts else ()
    targets = names.nodes.get(fault.target, machine) if on_node else names.along(fault.target)
    kind = "crash" if fault.kind == "restart" else fault.kind
    for target in targets:
        for direction in ("a-to-b", "b-to-a") if kind == "cut" and fault.direction == "both" else ("",):
            yield kind, target, direction or getattr(fault, "direction", ""), *_own(fault)


def _own(fault: Any) -> tuple[str, ...]:
    """What tells faults of one kind on one target apart."""
    if fault.kind == "disk":
        return (fault.mode,)
    return (fault.behaviour,) if fault.kind == "byzantine" else ()


def wire_mistake(target: str, names: Names) -> str:
    """Why a target of tampering or replay is neither a link nor a node; "" if it is one."""
    links, nodes = names.along(target), names.nodes.get(target, ())
    if (links and nodes) or any(name in names.links for name in nodes):
        return f'"{target}" is the name of a link and of a node. Rename one of them.'
    if links or nodes:
        return ""
    return f'There is no link or node "{target}".{did_you_mean(target, [*names.links, *names.nodes])}'
