/** What the charts and their lines are called. */

import { t } from "./words.js";

/** @type {Record<string, () => {title: string, help: string, lines: Record<string, string>}>} */
const CHARTS = {
  throughput: () => ({ title: t("Throughput"), help: t("Requests a second: asked, ended in whatever way, and answered with success (goodput)."), lines: { good: t("goodput"), ended: t("ended"), asked: t("asked") } }),
  latency: () => ({ title: t("Latency"), help: t("From asking to a successful answer, by the window of the answer: median, 95th and 99th percentile."), lines: { p50: "p50", p95: "p95", p99: "p99" } }),
  errors: () => ({ title: t("Errors"), help: t("Requests a second that did not succeed, by reason."), lines: {} }),
  "in-flight": () => ({ title: t("In flight"), help: t("Requests under way at once, on average."), lines: { ops: t("requests") } }),
  queues: () => ({ title: t("Queues"), help: t("Requests waiting for a worker, on average, by node."), lines: {} }),
  lag: () => ({ title: t("Replication lag"), help: t("How long changes took from the first copy to another, by when they came there."), lines: { p50: "p50", max: t("longest") } }),
  staleness: () => ({ title: t("Staleness"), help: t("For how long what a read returned had been replaced; 0 for a fresh read."), lines: { mean: t("mean"), max: t("longest") } }),
  versions: () => ({ title: t("Versions behind"), help: t("How many newer versions there were of what a read returned, on average."), lines: { mean: t("mean") } }),
};

/** @param {ChartData} chart */
export function chartWords(chart) {
  const { title, help, lines } = CHARTS[chart.id]();
  return { title, help, name: (/** @type {string} */ id) => lines[id] ?? t(id) };
}

/** A figure in few characters, with its unit. @param {number | null | undefined} value @param {string} unit */
export function figureWords(value, unit) {
  if (value === null || value === undefined) return "–";
  const text = value === 0 ? "0" : Math.abs(value) >= 100 ? Math.round(value).toLocaleString() : String(Number(value.toPrecision(Math.abs(value) >= 10 ? 3 : 2)));
  return unit === "" ? text : unit.startsWith("/") ? `${text}${unit}` : `${text}\u2009${unit}`;
}

/** A mark of an axis. @param {number} value */
export function axisWords(value) {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  return value >= 1e4 ? `${Number((value / 1e3).toPrecision(3))}k` : String(Number(value.toPrecision(4)));
}
