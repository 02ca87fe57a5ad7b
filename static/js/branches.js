/** The branches of the page's run: each break at the playhead makes one; switching is an undoable step to another document and its run. */

import { BRANCHES_MAX, NAME_MAX, arranged, branchOf, changed, edited, forked, removed, restored, runningLike, sprout } from "./document/branches.js";
import { equal } from "./document/diff.js";
import { packedWithin, unpacked } from "./document/branch-file.js";
import { t } from "./panels/words.js";

/** From a press that breaks something to the first frame that can show what becomes of it. */
export const FAULT_MARK = "netsplit:fault";

export class Branches {
  /** @param {Stage} stage @param {BranchFile | null} [file] */
  constructor(stage, file) {
    this.stage = stage;
    this.tree = sprout(stage.base, t("Main"));
    /** Those that were deleted or let go: undo may lead back to one. @type {Map<string, Branch>} */
    this.gone = new Map();
    /** @type {{tree: BranchTree, current: string, file: BranchFile | null} | null} */
    this.lastFile = null;
    this.load(file, stage.base);
    stage.on("document", () => this.#document());
    stage.on("trace", () => this.#ran());
    stage.on("verdict", () => this.#judged());
    /** The moment whose future is waited for, ns; −1 for none. */
    this.awaited = -1;
    stage.on("frame", () => this.#frame());
  }

  get current() { return /** @type {Branch} */ (branchOf(this.tree, this.stage.store.branch)); }

  get list() { return this.tree.list; }

  /** Takes what was kept in place of what is here. @param {BranchFile | null | undefined} file @param {Scenario} doc the document of its current branch */
  load(file, doc) {
    this.stage.store.branch = this.#open(file, doc);
    this.stage.emit("branches");
  }

  /** The same as a step that can be undone. @param {string} label @param {BranchFile | null} file @param {Scenario} doc */
  adopt(label, file, doc) {
    const { stage } = this;
    const { variant } = stage;
    stage.show(null); // before the tree is another: where a variant is shown, changes are refused
    stage.store.change(label, doc, "", this.#open(file, doc));
    stage.show(variant);
    stage.emit("branches");
    if (this.current.viewing !== null) this.show();
  }

  /** @param {BranchFile | null | undefined} file @param {Scenario} doc @returns {string} the current branch */
  #open(file, doc) {
    const found = file ? unpacked(file, doc) : null;
    for (const branch of this.list) this.gone.set(branch.id, branch);
    this.tree = found?.tree ?? sprout(doc, t("Main"));
    return found?.current ?? this.tree.list[0].id;
  }

  /** @param {BranchTree} tree @param {string} [how] "judged" when only a verdict came */
  #grow(tree, how) {
    if (tree === this.tree) return;
    this.tree = tree;
    this.stage.emit("branches", how);
  }

  #document() {
    const { branch: id } = this.stage.store;
    const lost = branchOf(this.tree, id) ? undefined : this.gone.get(id);
    this.#grow(edited(lost ? restored(this.tree, lost) : this.tree, id, this.stage.base));
  }

  #ran() {
    const { viewing, ranBase } = this.stage;
    const variant = this.stage.view?.variant ?? null;
    const { current } = this;
    if (current.viewing !== viewing || !equal(current.ran, ranBase)) this.#grow(changed(this.tree, current.id, { viewing, ran: ranBase, variant, ...(current.viewing === viewing ? {} : { verdict: null }) }));
  }

  /** A run that came when somebody had gone on to another branch. @param {string} id @param {string} viewing @param {Scenario} ran @param {string | null} variant */
  note(id, viewing, ran, variant) { this.#grow(changed(this.tree, id, { viewing, ran, variant, verdict: null })); }

  #judged() {
    const { verdict, viewing } = this.stage;
    const judged = this.list.find((branch) => branch.viewing === viewing);
    if (!verdict || !judged) return;
    const words = [...(verdict.checks ?? []).map((check) => check.verdict), ...(verdict.expect ?? []).map(({ ok }) => (ok === null ? "unknown" : ok ? "pass" : "fail"))];
    const worst = ["fail", "unknown", "pass"].find((word) => words.includes(word)) ?? null;
    if (worst !== judged.verdict) this.#grow(changed(this.tree, judged.id, { verdict: worst }), "judged");
  }

  /**
   * Something is broken or mended at the playhead: same past, new future. Where no run of this very document is shown there is no past to share,
   * and it is an edit like any other.
   * @param {string} label
   * @param {Scenario} doc
   * @param {number} at_ms
   */
  async fork(label, doc, at_ms) {
    const { stage } = this;
    const { store } = stage;
    const name = t("{what} at {time}\u2009s", { what: label, time: (at_ms / 1000).toFixed(3) });
    const known = runningLike(this.tree, doc);
    if (stage.trace && !stage.outdated && known) return this.switchTo(known.id, label);
    let to = store.branch;
    if (stage.trace && !stage.outdated) {
      to = crypto.randomUUID().slice(0, 8);
      const made = forked(this.tree, { id: to, parent: store.branch, at_ms, name: name.slice(0, NAME_MAX), document: doc });
      if (!made) return stage.emit("toast", { text: t("There are {n} branches, and all are kept. Delete one, or keep fewer, and break again.", { n: BRANCHES_MAX }), stays: true });
      if (made.pruned) this.#letGo(made.pruned);
      this.tree = made.tree;
    }
    performance.mark(FAULT_MARK);
    store.change(label, doc, "", to);
    stage.emit("toast", { text: `${name}.`, undo: true });
    await stage.start({ keep: true });
    this.awaited = at_ms * 1e6;
    return undefined;
  }

  #frame() {
    const { trace, starting } = this.stage;
    if (this.awaited < 0 || starting || !trace || trace.loadedTo <= this.awaited) return;
    this.awaited = -1;
    performance.measure("netsplit:fault-to-future", FAULT_MARK);
  }

  /** @param {Branch} branch */
  #letGo(branch) {
    this.gone.set(branch.id, branch);
    this.stage.emit("toast", { text: t("“{name}” made room: {n} branches at most. Keep a branch to hold on to it.", { name: branch.name, n: BRANCHES_MAX }) });
  }

  /** @param {string} id @param {string} [label] */
  switchTo(id, label) {
    const { stage } = this;
    const { store } = stage;
    const branch = branchOf(this.tree, id);
    if (!branch || id === store.branch) return;
    stage.show(null);
    const doc = arranged(branch.document, stage.base);
    if (stage.mode !== "edit") store.show(doc, id);
    else store.change(label ?? t("Switch to {name}", { name: branch.name }), doc, "", id);
    this.show();
  }

  /** Watches the run of the current branch at the playhead, or takes it if there is none yet. */
  show() {
    const { stage, current } = this;
    const { playhead } = stage;
    if (current.viewing === null) {
      stage.choose(null);
    } else if (current.viewing === stage.viewing) stage.emit("run");
    else {
      stage.watch(current.viewing, current.ran ?? current.document, { variant: current.variant, at_ns: playhead.t, play: playhead.playing });
    }
  }

  /** @param {string} id @param {string} name */
  rename(id, name) {
    const words = name.trim().slice(0, NAME_MAX);
    if (words && words !== branchOf(this.tree, id)?.name) this.#grow(changed(this.tree, id, { name: words }));
  }

  /** @param {string} id @param {boolean} kept */
  keep(id, kept) { this.#grow(changed(this.tree, id, { kept })); }

  /** The main line stays. Who is on the branch goes on with its parent. @param {string} id */
  remove(id) {
    const branch = branchOf(this.tree, id);
    if (!branch || branch.parent === null) return;
    const children = this.list.filter(({ parent }) => parent === id);
    const was = this.stage.store.branch === id;
    if (was) this.switchTo(branch.parent);
    this.gone.set(id, branch);
    this.#grow(removed(this.tree, id));
    this.stage.emit("toast", { text: t("Deleted “{name}”.", { name: branch.name }), undo: () => this.#bringBack(branch, children, was) });
  }

  /** @param {Branch} branch @param {Branch[]} children @param {boolean} was the one that was shown */
  #bringBack(branch, children, was) {
    this.#grow(children.reduce((tree, { id, at_ms }) => changed(tree, id, { parent: branch.id, at_ms }), restored(this.tree, branch)));
    if (was) this.switchTo(branch.id);
  }

  /** What is kept of it here and on the server; null while there is nothing but one line. @returns {BranchFile | null} */
  file() {
    const { tree, current, lastFile } = this;
    if (lastFile?.tree === tree && lastFile.current === current.id) return lastFile.file;
    const file = tree.list.length > 1 ? packedWithin(tree, current.id) : null;
    this.lastFile = { tree, current: current.id, file };
    return file;
  }
}
