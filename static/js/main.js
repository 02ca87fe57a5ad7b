/** Puts the stage page together: document, run, canvas and panels. */

import { Stage } from "./stage.js";
import { Editor } from "./editor/editor.js";
import { palette } from "./editor/palette.js";
import { minimap } from "./editor/minimap.js";
import { tools, zoom } from "./editor/tools.js";
import { Scene } from "./scene/scene.js";
import { Autosave } from "./document/autosave.js";
import { keepWork } from "./work.js";
import { startFrames } from "./frames.js";
import { $ } from "./dom.js";
import { tabs } from "./panels/tabs.js";
import { runBar } from "./panels/run-bar.js";
import { transport } from "./panels/transport.js";
import { branchBar } from "./panels/branch-bar.js";
import { branchList } from "./panels/branch-list.js";
import { Compare } from "./panels/compare.js";
import { faultLane } from "./panels/fault-lane.js";
import { EventList } from "./panels/event-list.js";
import { Charts } from "./panels/charts.js";
import { Timeline } from "./panels/timeline.js";
import { timelineKeys } from "./panels/timeline-keys.js";
import { pressing } from "./panels/timeline-press.js";
import { wheeling } from "./panels/timeline-wheel.js";
import { verdicts } from "./panels/verdicts.js";
import { World } from "./panels/world.js";
import { Inspector } from "./panels/inspector.js";
import { legend } from "./panels/legend.js";
import { outline, problems } from "./panels/outline.js";
import { share } from "./panels/share.js";
import { tour } from "./panels/tour.js";
import { toasts } from "./panels/toasts.js";
import { dialogs } from "./panels/dialogs.js";
import { sheets } from "./panels/sheets.js";
import { refusals } from "./panels/refusals.js";
import { shortcuts } from "./shortcuts.js";

const stage = new Stage(JSON.parse($("#stage-data").textContent || "{}"));
const autosave = stage.mode === "edit" ? new Autosave(stage.store, { drafts: stage.urls.drafts ?? "", sandbox: stage.urls.sandbox ?? "" }, stage.data.draft, (state, detail) => stage.emit("saved", { state, detail })) : null;
const restored = autosave ? keepWork(stage, autosave) : null;

const host = $("#canvas");
const editor = new Editor(stage, host, $("#graph"));
host.classList.toggle("static", !editor.editable);
const scene = new Scene(stage, editor, /** @type {HTMLCanvasElement} */ (/** @type {unknown} */ ($("#messages"))));
zoom(editor);
minimap(editor);
toasts(stage);
dialogs();
runBar(stage);
const ticks = [transport(stage), branchBar(stage), faultLane(stage)];
if (stage.mode !== "embed") {
  const events = new EventList(stage);
  const charts = new Charts(stage);
  const timeline = new Timeline(stage, scene.hidden);
  for (const gesture of [pressing, wheeling, timelineKeys]) gesture(timeline);
  const world = new World(stage);
  const showTab = tabs($("#dock-tabs"), () => {
    charts.draw();
    timeline.refresh();
    events.refresh();
  });
  verdicts(stage);
  new Inspector(stage, editor);
  tour(stage);
  sheets(stage);
  ticks.push(() => events.tick(), () => charts.tick(), () => timeline.tick(), () => world.tick());
  if (matchMedia("(max-width: 599px)").matches) showTab("tab-verdicts");
}
const compare = stage.mode === "embed" ? null : new Compare(stage, editor, scene);
branchList(stage, share(stage), compare);
legend(stage, scene);
if (stage.mode === "edit") {
  palette(stage, editor);
  tools(stage, editor);
  outline(stage);
  problems(stage);
  const showLeft = tabs($('.left [role="tablist"]'), () => undefined);
  refusals(stage, showLeft);
}
shortcuts(stage, editor);
addEventListener("themechange", () => scene.readColours());
startFrames(stage, editor, scene, ticks);
begin();

/** Attaches to the run that belongs to this page, where it was left. */
function begin() {
  const at_ns = (stage.data.at_ms ?? restored?.at_ms ?? 0) * 1e6;
  const viewing = restored?.viewing ?? stage.data.viewing;
  if (viewing) {
    stage.variant = restored?.variant ?? stage.data.variant ?? null;
    stage.watch(viewing, restored?.ran ?? stage.data.document, { at_ns, play: false });
  }
}
