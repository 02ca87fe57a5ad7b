/** The fields above the list of events: kind, node, words, and whether the list follows the playhead. */

import { $, h, icon } from "../dom.js";
import { ROLES } from "../trace/messages.js";
import { kindsOf } from "../trace/visible.js";
import { roleWord } from "./describe.js";
import { t } from "./words.js";

const TYPED_MS = 200;

export class EventFilters {
  /** @param {Stage} stage @param {HTMLElement} host where they stand on a phone @param {(wanted: {kind?: string, node?: number, text?: string}) => void} want @param {() => void} follow */
  constructor(stage, host, want, follow) {
    this.stage = stage;
    this.kind = h("select", { class: "sel", "aria-label": t("Kind of event") });
    this.node = h("select", { class: "sel", "aria-label": t("Node of the event") });
    this.text = h("input", { class: "in", type: "search", "aria-label": t("Words in the event"), placeholder: t("Find") });
    this.count = h("span", { class: "mono mut", role: "status" });
    this.follow = h("button", { class: "b", "aria-pressed": "true", title: t("The list follows the playhead") }, t("Follow"));
    this.element = h("span", { class: "vfilter", role: "group", "aria-label": t("Events shown") }, this.count, this.#boxed(this.kind), this.#boxed(this.node), this.text, this.follow);
    this.kind.onchange = () => want({ kind: this.kind.value });
    this.node.onchange = () => want({ node: Number(this.node.value) });
    let timer = 0;
    this.text.oninput = () => {
      clearTimeout(timer);
      timer = globalThis.setTimeout(() => want({ text: this.text.value }), TYPED_MS);
    };
    this.follow.onclick = follow;
    const phone = matchMedia("(max-width: 599px)");
    const place = () => (phone.matches ? host.prepend(this.element) : $("#dock-options").append(this.element));
    phone.addEventListener("change", place);
    place();
    this.shown = "";
    this.fill();
  }

  /** @param {HTMLSelectElement} select */
  #boxed(select) { return h("span", { class: "selw" }, select, icon("i-down", "s")); }

  /** What there is to choose from in this run. */
  fill() {
    const { trace } = this.stage;
    const roles = trace ? ROLES.filter((role) => kindsOf(trace.messages).some((entry) => entry.role === role)) : [];
    const names = trace?.nodes.map((_, n) => this.stage.nameOf(n)) ?? [];
    const key = JSON.stringify([roles, names]);
    if (key === this.shown) return;
    this.shown = key;
    const rest = [["drop", t("Dropped")], ["operation", t("Operations")], ["failed", t("Failed operations")], ["fault", t("Faults")], ["note", t("Notes")]];
    const chosen = [this.kind.value, this.node.value];
    this.kind.replaceChildren(h("option", { value: "" }, t("All kinds")), ...[...roles.map((role) => [role, roleWord(role)]), ...rest].map(([value, words]) => h("option", { value }, words)));
    this.node.replaceChildren(h("option", { value: "-1" }, t("All nodes")), ...names.map((name, n) => h("option", { value: n }, trace && name !== trace.nodes[n] && names.indexOf(name) !== names.lastIndexOf(name) ? `${name} (${trace.nodes[n]})` : name)));
    [this.kind.value, this.node.value] = [chosen[0] || "", chosen[1] || "-1"];
  }

  /** @param {boolean} follows @param {number} found −1: no filter @param {boolean} looking */
  show(follows, found, looking) {
    this.follow.setAttribute("aria-pressed", String(follows));
    const words = found < 0 ? "" : looking ? t("{n} so far", { n: found.toLocaleString() }) : t("{n} found", { n: found.toLocaleString() });
    if (this.count.textContent !== words) this.count.textContent = words;
  }
}
