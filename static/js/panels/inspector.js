/** The right panel's form: served by the server for the selected entry, checked by it field by field, applied here. */

import { $, h, icon } from "../dom.js";
import { changeEntry, replaceFault, setMachine, setParam } from "../document/edits.js";
import { copiesOf } from "../document/faults.js";
import { removeFault } from "../document/removal.js";
import { csrfToken } from "../net/api.js";
import { showWhatApplies } from "./applying.js";
import { drawDensity } from "./density.js";
import { faultWords } from "./fault-words.js";
import { t, tn } from "./words.js";

export class Inspector {
  /** @param {Stage} stage @param {Editor} editor */
  constructor(stage, editor) {
    this.stage = stage;
    this.editor = editor;
    this.host = $("#inspector");
    this.head = $("#inspector-head");
    this.shown = "";
    this.asked = 0;
    stage.on("select document", () => this.refresh());
    this.host.addEventListener("focusout", () => setTimeout(() => this.refresh()));
    this.host.addEventListener("submit", (event) => event.preventDefault());
    this.host.addEventListener("click", (event) => this.#click(event));
    this.head.addEventListener("click", (event) => this.#click(event));
    this.host.addEventListener("change", (event) => {
      this.#kindChanged(event);
      showWhatApplies(this.host);
    });
    this.host.addEventListener("input", (event) => this.#drawDensityOf(event.target));
    this.host.addEventListener("fieldchecked", (event) => this.#checked(/** @type {CustomEvent} */ (event)));
    this.host.addEventListener("htmx:configRequest", (event) => {
      /** @type {CustomEvent} */ (event).detail.headers["X-CSRFToken"] = csrfToken();
    });
    this.host.addEventListener("htmx:sendError", () => stage.emit("toast", { text: t("The server cannot be reached; this value is not kept yet."), stays: true }));
    this.host.addEventListener("htmx:beforeRequest", () => { stage.pending += 1; });
    this.host.addEventListener("htmx:afterRequest", () => { stage.pending = Math.max(0, stage.pending - 1); });
    this.refresh();
  }

  /** What is selected, as the server wants it. @returns {{kind: string, item: any, shared?: Params} | null} */
  #entry() {
    const { doc, selection } = this.stage;
    if (selection.size !== 1) return null;
    const [id] = selection;
    const node = doc.nodes.find((entry) => entry.id === id);
    if (node) return { kind: "node", item: withMachine(doc, node), shared: doc.clusters?.find((cluster) => cluster.members.includes(id))?.params ?? {} };
    const link = doc.links.find((entry) => entry.id === id);
    if (link) return { kind: "link", item: link };
    const [sort, rest] = [id.slice(0, id.indexOf(":")), id.slice(id.indexOf(":") + 1)];
    const cluster = sort === "cluster" && doc.clusters?.find((entry) => entry.id === rest);
    if (cluster) return { kind: "cluster", item: cluster };
    const fault = sort === "fault" && doc.faults?.[Number(rest)];
    if (!fault) return null;
    const of = doc.nodes.find((entry) => entry.id === fault.target || copiesOf(doc, entry.id).includes(String(fault.target)))?.type ?? "";
    return { kind: "fault", item: { ...fault, id, of, words: faultWords(doc, fault) } };
  }

  refresh() {
    const entry = this.#entry();
    const key = entry ? JSON.stringify([entry.kind, withoutPlace(entry.item), entry.shared]) : `none:${[...this.stage.selection]}`;
    if (key === this.shown) return this.#links(entry);
    // A field that somebody is typing in is never taken away.
    if (this.host.contains(document.activeElement) && entry && this.current === entry.item.id) return undefined;
    this.shown = key;
    this.current = entry?.item.id;
    if (!entry) return this.#nothing();
    return this.#load(entry);
  }

  #nothing() {
    this.asked++; // what is still on its way comes too late
    this.host.inert = false;
    $("body").dataset.inspector = "";
    const { doc, selection } = this.stage;
    const many = selection.size > 1;
    const head = many ? t("{n} selected", { n: selection.size }) : t("Nothing selected");
    const words = many ? t("Move or delete them together, or put them on one side of a partition.")
      : this.stage.mode === "edit" ? t("Select a node or a link to see its state and to change it. Drag parts from the left; drag from the edge of a node to connect it.") : t("Select a node or a link to see its state at the playhead.");
    const counts = [tn("{n} node", "{n} nodes", doc.nodes.length), tn("{n} link", "{n} links", doc.links.length), tn("{n} fault", "{n} faults", doc.faults?.length ?? 0)].join(", ");
    this.head.replaceChildren(h("div", { class: "ih" }, h("div", {}, h("h2", {}, head), h("p", {}, counts))));
    this.host.replaceChildren(h("p", { class: "note" }, words));
    if (!many && this.stage.mode === "edit" && doc.nodes.length) this.host.append(h("div", { class: "linkrow" }, this.#clearButton()));
    if (doc.summary && !many && this.stage.mode === "edit") this.host.append(h("div", { class: "about" }, h("h3", {}, t("About this scenario")), ...paragraphs(doc.summary)));
  }

  #clearButton() {
    const button = h("button", { class: "b line", "data-act": "clear" }, t("Start from an empty canvas"));
    button.onclick = () => {
      const { format, seed } = this.stage.doc;
      this.stage.store.change(t("Clear the canvas"), { format, title: t("Untitled scenario"), seed, duration_ms: 20_000, nodes: [], links: [] });
      this.stage.emit("toast", { text: t("The canvas is empty."), undo: true });
    };
    return button;
  }

  /** @param {{kind: string, item: any, shared?: Params}} entry */
  async #load({ kind, item, shared }) {
    const ask = ++this.asked;
    // What still shows is another part's: a press on it now would change the wrong one.
    this.host.inert = $("body").dataset.inspector !== String(item.id);
    const holder = h("div", {});
    const body = new URLSearchParams({ kind, item: JSON.stringify(withoutPlace(item)), shared: JSON.stringify(shared ?? {}) });
    const html = await this.#fetch(body);
    if (ask !== this.asked) return;
    this.host.inert = false;
    if (html === null) {
      this.shown = "";
      this.#unfetched(item);
      return;
    }
    holder.innerHTML = html;
    this.head.replaceChildren(/** @type {Element} */ (holder.querySelector(".ih")));
    this.host.replaceChildren(...holder.childNodes);
    if (this.stage.mode !== "edit") for (const control of this.host.querySelectorAll("input, select, button")) control.setAttribute("disabled", "");
    else htmx.process(this.host);
    for (const field of this.host.querySelectorAll(".f.dist")) drawDensity(/** @type {HTMLElement} */ (field));
    showWhatApplies(this.host);
    this.#links({ kind, item });
    $("body").dataset.inspector = item.id;
  }

  /** The server did not answer: which part it is about, what is kept, and one thing to do. @param {any} item */
  #unfetched(item) {
    const again = h("button", { class: "b line", "data-act": "again" }, t("Try again"));
    again.onclick = () => {
      again.blur();
      this.refresh();
    };
    this.head.replaceChildren(h("div", { class: "ih" }, h("div", {}, h("h2", {}, item.label || item.words || item.id), h("p", {}, t("No answer from the server")))));
    this.host.replaceChildren(h("p", { class: "note" }, h("b", {}, t("The parameters could not be fetched")), t("Your work is kept.")), h("div", { class: "linkrow" }, again));
  }

  /** @param {URLSearchParams} body */
  async #fetch(body) {
    try {
      const answer = await fetch(this.stage.urls.inspector ?? "", { method: "POST", body, headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true" } });
      return answer.ok ? await answer.text() : null;
    } catch {
      return null;
    }
  }

  /** Connections of a node, and a way to add one by keyboard. @param {{kind: string, item: any} | null} entry */
  #links(entry) {
    const before = this.host.querySelector("[data-links]");
    if (entry?.kind !== "node" || this.stage.mode !== "edit") return before?.remove();
    const { doc } = this.stage;
    const { id } = entry.item;
    // Made anew only when it would differ: somebody may have the focus on it.
    const key = JSON.stringify([id, doc.nodes.map((node) => [node.id, node.label]), doc.links.map((link) => [link.id, link.a, link.b])]);
    if (before?.getAttribute("data-links") === key) return;
    before?.remove();
    const name = (/** @type {string} */ other) => doc.nodes.find((node) => node.id === other)?.label || other;
    const box = h("div", { class: "sect", "data-links": key }, h("h3", { class: "sec-t" }, t("Links")));
    for (const link of doc.links.filter(({ a, b }) => a === id || b === id)) {
      const button = h("button", { class: "it" }, icon("i-link"), h("span", {}, link.a === id ? `→ ${name(link.b)}` : `← ${name(link.a)}`));
      button.onclick = () => this.stage.select([link.id]);
      box.append(h("div", { class: "linkrow" }, button));
    }
    const free = doc.nodes.filter((node) => node.id !== id && !doc.links.some(({ a, b }) => (a === id && b === node.id) || (b === id && a === node.id)));
    if (free.length) {
      const select = h("select", { class: "sel", "aria-label": t("Connect to") }, ...free.map((node) => h("option", { value: node.id }, node.label || node.id)));
      const button = h("button", { class: "b line", "data-act": "connect" }, t("Connect"));
      button.onclick = () => this.editor.connect(id, select.value);
      box.append(h("div", { class: "linkrow" }, h("span", { class: "selw" }, select, icon("i-down", "s")), button));
    }
    this.host.append(box);
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const target = event.target instanceof Element ? event.target : null;
    const toggle = target?.closest(".tog");
    if (toggle instanceof HTMLElement) {
      const on = toggle.getAttribute("aria-checked") !== "true";
      toggle.setAttribute("aria-checked", String(on));
      const hidden = /** @type {HTMLInputElement} */ (toggle.previousElementSibling);
      hidden.value = String(on);
      hidden.dispatchEvent(new Event("change", { bubbles: true }));
    }
    if (target?.closest("[data-delete]")) this.#delete();
  }

  #delete() {
    const entry = this.#entry();
    if (!entry) return;
    const { stage } = this;
    if (entry.kind !== "fault") return this.editor.removeSelected();
    const index = Number(entry.item.id.slice(6));
    stage.store.change(t("Delete fault: {what}", { what: entry.item.words }), removeFault(stage.doc, index));
    stage.select([]);
    return stage.emit("toast", { text: t("Fault deleted."), undo: true });
  }

  /** Another kind of distribution shows other numbers. @param {Event} event */
  #kindChanged(event) {
    const select = event.target;
    if (!(select instanceof HTMLSelectElement) || select.name !== "dist") return;
    for (const set of /** @type {HTMLFieldSetElement[]} */ ([...(select.form?.querySelectorAll("fieldset") ?? [])])) {
      set.hidden = set.disabled = set.dataset.kind !== select.value;
    }
    this.#drawDensityOf(select);
  }

  /** @param {EventTarget | null} target */
  #drawDensityOf(target) {
    const field = target instanceof Element ? target.closest(".f.dist") : null;
    if (field instanceof HTMLElement) drawDensity(field);
  }

  /** @param {CustomEvent} event */
  #checked(event) {
    const { group, name, item, ok, value, clear } = event.detail;
    const field = this.host.querySelector(`[data-field="${CSS.escape(name)}"][data-group="${CSS.escape(group)}"]`);
    for (const box of field?.querySelectorAll(".u, .selw") ?? []) {
      box.classList.toggle("err", !ok);
      box.querySelector("input, select")?.setAttribute("aria-invalid", String(!ok));
    }
    if (ok) this.#apply(group, name, item, clear ? undefined : value);
  }

  /** @param {string} group @param {string} name @param {string} item @param {any} value */
  #apply(group, name, item, value) {
    const { stage } = this;
    const { doc } = stage;
    const label = t("Change {name} of {item}", { name: name.replaceAll("_", " ").replace(/ ms$/, ""), item });
    const key = `${item}.${name}`;
    if (item.startsWith("fault:")) {
      const index = Number(item.slice(6));
      const fault = doc.faults?.[index];
      if (!fault) return;
      const next = /** @type {any} */ ({ ...fault, [name]: value });
      if (value === undefined) delete next[name];
      stage.store.change(label, replaceFault(doc, index, next), key);
      return;
    }
    const list = doc.nodes.some((node) => node.id === item) ? "nodes" : doc.links.some((link) => link.id === item) ? "links" : "clusters";
    const machine = MACHINE_FIELDS[name] && doc.nodes.find((node) => node.id === item)?.host;
    const next = machine ? setMachine(doc, machine, { [MACHINE_FIELDS[name]]: value }) : group === "entry" ? changeEntry(doc, list, item, { [name]: value === "" ? undefined : value }) : setParam(doc, list, item, name, value);
    stage.store.change(label, next, key);
    // What is shown is what was just typed; fetching the form again would only disturb.
    const entry = this.#entry();
    if (entry?.item.id === item && name !== "host") this.shown = JSON.stringify([entry.kind, withoutPlace(entry.item), entry.shared]);
  }
}

/** Fields of a node's form that are its machine's, as they are named there. @type {Record<string, keyof HostEntry>} */
const MACHINE_FIELDS = { machine_cores: "cores", machine_cost_per_hour: "cost_per_hour" };

/** A node with what is said of its machine. @param {Scenario} doc @param {NodeEntry} node */
function withMachine(doc, node) {
  const host = node.host && doc.hosts?.find((entry) => entry.id === node.host);
  return host ? { ...node, ...Object.fromEntries(Object.entries(MACHINE_FIELDS).flatMap(([name, key]) => (host[key] === undefined ? [] : [[name, host[key]]]))) } : node;
}

/** The summary is Markdown; here only its words are shown. @param {string} text */
function paragraphs(text) {
  const plain = (/** @type {string} */ part) => part.replace(/\[([^\]]*)\]\([^)]*\)|[*_`#]/g, (_, words) => words ?? "").trim();
  return text.split(/\n{2,}/).map((part) => {
    const [lead, ...items] = part.split(/(?:^|\n)[-*] /);
    if (!items.length) return h("p", {}, plain(part));
    return h("div", {}, ...(lead.trim() ? [h("p", {}, plain(lead))] : []), h("ul", {}, ...items.map((item) => h("li", {}, plain(item)))));
  });
}

/** Moving a node changes nothing in its form. @param {any} item */
function withoutPlace(item) {
  const { x: _x, y: _y, ...rest } = item;
  return rest;
}

