/** What an empty canvas offers: three documents of the gallery to start from, each one press and one step to undo. */

import { $, h, s } from "../dom.js";
import { request } from "../net/api.js";
import { draw } from "./picture.js";
import { t } from "./words.js";

/** @param {Stage} stage @param {Editor} editor */
export function emptyCanvas(stage, editor) {
  const host = $("#starts");
  /** @type {Map<string, Scenario>} */
  const known = new Map();
  const fetched = async (/** @type {string} */ slug) => {
    const answer = known.has(slug) ? null : await request("GET", `${stage.urls.scenarios}/${slug}`);
    if (answer?.ok) known.set(slug, answer.data);
    return known.get(slug);
  };
  const begin = async (/** @type {{slug: string, title: string}} */ { slug, title }) => {
    const doc = await fetched(slug);
    if (!doc) return stage.emit("toast", { text: t("The server cannot be reached. Try again in a moment, or drag parts from the left.") });
    if (stage.doc.nodes.length) return undefined;
    stage.store.change(t("Start with {title}", { title }), doc);
    editor.open();
    $("#graph .node").focus();
    return undefined;
  };
  const button = (/** @type {{slug: string, title: string}} */ start) => {
    const picture = s("svg", { viewBox: "0 0 320 164", "aria-hidden": "true" });
    const made = h("button", { class: "start" }, picture, h("span", {}, start.title));
    made.onclick = () => begin(start);
    fetched(start.slug).then((doc) => { if (doc) draw(picture, doc); });
    return made;
  };
  const show = () => {
    const empty = stage.doc.nodes.length === 0;
    if (empty !== host.hidden) return;
    host.hidden = !empty;
    if (!empty) return;
    host.replaceChildren(h("h2", { id: "starts-title" }, t("Start with one of these, or place parts of your own")), h("div", { class: "row" }, ...stage.data.starts.map(button)));
  };
  stage.on("document", show);
  show();
}
