/** What the page makes of a run's trace, as JSON for the test that holds it against the command line: node figures.js TRACE END_NS ASKED. */

import { readFileSync } from "node:fs";
import { decodeMulti } from "@msgpack/msgpack";
import { requestSpans } from "../../static/js/trace/spans.js";
import { TraceStore } from "../../static/js/trace/store.js";

const [file, asked] = process.argv.slice(2);
const { end, timeouts } = JSON.parse(asked);
const trace = new TraceStore((chunk) => chunk, end);
for (const chunk of decodeMulti(new Uint8Array(readFileSync(file)))) trace.add(chunk);

const plain = (span) => ({
  id: trace.messages.ids.data[span.slot], kind: span.kind, src: trace.nodes[span.src], dst: trace.nodes[span.dst], sent_ns: span.sent, settled_ns: span.settled, outcome: span.outcome || "in flight",
  answer: span.reply < 0 ? "" : trace.messages.row(span.reply).kind, answered_ns: span.answered, returned_ns: span.returned, waiting_ns: span.waiting, calling_ns: span.calling, working_ns: span.working,
  children: span.children.map(plain),
});
const spans = {};
for (let slot = 0; slot < trace.operations.length; slot++) spans[trace.operations.ids.data[slot]] = requestSpans(trace, slot, (node) => timeouts[trace.nodes[node]] ?? 0).map(plain);
process.stdout.write(JSON.stringify({ spans }));
