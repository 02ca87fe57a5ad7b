/** What happens, for those who hear it: each event while somebody steps, a summary now and then while time runs. */

import { $, h } from "../dom.js";
import { countUpTo } from "../trace/grow.js";
import { eventWords } from "./event-list.js";
import { t, tn, seconds } from "./words.js";

const SUMMARY_MS = 2000;
const SETTLED_MS = 150;
const LINES_MAX = 60;
const AT_ONCE_MAX = 3;
const FAULTS_MAX = 3;

export class LiveLog {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.element = h("div", { class: "vh", id: "live-log", role: "log", "aria-live": "polite", "aria-label": t("What happens at the playhead") });
    $(".dock").append(this.element);
    this.timer = 0;
    this.last = 0;
    this.from = 0;
    this.waiting = false;
    stage.on("seek", () => this.#sought());
    stage.on("play", () => this.#restart());
    stage.on("trace", () => this.#restart());
    stage.on("frame", () => { if (stage.playhead.playing) this.#running(); });
  }

  #restart() {
    this.from = this.stage.playhead.t;
    this.last = performance.now();
    this.waiting = false;
  }

  /** @param {string} words */
  #say(words) {
    if (!words) return;
    this.element.append(h("p", {}, words));
    while (this.element.childElementCount > LINES_MAX) this.element.firstElementChild?.remove();
  }

  /** One step follows another: the last one is told. */
  #sought() {
    this.from = this.stage.playhead.t;
    clearTimeout(this.timer);
    this.timer = globalThis.setTimeout(() => { if (!this.stage.playhead.playing) this.#say(this.#now()); }, SETTLED_MS);
  }

  /** The events of the very moment at which the playhead stands. */
  #now() {
    const { trace, playhead } = this.stage;
    if (!trace) return "";
    const { events } = trace;
    const end = events.after(playhead.t);
    let first = end;
    while (first > 0 && events.times.data[first - 1] === playhead.t) first -= 1;
    if (first === end) return "";
    const told = Array.from({ length: Math.min(AT_ONCE_MAX, end - first) }, (_, i) => eventWords(this.stage, trace, first + i)).map(({ kind, text }) => `${kind}: ${text}`);
    const more = end - first - told.length;
    return `${seconds(playhead.t)}\u2009s. ${told.join(". ")}${more ? `. ${t("And {n} more.", { n: more })}` : ""}`;
  }

  #running() {
    const { playhead } = this.stage;
    if (performance.now() - this.last < SUMMARY_MS) return;
    const summary = this.#summary();
    this.#say(summary);
    if (playhead.stuck && !this.waiting) this.#say(t("Waiting for the simulation at {time}\u2009s.", { time: seconds(playhead.t) }));
    const waits = playhead.stuck;
    if (summary || waits !== this.waiting) this.#restart();
    this.waiting = waits;
  }

  /** What has happened since the last summary. */
  #summary() {
    const { trace, playhead } = this.stage;
    if (!trace || playhead.t <= this.from) return "";
    const { messages } = trace;
    const sent = messages.sentUpTo(playhead.t) - messages.sentUpTo(this.from);
    const dropped = messages.dropsUpTo(playhead.t) - messages.dropsUpTo(this.from);
    const faults = this.#faults(trace);
    if (!sent && !dropped && !faults.length) return "";
    const counts = [tn("{n} message sent", "{n} messages sent", sent), ...(dropped ? [t("{n} dropped", { n: dropped })] : [])].join(", ");
    return `${t("{from} to {to}\u2009s", { from: seconds(this.from), to: seconds(playhead.t) })}: ${[counts, ...faults].join(". ")}.`;
  }

  /** Faults that began or ended since the last summary, in words. @param {TraceStore} trace */
  #faults(trace) {
    const { events } = trace;
    const words = [];
    const times = trace.faults.map(({ time }) => time);
    for (let i = countUpTo(times, times.length, this.from); i < times.length && times[i] <= this.stage.playhead.t && words.length < FAULTS_MAX; i++) {
      for (let index = events.after(times[i]) - 1; index >= 0 && events.times.data[index] === times[i]; index--) {
        const { type, slot } = events.at(index);
        if (type === "fault" && slot === i) words.push(eventWords(this.stage, trace, index).text);
      }
    }
    return words;
  }
}
