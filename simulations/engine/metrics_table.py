"""The metrics that every run has, each with its unit and its definition."""

from __future__ import annotations

import re
from typing import Final

from simulations.engine.declare import Metric

NS_PER_MS: Final = 1_000_000
NS_PER_S: Final = 1_000_000_000

METRICS: Final[tuple[Metric, ...]] = (
    Metric(
        "ops.total", "operations", "Client operations invoked; one operation counts once, however often it was tried."
    ),
    Metric("ops.ok", "operations", "Operations answered with success."),
    Metric(
        "ops.failed",
        "operations",
        "Operations that failed without effect: refused, timed out before acting, unavailable.",
    ),
    Metric("ops.unknown", "operations", "Operations whose outcome nobody knows: they may still take effect."),
    Metric("ops.success_ratio", "ratio", "ops.ok ÷ ops.total."),
    Metric("ops.per_s", "/s", "Operations invoked a second."),
    Metric("ops.goodput_per_s", "/s", "Successful operations a second."),
    Metric("ops.in_flight_mean", "operations", "Time-average of the operations under way."),
    Metric("ops.in_flight_max", "operations", "Most operations under way at once."),
    Metric("ops.attempts.mean", "attempts", "Attempts an operation, the client's retries counted; the mean."),
    Metric("ops.attempts.max", "attempts", "Most attempts that an operation took."),
    Metric(
        "ops.unavailable.spells",
        "spells",
        "Spans without a success in which an operation began and failed, not by the run's end: until the next success.",
    ),
    Metric("ops.unavailable.longest_ms", "ms", "The longest of these spans."),
    Metric("ops.unavailable.total_ms", "ms", "Their sum."),
    Metric("ops.latency_ms.p50", "ms", "Median time from invocation to answer, over successful operations."),
    Metric(
        "ops.latency_ms.p95",
        "ms",
        "95th percentile of the same (nearest rank; exact up to 10,000 operations, then within 0.4 %).",
    ),
    Metric("ops.latency_ms.p99", "ms", "99th percentile of the same."),
    Metric("ops.latency_ms.mean", "ms", "Mean of the same."),
    Metric("ops.latency_ms.max", "ms", "Longest of the same."),
    Metric("ops.end_ms.p50", "ms", "Median time from invocation to the end, over all operations, ok or not."),
    Metric("ops.end_ms.p95", "ms", "95th percentile of the same."),
    Metric("ops.end_ms.p99", "ms", "99th percentile of the same."),
    Metric("ops.end_ms.mean", "ms", "Mean of the same."),
    Metric("ops.end_ms.max", "ms", "Longest of the same."),
    Metric(
        "ops.error.<reason>",
        "operations",
        "Operations that ended with this reason, spaces as underscores: ops.error.timed_out.",
    ),
    Metric("ops.error_ratio.<reason>", "ratio", "ops.error.<reason> ÷ ops.total."),
    Metric(
        "ops.<f>.<figure>",
        "",
        "Any figure of ops for one sort of operation: ops.read.success_ratio, ops.write.latency_ms.p99.",
    ),
    Metric(
        "reads.stale",
        "operations",
        "Reads that returned a version which a later write had replaced before the read began.",
    ),
    Metric("reads.stale_ratio", "ratio", "reads.stale ÷ successful reads."),
    Metric(
        "reads.staleness_ms.<figure>",
        "ms",
        "Mean, p50, p95, p99 or max of how long what a read returned had been replaced when it began; 0: current.",
    ),
    Metric("reads.staleness_versions.mean", "versions", "How many later writes had ended before the read began."),
    Metric("reads.staleness_versions.max", "versions", "The most of the same."),
    Metric(
        "writes.lost",
        "operations",
        "Writes acknowledged, absent at the end, and replaced by no write that came after or had seen them.",
    ),
    Metric("effects.applied", "operations", "Operations whose effect came about, once or more often."),
    Metric("effects.duplicated", "operations", "Operations whose effect came about more than once."),
    Metric(
        "effects.lost",
        "operations",
        "Operations answered with success whose effect did not come about; of sorts of operations that have effects.",
    ),
    Metric("delivery.at_most_once", "1 or 0", "1 when effects.duplicated is 0, else 0."),
    Metric("delivery.at_least_once", "1 or 0", "1 when effects.lost is 0, else 0."),
    Metric("delivery.exactly_once", "1 or 0", "1 when both are 0, else 0."),
    Metric(
        "clocks.events",
        "events",
        "Events that processes stamped, at most the first 1,000 of the whole run; the other figures of clocks are of"
        " every two of these.",
    ),
    Metric("clocks.pairs_ordered", "pairs", "Pairs of which one happened before the other, as the trace tells."),
    Metric("clocks.pairs_concurrent", "pairs", "Pairs of which neither did."),
    Metric("clocks.wall_misordered", "pairs", "Pairs whose effect has an earlier wall-clock time than its cause."),
    Metric("clocks.lamport_misordered", "pairs", "Pairs whose cause's Lamport number is not the smaller one."),
    Metric("clocks.lamport_ordered_concurrent", "pairs", "Concurrent pairs to which Lamport clocks give an order."),
    Metric("clocks.vector_concurrent", "pairs", "Pairs that vector clocks call concurrent."),
    Metric("clocks.vector_wrong", "pairs", "Pairs of which vector clocks say something else than the trace."),
    Metric("messages.sent", "messages", "Messages sent."),
    Metric("messages.delivered", "messages", "Messages that arrived."),
    Metric("messages.dropped", "messages", "Messages that did not arrive."),
    Metric(
        "messages.dropped.<reason>",
        "messages",
        "Messages dropped for this reason, spaces as underscores: messages.dropped.queue_full.",
    ),
    Metric("messages.retransmitted", "messages", "Messages that a stream sent again; each is one of those sent."),
    Metric("messages.by_kind.<kind>", "messages", "Messages sent of this kind: messages.by_kind.read."),
    Metric("messages.bytes", "bytes", "Size of the messages sent, headers included."),
    Metric("messages.per_op", "messages/operation", "Messages sent on behalf of the selected operations ÷ ops.total."),
    Metric("messages.hops_mean", "links", "Links that a delivered message took, on average; where something forwards."),
    Metric(
        "rpc.marshal_request_ms.<figure>",
        "ms",
        "Mean, p50, p95, p99 or max of the first of a call's six steps, over the attempts that answered operations:"
        " the client marshals. The figures of rpc are there where marshalling takes somebody time.",
    ),
    Metric("rpc.send_request_ms.<figure>", "ms", "The second step: the request is under way."),
    Metric("rpc.execute_ms.<figure>", "ms", "The third: the server unmarshals and executes it, waiting included."),
    Metric("rpc.marshal_reply_ms.<figure>", "ms", "The fourth: the server marshals the reply."),
    Metric("rpc.send_reply_ms.<figure>", "ms", "The fifth: the reply is under way."),
    Metric("rpc.unmarshal_reply_ms.<figure>", "ms", "The sixth: the client unmarshals it."),
    Metric("nodes.<id>.utilisation", "ratio", "Time-average of the busy servers ÷ concurrency."),
    Metric("nodes.<id>.queue_mean", "requests", "Time-average of the queue's length."),
    Metric("nodes.<id>.queue_max", "requests", "Longest that the queue was."),
    Metric("nodes.<id>.throughput_per_s", "/s", "Requests answered a second, refusals not counted."),
    Metric("nodes.<id>.refused", "requests", "Requests answered with a refusal."),
    Metric("nodes.<id>.refused_ratio", "ratio", "The same ÷ all requests answered."),
    Metric(
        "nodes.<id>.latency_ms.<figure>",
        "ms",
        "Mean, p50, p95, p99 or max from a request's arrival to its answer, refusals not counted.",
    ),
    Metric("nodes.<id>.in_flight_mean", "requests", "Time-average of the requests received and not yet answered."),
    Metric(
        "nodes.<id>.wait_ms.<figure>",
        "ms",
        "Mean, p50, p95, p99 or max of the time in the queue, 0 for who found a worker; order as if by arrival.",
    ),
    Metric(
        "nodes.<id>.held_mean",
        "workers",
        "Time-average of the calls that a worker is held for, waiting for what stands behind.",
    ),
    Metric("nodes.<id>.forwarded", "messages", "Messages that a switch or router sent on."),
    Metric("nodes.<id>.cost", "$", "Its cost_per_hour × the time, whether up or not; its machine's is apart."),
    Metric("nodes.<id>.up_ratio", "ratio", "Share of the time that the node was up."),
    Metric(
        "nodes.<id>.targets_up_ratio",
        "ratio",
        "Share of the time that at least one of those was up that a client asks.",
    ),
    Metric(
        "replicas.digest_equal", "1 or 0", "1 when all replicas of each cluster hold the same data at the end, else 0."
    ),
    Metric(
        "replicas.converged_ms",
        "ms",
        "From the last heal or the last write's end, whichever is later, until all replicas hold the same for good.",
    ),
    Metric(
        "replicas.lag_ms.<figure>",
        "ms",
        "Mean, p50, p95, p99 or max from a change's first showing on a replica to its showing on another.",
    ),
    Metric(
        "replicas.all_ms.<figure>",
        "ms",
        "Mean, p50, p95, p99 or max from a change's first showing until all replicas have shown it, where they do.",
    ),
    Metric(
        "replicas.missed_ratio",
        "ratio",
        "Changes that a replica never showed ÷ changes × replicas: of one update, the share of replicas not reached.",
    ),
    Metric(
        "detection.first_ms.<figure>",
        "ms",
        "Mean, p50, p95, p99 or max from a member's crash until a first other one holds it failed.",
    ),
    Metric("detection.all_ms.<figure>", "ms", "The same until all members that are up do, where they come to."),
    Metric("detection.missed", "crashes", "Crashes that nobody had noticed when they ended, or the run did."),
    Metric(
        "detection.false_positives",
        "members",
        "Members held failed that were up; one counts once as long as any other member holds it failed.",
    ),
    Metric("links.<id>.messages", "messages", "Messages sent over the link, both ways, forwarded ones included."),
    Metric("links.<id>.bytes", "bytes", "Their size."),
    Metric("links.<id>.dropped", "messages", "Messages that did not arrive over it."),
    Metric("links.<id>.dropped.<reason>", "messages", "The same by reason, spaces as underscores."),
    Metric("links.<id>.retransmissions", "messages", "Messages sent again over it, where it carries a stream."),
    Metric("links.<id>.utilisation", "ratio", "Bits sent ÷ bandwidth, the busier way; where a bandwidth is set."),
    Metric("links.<id>.throughput_per_s", "/s", "Messages that arrived a second, of those sent in the window."),
    Metric(
        "links.<id>.latency_ms.<figure>", "ms", "Mean, p50, p95, p99 or max from sending to arrival, waiting included."
    ),
    Metric("links.<id>.in_flight_mean", "messages", "Time-average of the messages under way on the link."),
    Metric("links.<id>.cost", "$", "Bytes sent ÷ 10^9 × cost_per_gb, each way at its own price."),
    Metric("hosts.<id>.utilisation", "ratio", "Time-average of a shared machine's busy cores ÷ its cores."),
    Metric("hosts.<id>.running_mean", "pieces of work", "Time-average of the work that shares the CPU."),
    Metric("hosts.<id>.running_max", "pieces of work", "Most work that shared the CPU at once."),
    Metric(
        "hosts.<id>.waiting_mean", "pieces of work", "Time-average of the work that shares the CPU beyond one a core."
    ),
    Metric("hosts.<id>.cost", "$", "A machine's cost_per_hour × the time, whether up or not."),
    Metric("zones.<id>.<figure>", "", "Any figure of ops for the clients in a zone: zones.east.success_ratio."),
    Metric("clusters.<id>.<figure>", "", "Any figure of ops for the operations that reached a cluster's members."),
    Metric("clusters.<id>.<metric>", "", "What nodes publish of their own (gauges not), of all its members together."),
    Metric("clusters.<id>.utilisation", "ratio", "Busy servers of its members ÷ their concurrency, time-averaged."),
    Metric("clusters.<id>.queue_mean", "requests", "Time-average of the requests queued at its members together."),
    Metric(
        "clusters.<id>.wait_ms.<figure>", "ms", "Waiting times in its members' queues: mean, p50, p95, p99, p999, max."
    ),
    Metric("clusters.<id>.up_ratio", "ratio", "Share of the time that its members were up, their mean."),
    Metric("clusters.<id>.cost", "$", "What was sent between its members without a drawn link × its cost_per_gb."),
    Metric(
        "cost.total",
        "$",
        "Nodes, machines and traffic, after the warm-up or in the window; the scenario says in what money.",
    ),
    Metric("cost.per_million_ops", "$", "cost.total ÷ ops.ok × 1,000,000."),
    Metric("checks.<name>.violations", "violations", "How often the check found its rule broken."),
)

# Families that count: a member that never occurred is 0 as long as anything at all was counted.
COUNTED: Final = {
    "ops.error.": "ops.total",
    "ops.error_ratio.": "ops.total",
    "messages.dropped.": "messages.sent",
    "messages.by_kind.": "messages.sent",
}

_PLAIN: Final = {metric.name: metric.unit for metric in METRICS if "<" not in metric.name}
_FAMILIES: Final = [
    (re.compile(".+".join([re.escape(part) for part in re.split("<[a-z]+>", metric.name)])), metric.unit)
    for metric in METRICS
    if "<" in metric.name and metric.unit
]
_LIKE_OPS: Final = re.compile(r"(?:ops|zones|clusters)\.[a-z0-9_-]+\.(.+)")


def unit_of(name: str) -> str:
    """The unit of a figure that every run has; "" for one without, or that is not known here."""
    if name in _PLAIN:
        return _PLAIN[name]
    for family, unit in _FAMILIES:
        if family.fullmatch(name):
            return unit
    like = _LIKE_OPS.fullmatch(name)
    return unit_of(f"ops.{like[1]}") if like else ""
