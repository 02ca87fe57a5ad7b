/** The name of a zone is written where it stands: on a double press, or on F2 with its nodes selected. */

import { changeEntry } from "../document/edits.js";
import { groupsAround } from "../document/grouping.js";
import { h } from "../dom.js";
import { t } from "../panels/words.js";
import { addShortcuts } from "../shortcuts.js";
import { dataAt } from "./gesture.js";

const LABEL_MAX = 80;

/** @param {Editor} editor */
export function renaming(editor) {
  const { stage, host } = editor;
  host.addEventListener("dblclick", (event) => {
    const zone = dataAt(event.target, "zone");
    if (zone !== null) rename(editor, zone);
  });
  addShortcuts({
    keys: ["F2"], words: t("Rename the zone of what is selected"), group: t("Editing"), act: () => {
      const zone = groupsAround(stage.doc, stage.selection).find((id) => id.startsWith("zone:"));
      if (zone) rename(editor, zone.slice(5));
      else stage.emit("toast", { text: t("Nothing that is selected is in a zone.") });
    },
  });
}

/** @param {Editor} editor @param {string} id */
function rename(editor, id) {
  const { stage, host } = editor;
  const zone = stage.doc.zones?.find((entry) => entry.id === id);
  if (!zone || zone.x === undefined || zone.y === undefined || !stage.mayEdit()) return;
  const { scale, x, y } = editor.transform;
  const field = h("input", { class: "rename", maxlength: LABEL_MAX, "aria-label": t("Name of the zone"), autocomplete: "off" });
  field.value = zone.label || zone.id;
  field.style.left = `${Math.max(4, zone.x * scale + x + 6)}px`;
  field.style.top = `${Math.max(4, zone.y * scale + y + 4)}px`;
  const before = document.activeElement;
  let over = false;
  const done = (/** @type {boolean} */ keep) => {
    if (over) return;
    over = true;
    const label = field.value.trim();
    field.remove();
    if (before instanceof HTMLElement || before instanceof SVGElement) before.focus({ preventScroll: true });
    if (keep && label !== (zone.label || zone.id)) stage.store.change(t("Rename {name}", { name: zone.label || zone.id }), changeEntry(stage.doc, "zones", id, { label: label || undefined }));
  };
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" || event.key === "Escape") done(event.key === "Enter");
  });
  field.addEventListener("blur", () => done(true));
  host.append(field);
  field.select();
}
