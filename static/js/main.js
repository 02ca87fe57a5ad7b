/** Puts the stage page together: document, run, canvas and panels. */

import "./language.js"; // first: libraries read the language as they load
// The order in which rules win.
import "uplot/dist/uPlot.min.css";
import "../css/graph.css";
import "../css/stage.css";
import "../css/dock.css";
import "../css/timeline.css";
import "../css/editing.css";
import "../css/forms.css";
import "../css/panels.css";
import "../css/watching.css";
import "../css/large.css";
import "../css/code.css";
import "../css/branches.css";
import "../css/narrow.css";
import "../css/compare.css";

import { Stage } from "./stage.js";
import { hasVariant } from "./document/variants.js";
import { Editor } from "./editor/editor.js";
import { palette } from "./editor/palette.js";
import { minimap } from "./editor/minimap.js";
import { tools } from "./editor/tools.js";
import { view } from "./editor/view.js";
import { dragging } from "./editor/dragging.js";
import { canvasKeys } from "./editor/keys.js";
import { renaming } from "./editor/renaming.js";
import { clipboard } from "./editor/clipboard.js";
import { SelectionBar } from "./editor/selection-bar.js";
import { Scene } from "./scene/scene.js";
import { Autosave } from "./document/autosave.js";
import { keepWork } from "./work.js";
import { startFrames } from "./frames.js";
import { $ } from "./dom.js";
import { keepTab, tabs } from "./panels/tabs.js";
import { emptyCanvas } from "./panels/empty-canvas.js";
import { files } from "./panels/files.js";
import { JsonTab } from "./panels/json-tab.js";
import { runBar } from "./panels/run-bar.js";
import { transport } from "./panels/transport.js";
import { branchBar } from "./panels/branch-bar.js";
import { branchList } from "./panels/branch-list.js";
import { Compare } from "./panels/compare.js";
import { faultLane } from "./panels/fault-lane.js";
import { secondPane } from "./panels/second-pane.js";
import { EventList } from "./panels/event-list.js";
import { Charts } from "./panels/charts.js";
import { Requests } from "./panels/requests.js";
import { Timeline } from "./panels/timeline.js";
import { timelineKeys } from "./panels/timeline-keys.js";
import { pressing } from "./panels/timeline-press.js";
import { wheeling } from "./panels/timeline-wheel.js";
import { verdicts } from "./panels/verdicts.js";
import { Walk } from "./panels/walk.js";
import { walkOnLanes } from "./panels/walk-lanes.js";
import { CodePanel } from "./panels/code.js";
import { World } from "./panels/world.js";
import { Inspector } from "./panels/inspector.js";
import { Legend } from "./panels/legend.js";
import { LiveLog } from "./panels/live-log.js";
import { PinCard } from "./panels/message-card.js";
import { HoverCard, messagePointer } from "./panels/message-pointer.js";
import { MessageWalk } from "./panels/message-walk.js";
import { transportKeys } from "./panels/transport-keys.js";
import { outline } from "./panels/outline.js";
import { checking } from "./panels/checking.js";
import { problems } from "./panels/problems.js";
import { share } from "./panels/share.js";
import { tour } from "./panels/tour.js";
import { toasts } from "./panels/toasts.js";
import { dialogs } from "./panels/dialogs.js";
import { announce } from "./panels/announce.js";
import { keymap } from "./panels/keymap.js";
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
announce(stage);
shortcuts(stage);
canvasKeys(editor);
minimap(editor);
toasts(stage);
dialogs();
runBar(stage);
const playback = transport(stage);
const ticks = [playback.tick, branchBar(stage), faultLane(stage)];
if (stage.mode !== "embed") {
  const events = new EventList(stage);
  const charts = new Charts(stage);
  const requests = new Requests(stage);
  const timeline = new Timeline(stage, scene);
  for (const gesture of [pressing, wheeling, timelineKeys]) gesture(timeline);
  const code = new CodePanel(stage);
  const world = new World(stage);
  const refresh = () => {
    charts.draw();
    requests.refresh();
    timeline.refresh();
    events.refresh();
    code.refresh();
  };
  const showTab = tabs($("#dock-tabs"), refresh);
  const kept = keepTab($("#dock-tabs"), showTab);
  secondPane(showTab, refresh);
  const walk = new Walk(stage, editor, host);
  walkOnLanes(stage, timeline, walk);
  verdicts(stage, walk);
  new Inspector(stage, editor);
  tour(stage);
  sheets(stage);
  ticks.push(() => events.tick(), () => charts.tick(), () => requests.tick(), () => timeline.tick(), () => code.tick(), () => world.tick());
  if (!kept && matchMedia("(max-width: 599px)").matches) showTab("tab-verdicts");
}
const compare = stage.mode === "embed" ? null : new Compare(stage, editor, scene);
branchList(stage, share(stage), compare);
new Legend(stage, scene);
new PinCard(stage, editor);
new LiveLog(stage);
const hover = new HoverCard(stage, scene, host);
messagePointer(stage, editor, scene, hover);
transportKeys(stage, { ...playback, scene, walk: new MessageWalk(stage, scene, hover, host) });
if (stage.mode === "edit") {
  palette(stage, editor);
  dragging(editor);
  tools(stage, editor);
  clipboard(editor);
  renaming(editor);
  new SelectionBar(stage, editor);
  outline(stage);
  checking(stage);
  problems(stage, editor);
  const showLeft = tabs($('.left [role="tablist"]'), () => undefined);
  refusals(stage, showLeft);
  files(stage, editor, scene);
  emptyCanvas(stage, editor);
  const json = new JsonTab(stage);
  tabs($("#right-tabs"), (id) => json.show(id === "tab-json"));
}
view(stage, editor);
keymap();
addEventListener("themechange", () => scene.readColours());
startFrames(stage, editor, scene, ticks);
begin();

/** Attaches to the run that belongs to this page, where it was left. */
function begin() {
  const said = new URLSearchParams(location.search);
  const asked = said.get("variant");
  // The moment and the variant that one came for; a reload comes back to where one was.
  if (stage.mode === "edit" && (said.has("at") || asked !== null)) history.replaceState(null, "", location.pathname);
  const at_ns = (stage.data.at_ms ?? restored?.at_ms ?? 0) * 1e6;
  const viewing = restored?.viewing ?? stage.data.viewing;
  if (asked !== null && asked !== (stage.variant ?? "") && (asked === "" || hasVariant(stage.base, asked))) {
    stage.playhead.t = at_ns;
    stage.show(asked || null);
    stage.start({ keep: true });
    return;
  }
  const variant = (restored?.viewing ? restored.variant : stage.data.variant) ?? null;
  if (viewing) stage.watch(viewing, restored?.ran ?? stage.data.document, { variant, at_ns, play: false });
}
