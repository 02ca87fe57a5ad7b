"""The six steps of a remote call, of those that a client's operations made: marshal, send, unmarshal and execute,
marshal, send, unmarshal (Birrell and Nelson: "Implementing Remote Procedure Calls", ACM TOCS 2(1), 1984).
"""

from __future__ import annotations

from typing import Final

from simulations.engine.log import Log
from simulations.engine.marshal_log import MarshalLog
from simulations.engine.metrics import Selection, latency_figures

STEPS: Final = ("marshal_request", "send_request", "execute", "marshal_reply", "send_reply", "unmarshal_reply")


def call_metrics(log: Log, select: Selection) -> dict[str, float]:
    """The figures below `rpc.`, over the attempts that answered the selected operations; nothing where no node has
    spent time on marshalling.
    """
    marshalling = MarshalLog(log)
    if not marshalling:
        return {}
    takes: dict[str, list[int]] = {step: [] for step in STEPS}
    for request in _answered(log, select).values():
        answer = log.answer_to(request)
        client, server = log.sent_src[request], log.sent_dst[request]
        sent_ns, arrived_ns = log.sent_ns[request], log.arrival_ns(request)
        left_ns, back_ns = log.sent_ns[answer], log.arrival_ns(answer)
        reply_ns = marshalling.until.get((server, left_ns), 0)
        takes["marshal_request"].append(marshalling.until.get((client, sent_ns), 0))
        takes["send_request"].append(arrived_ns - sent_ns)
        takes["execute"].append(left_ns - reply_ns - arrived_ns)
        takes["marshal_reply"].append(reply_ns)
        takes["send_reply"].append(back_ns - left_ns)
        takes["unmarshal_reply"].append(marshalling.since.get((client, back_ns), 0))
    found: dict[str, float] = {}
    for step, durations in takes.items():
        found |= latency_figures(f"rpc.{step}_ms", durations)
    return found


def _answered(log: Log, select: Selection) -> dict[int, int]:
    """By successful operation: the last of its client's requests that was answered by its end."""
    found: dict[int, int] = {}
    numbers = {name: number for number, name in enumerate(log.nodes)}
    for id_ in log.requests():
        operation = log.operations.get(log.sent_op[id_])
        if operation is None or operation.type != "ok" or operation.end_ns is None or not select.has(operation):
            continue
        answer = log.answer_to(id_)
        if answer < 0 or log.sent_src[id_] != numbers[operation.node]:
            continue
        if 0 <= log.arrival_ns(answer) <= operation.end_ns:
            found[operation.id] = id_
    return found
