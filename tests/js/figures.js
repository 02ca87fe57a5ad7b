/** What the page makes of a run's trace, as JSON, for the test that holds it against the command line: node figures.js TRACE ASKED. */

import { readFileSync } from "node:fs";
import { decodeMulti } from "@msgpack/msgpack";
import { Durations } from "../../static/js/trace/levels.js";
import { Series } from "../../static/js/trace/series.js";
import { requestSpans } from "../../static/js/trace/spans.js";
import { TraceStore } from "../../static/js/trace/store.js";

const [file, asked] = process.argv.slice(2);
const { end, timeouts, groups, every } = JSON.parse(asked);
const trace = new TraceStore((chunk) => chunk, end);
let series = null;
for (const chunk of decodeMulti(new Uint8Array(readFileSync(file)))) {
  trace.add(chunk);
  series ??= new Series(end, groups.map((names) => names.map((name) => trace.nodes.indexOf(name))));
  series.take(trace);
}

const plain = (span) => ({
  id: trace.messages.ids.data[span.slot], kind: span.kind, src: trace.nodes[span.src], dst: trace.nodes[span.dst], sent_ns: span.sent, settled_ns: span.settled, outcome: span.outcome || "in flight",
  answer: span.reply < 0 ? "" : trace.messages.row(span.reply).kind, answered_ns: span.answered, returned_ns: span.returned, waiting_ns: span.waiting, calling_ns: span.calling, marshalling_ns: span.read + span.written, working_ns: span.working, packed_ns: span.packed, unpacked_ns: span.unpacked,
  children: span.children.map(plain),
});
const spans = {};
for (let slot = 0; slot < trace.operations.length; slot += every) spans[trace.operations.ids.data[slot]] = requestSpans(trace, slot, (node) => timeouts[trace.nodes[node]] ?? 0).map(plain);

/** Durations of all windows as one. */
function whole(windows) {
  const all = new Durations();
  for (const one of windows) {
    all.count += one.count;
    all.total += one.total;
    all.highest = Math.max(all.highest, one.highest);
    for (const [bucket, n] of one.buckets) all.buckets.set(bucket, (all.buckets.get(bucket) ?? 0) + n);
  }
  return all;
}

const sum = (numbers) => Array.from(numbers).reduce((a, b) => a + b, 0);
const average = (level) => sum(level.means(series.to).map((mean, w) => mean * (Math.min(series.to, (w + 1) * series.width) - w * series.width))) / series.to;
const ms = (ns) => (ns ?? 0) / 1e6;
const [latency, lag, age] = [series.latencies, series.lags, series.ages].map(whole);
const figures = {
  "ops.ok": sum(series.ok), "ops.total": sum(series.asked), "ops.in_flight_mean": average(series.inFlight),
  "ops.latency_ms.p50": ms(latency.percentile(0.5)), "ops.latency_ms.p99": ms(latency.percentile(0.99)), "ops.latency_ms.max": ms(latency.highest),
};
for (const [kind, counts] of series.errors) figures[`ops.error.${kind.replaceAll(" ", "_")}`] = sum(counts);
for (const [node, { level }] of series.queues) figures[`nodes.${trace.nodes[node]}.queue_mean`] = average(level);
if (lag.count) Object.assign(figures, { "replicas.lag_ms.p50": ms(lag.percentile(0.5)), "replicas.lag_ms.max": ms(lag.highest) });
if (age.count) Object.assign(figures, { "reads.staleness_ms.max": ms(age.highest), "reads.staleness_ms.mean": ms(age.mean), "reads.staleness_versions.mean": sum(series.versions) / age.count });
process.stdout.write(JSON.stringify({ spans, figures, charts: series.charts((node) => trace.nodes[node]).map(({ id }) => id) }));
