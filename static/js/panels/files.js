/** The File menu: a new scenario, import and export. */

import { $, icon, h } from "../dom.js";
import { completed } from "../document/starts.js";
import { canvasPng, canvasSvg } from "./canvas-picture.js";
import { menu } from "./menu.js";
import { readScenario, sizeWords, toldList } from "./reading.js";
import { t } from "./words.js";

/** @param {Stage} stage @param {Editor} editor @param {Scene} scene */
export function files(stage, editor, scene) {
  const button = $("#file");
  menu(button, $("#file-menu"));
  const dialog = importing(stage, editor);
  /** @type {Record<string, () => void | Promise<void>>} */
  const acts = {
    import: () => dialog.ask(),
    json: () => save(stage, "netsplit.json", new Blob([`${JSON.stringify(stage.base, null, 2)}\n`], { type: "application/json" })),
    svg: () => save(stage, "svg", new Blob([canvasSvg(stage, editor, scene).text], { type: "image/svg+xml" })),
    png: async () => {
      const made = await canvasPng(stage, editor, scene);
      if (made) save(stage, "png", made);
      else stage.emit("toast", { text: t("This browser could not draw the picture. Export it as SVG.") });
    },
  };
  for (const item of /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#file-menu [data-file]")])) item.addEventListener("click", () => acts[item.dataset.file ?? ""]?.());
}

/** @param {Stage} stage @param {string} ending @param {Blob} blob */
export function save(stage, ending, blob) {
  const stem = stage.base.title.normalize("NFC").replace(/[\u0000-\u001f/\\:*?"<>|\s]+/g, " ").trim().slice(0, 100) || "scenario";
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: `${stem}.${ending}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** @param {Stage} stage @param {Editor} editor */
function importing(stage, editor) {
  const dialog = /** @type {HTMLDialogElement} */ (/** @type {unknown} */ ($("#import-dialog")));
  const text = /** @type {HTMLTextAreaElement} */ (/** @type {unknown} */ ($("#import-text")));
  const file = /** @type {HTMLInputElement} */ (/** @type {unknown} */ ($("#import-file")));
  const go = /** @type {HTMLButtonElement} */ (/** @type {unknown} */ ($("#import-go")));
  const told = $("#import-told");
  const say = (/** @type {HTMLElement[]} */ ...rows) => told.replaceChildren(...rows);
  const take = async (/** @type {string} */ from) => {
    go.disabled = true;
    const read = await readScenario(stage, from);
    go.disabled = false;
    if (!read.doc) {
      if (!dialog.open) dialog.showModal();
      return say(h("p", {}, t("Not imported. Your scenario is as it was.")), h("ul", { class: "told" }, ...toldList(read.told, null)));
    }
    dialog.close();
    stage.select([]);
    stage.show(null);
    stage.store.change(t("Import {title}", { title: read.doc.title ?? "" }), completed(read.doc, t("Untitled scenario")));
    editor.open();
    stage.emit("toast", { text: t("Imported {title}.", { title: stage.base.title }), undo: true });
  };
  const takeFile = async (/** @type {File} */ chosen) => {
    const large = sizeWords(chosen.size);
    if (large) {
      if (!dialog.open) dialog.showModal();
      return say(h("p", { class: "help bad" }, icon("i-x"), h("span", {}, large)));
    }
    return take(await chosen.text());
  };
  text.addEventListener("paste", (event) => {
    const large = sizeWords(event.clipboardData?.getData("text").length ?? 0);
    if (!large) return;
    event.preventDefault();
    say(h("p", { class: "help bad" }, icon("i-x"), h("span", {}, large)));
  });
  text.addEventListener("input", () => { go.disabled = !text.value.trim(); });
  go.onclick = () => take(text.value);
  file.addEventListener("change", () => {
    if (file.files?.[0]) takeFile(file.files[0]);
    file.value = "";
  });
  dropping(editor.host, takeFile);
  const ask = () => {
    say();
    text.value = "";
    go.disabled = true;
    dialog.showModal();
  };
  return { ask };
}

/** @param {HTMLElement} host @param {(file: File) => void} take */
function dropping(host, take) {
  const carries = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;
  host.addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    host.classList.add("dropping");
  });
  host.addEventListener("dragleave", () => host.classList.remove("dropping"));
  host.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    host.classList.remove("dropping");
    const file = event.dataTransfer?.files[0];
    if (file) take(file);
  });
}
