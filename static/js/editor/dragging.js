/** Cards are moved: the pressed one with the rest of the selection, along guides, as one step. */

import { snapped } from "../document/guides.js";
import { s } from "../dom.js";
import { dataAt, gesture } from "./gesture.js";

const REACH_PX = 6;
const SLACK_PX = { mouse: 3, touch: 9 };

/** @param {Editor} editor */
export function dragging(editor) {
  if (!editor.editable) return;
  // Arrows would go on moving a card that shows nothing of being focused.
  editor.stage.on("select", () => {
    const focused = document.activeElement;
    if (!editor.stage.selection.size && focused instanceof SVGElement && editor.host.contains(focused) && !focused.matches(":focus-visible")) focused.blur();
  });
  const guides = s("g", { class: "guides" });
  editor.graph.view.overlay.append(guides);
  editor.host.addEventListener("pointerdown", (down) => {
    if (down.button !== 0 || editor.held || editor.panning || !(down.target instanceof Element) || down.target.closest("[magnet]")) return;
    const zone = dataAt(down.target, "zone");
    const id = dataAt(down.target, "node");
    if (zone !== null) drag(editor, guides, down, null, membersOf(editor, zone), zone);
    else if (id !== null) drag(editor, guides, down, id, editor.stage.selection.has(id) ? editor.chosenNodes() : [id], null);
  }, true);
}

/** @param {Editor} editor @param {string} zone */
function membersOf(editor, zone) {
  return editor.stage.doc.nodes.filter((node) => node.zone === zone).map((node) => node.id);
}

/** @param {Editor} editor @param {SVGGElement} guides @param {PointerEvent} down @param {string | null} id @param {string[]} ids @param {string | null} zone */
function drag(editor, guides, down, id, ids, zone) {
  const { stage } = editor;
  const slack = down.pointerType === "touch" ? SLACK_PX.touch : SLACK_PX.mouse;
  const before = new Map(editor.at);
  const moving = [id ?? ids[0], ...ids.filter((other) => other !== (id ?? ids[0]))].flatMap((one) => before.get(one) ?? []);
  const others = [...before].filter(([other]) => !ids.includes(other)).map(([, p]) => p);
  let by = { x: 0, y: 0 };
  let begun = false;
  if (id !== null) editor.cards.get(id)?.group.focus({ preventScroll: true });
  gesture(editor, down, {
    move(event) {
      if (!begun && Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) < slack) return;
      if (!begun) {
        begun = true;
        if (id === null || !stage.selection.has(id)) stage.select(ids);
        editor.host.classList.add("moving");
      }
      if (!moving.length) return;
      const { scale } = editor.transform;
      const raw = { x: (event.clientX - down.clientX) / scale, y: (event.clientY - down.clientY) / scale };
      const rest = event.altKey ? { dx: Math.round(raw.x), dy: Math.round(raw.y), guides: [] } : snapped(moving, others, raw, REACH_PX / scale);
      by = { x: rest.dx, y: rest.dy };
      editor.showMoved(before, ids, by);
      guides.replaceChildren(...rest.guides.map(line));
    },
    up(event) {
      over();
      if (begun && (by.x || by.y)) editor.nudge(ids, by.x, by.y, "", zone);
      else if (!begun && id !== null) editor.press(id, event.shiftKey || event.metaKey || event.ctrlKey);
      else if (!begun) stage.select(ids.length ? ids : [`zone:${zone}`]);
    },
    cancel() {
      over();
      editor.sync();
    },
  });
  const over = () => {
    guides.replaceChildren();
    editor.host.classList.remove("moving");
  };
}

/** @param {Guide} guide */
function line({ axis, at, from, to }) {
  return axis === "x" ? s("line", { x1: at, x2: at, y1: from, y2: to }) : s("line", { x1: from, x2: to, y1: at, y2: at });
}
