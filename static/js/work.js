/** Reload keeps everything: work, what can be undone, run and playhead come back from this browser, or from the server. */

import { restoreHistory } from "./document/history-file.js";
import { showSaved } from "./panels/saved.js";

const PLAYHEAD_MS = 700;

/**
 * @param {Stage} stage
 * @param {Autosave} autosave
 * @returns {Kept | null} what was left here by the last visit
 */
export function keepWork(stage, autosave) {
  const kept = autosave.kept();
  const usable = kept && Array.isArray(kept.document?.nodes) && (kept.dirty || kept.version === autosave.version) && (autosave.id !== null || kept.dirty);
  if (usable) {
    stage.store.doc = kept.document;
    stage.branches.load(kept.branches, kept.document);
    restoreHistory(stage.store, kept.history, new Set(stage.branches.list.map(({ id }) => id)));
    autosave.version = kept.version ?? autosave.version;
    autosave.viewing = kept.viewing;
    autosave.ran = kept.ran ?? (kept.viewing ? kept.document : null);
    autosave.variant = kept.variant;
    autosave.at_ms = kept.at_ms;
    if (kept.dirty) setTimeout(() => autosave.touch());
  } else if (autosave.id) autosave.viewing = stage.data.viewing;
  autosave.branches = () => stage.branches.file();
  stage.store.subscribe(() => autosave.touch());
  let file = stage.branches.file();
  stage.on("branches", (how) => {
    if (file === stage.branches.file()) return;
    file = stage.branches.file();
    // A verdict is no work: opening a draft saves nothing, or another tab's next save would meet a conflict.
    if (how !== "judged") autosave.touch();
  });
  stage.on("trace", () => {
    autosave.viewing = stage.viewing;
    autosave.ran = stage.ranBase;
    autosave.variant = stage.view?.variant ?? null;
  });
  stage.on("started", () => {
    autosave.keep();
    autosave.later();
  });
  let last = 0;
  stage.on("tick", () => {
    const at_ms = stage.playhead.t / 1e6;
    if (performance.now() - last < PLAYHEAD_MS || at_ms === autosave.at_ms || (!autosave.id && !autosave.dirty)) return;
    last = performance.now();
    autosave.at_ms = at_ms;
    autosave.keep();
  });
  addEventListener("pagehide", () => {
    autosave.at_ms = stage.playhead.t / 1e6;
    if (autosave.id || autosave.dirty) autosave.keep();
  });
  addEventListener("online", () => autosave.online());
  addEventListener("beforeunload", (event) => { if (autosave.unkept && autosave.dirty) event.preventDefault(); });
  showSaved(stage, autosave);
  return usable ? { ...kept, ran: kept.ran ?? kept.document } : null;
}
