/** All branches in a list, each with what can be done with it. */

import { $, h, icon } from "../dom.js";
import { NAME_MAX } from "../document/branches.js";
import { branchState, forkWords } from "./branch-bar.js";
import { t } from "./words.js";

/** @param {Stage} stage @param {(id: string) => void} shareBranch @param {Compare | null} compare */
export function branchList(stage, shareBranch, compare) {
  const box = $("#branch-list");
  const opener = $("#branches-open");
  const open = () => box.matches(":popover-open");
  const show = () => {
    if (!open()) return;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    const key = box.contains(focused) ? [focused?.dataset.act, /** @type {HTMLElement | null} */ (focused?.closest("[data-branch]"))?.dataset.branch] : null;
    if (box.querySelector("input")) return;
    box.replaceChildren(h("h2", {}, t("Branches")), h("ul", {}, ...stage.branches.list.map((branch) => row(stage, branch, { close: () => box.hidePopover(), show, shareBranch, compare }))));
    if (key) /** @type {HTMLElement | null} */ (box.querySelector(`[data-branch="${key[1]}"] [data-act="${key[0]}"]`) ?? box.querySelector("button"))?.focus();
  };
  box.addEventListener("toggle", () => {
    opener.setAttribute("aria-expanded", String(open()));
    if (!open()) return box.replaceChildren();
    show();
    const place = opener.getBoundingClientRect();
    box.style.left = `${Math.max(8, Math.min(place.left, innerWidth - box.offsetWidth - 8))}px`;
    box.style.bottom = `${innerHeight - place.top + 6}px`;
    /** @type {HTMLElement | null} */ (box.querySelector("[aria-current] button"))?.focus();
  });
  stage.on("branches run", show);
  stage.on("branches", () => {
    if (stage.branches.list.length > 1 || !open()) return;
    box.hidePopover();
    $("#play").focus(); // what opened the list is gone with the last branch
  });
}

/**
 * @typedef {{close: () => void, show: () => void, shareBranch: (id: string) => void, compare: Compare | null}} Ways
 */

/** @param {Stage} stage @param {Branch} branch @param {Ways} ways */
function row(stage, branch, ways) {
  const { branches } = stage;
  const current = branch.id === stage.store.branch;
  const [glyph, kind, words] = branchState(stage, branch);
  const go = h("button", { class: "br-go", "data-act": "go" }, icon(glyph, kind), h("span", {}, h("b", {}, branch.name), h("small", {}, `${forkWords(stage, branch)} · ${words}${current ? ` · ${t("current")}` : ""}`)));
  go.onclick = () => branches.switchTo(branch.id);
  const line = h("li", { "data-branch": branch.id, "aria-current": current ? "true" : null }, go);
  const act = (/** @type {string} */ name, /** @type {string} */ picture, /** @type {string} */ what, /** @type {() => void} */ does, pressed = /** @type {boolean | null} */ (null)) => {
    const button = h("button", { class: "b icon", "data-act": name, "aria-label": `${what}: ${branch.name}`, title: what, "aria-pressed": pressed === null ? null : String(pressed) }, icon(picture));
    button.onclick = does;
    line.append(button);
  };
  if (ways.compare && !current) act("compare", "i-compare", t("Compare with the current"), () => { ways.close(); ways.compare?.open(branch.id); });
  if (stage.mode !== "edit") return line;
  act("rename", "i-rename", t("Rename"), () => rename(stage, branch, line, go, ways));
  if (branch.parent !== null) act("keep", "i-pin", t("Keep"), () => branches.keep(branch.id, !branch.kept), branch.kept);
  act("share", "i-share", t("Share"), () => { ways.close(); ways.shareBranch(branch.id); });
  if (branch.parent !== null) act("delete", "i-trash", t("Delete"), () => branches.remove(branch.id));
  return line;
}

/** @param {Stage} stage @param {Branch} branch @param {HTMLElement} line @param {HTMLElement} go @param {Ways} ways */
function rename(stage, branch, line, go, ways) {
  const field = h("input", { class: "in", value: branch.name, maxlength: NAME_MAX, "aria-label": t("Name of the branch") });
  let over = false;
  const end = (/** @type {boolean} */ apply) => {
    if (over) return;
    over = true;
    field.remove();
    if (apply) stage.branches.rename(branch.id, field.value);
    ways.show();
    /** @type {HTMLElement | null} */ (document.querySelector(`#branch-list [data-branch="${branch.id}"] [data-act="rename"]`))?.focus();
  };
  field.onblur = () => end(true);
  field.onkeydown = (event) => {
    if (event.key !== "Escape" && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    end(event.key === "Enter");
  };
  go.replaceWith(field);
  line.classList.add("naming");
  field.focus();
  field.select();
}
