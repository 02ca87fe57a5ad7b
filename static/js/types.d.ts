/** Shapes shared by the modules. Global on purpose: JSDoc needs no imports. */

declare var gettext: ((text: string) => string) | undefined;
declare const htmx: {
  ajax(verb: string, path: string, options: { target: Element | string; swap?: string; values?: Record<string, string> }): Promise<void>;
  process(element: Element): void;
};

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Params = Record<string, Json>;

interface NodeEntry { id: string; type: string; label?: string; x?: number; y?: number; zone?: string; host?: string; cost_per_hour?: number; count?: number; params?: Params }
interface HostEntry { id: string; label?: string; zone?: string; cores?: number; cost_per_hour?: number }
interface LinkEntry { id: string; a: string; b: string; params?: Params; a_to_b?: Params; b_to_a?: Params }
interface ZoneEntry { id: string; label?: string; x?: number; y?: number; width?: number; height?: number }
interface ClusterEntry { id: string; label?: string; protocol: string; members: string[]; params?: Params; link?: Params; cables?: string }
interface FaultEntry { kind: string; target: string | string[][]; at_ms?: number; when?: { node: string; event: string; nth?: number; after_ms?: number }; does?: string; until_ms?: number; lasts_ms?: number; direction?: string; probability?: number; mbit_per_s?: number; latency?: Json; down_ms?: number; drain_ms?: number; factor?: number; claims?: string; to?: string; behaviour?: string; offset_ms?: number; drift_ppm?: number; mode?: string; rate_per_min?: number; mttr_ms?: number }
interface ExpectEntry { claim: string; left: Json; op: string; right: Json; tolerance?: Json }
interface PatchOperation { op: string; path: string; value?: Json; from?: string }
interface Scenario {
  format: string; title: string; summary?: string; predict?: string; concepts?: string[]; seed: number; duration_ms: number; settle_ms?: number;
  nodes: NodeEntry[]; links: LinkEntry[]; zones?: ZoneEntry[]; latencies?: { a: string; b: string; latency: Json }[]; hosts?: HostEntry[]; clusters?: ClusterEntry[]; faults?: FaultEntry[];
  variants?: Record<string, PatchOperation[]>; expect?: ExpectEntry[];
}

/** A run and what it may become: `at_ms` is where it departs from its parent; `ran` is the document that its viewing ran. */
interface Branch {
  id: string; parent: string | null; at_ms: number; name: string; document: Scenario; viewing: string | null; ran: Scenario | null; variant: string | null;
  verdict: string | null; kept: boolean;
}
interface BranchTree { list: Branch[] }
/** What a run is compared with; the seed is null for the branch's own. */
interface Choice { branch: string; variant: string | null; seed: number | null }
/** A branch as it is kept: `patch` leads from the draft's document to its own, `ran` from there to the one that was run. A link's has its `document`. */
interface BranchEntry {
  id: string; parent: string | null; at_ms: number; name: string; viewing: string | null; variant: string | null; verdict: string | null; kept: boolean;
  patch: PatchOperation[]; ran: PatchOperation[] | null; document?: Scenario;
}
interface BranchFile { current: string; entries: BranchEntry[] }
/** A step of Undo or Redo as it is kept: `patch` takes it, from the document where the step before it leads. */
interface HistoryStep { label: string; from: string; to: string; patch: PatchOperation[] }
/** The next step first. */
interface HistoryFile { done: HistoryStep[]; undone: HistoryStep[] }

/** What differs between two documents: `entry` is what it is about as it stands in one of them; `field` what of it, null when it is there in one only. */
interface Difference { list: string; id: string; entry: any; field: string | null; a: unknown; b: unknown }
/** What a run does at the moment of the first difference: a message sent or settled; null: nothing then. */
type Happening = { what: "sent" | "settled"; slot: number } | null;

interface ParamInfo {
  name: string; title: string; kind: string; unit: string; default: Json; min: number | null; max: number | null;
  choices: { value: string; title: string }[]; help: string; section: string;
}
interface ShowInfo { field: string; title: string; unit: string; as: string; of: string | null; title_first: boolean }
interface QuorumInfo { when: { param: string; values: Json[] } | null; faulty: string }
interface NodeTypeInfo {
  type: string; title: string; category: string; summary: string; icon: string; doc: string; params: ParamInfo[]; shows: ShowInfo[];
  initiates: boolean; acts: boolean; serves: boolean; clusters: boolean; forwards: boolean; quorum: QuorumInfo | null; lies: { name: string; title: string }[]; metrics: { name: string; unit: string; definition: string }[];
}
interface Catalogue { types: NodeTypeInfo[]; link: { params: ParamInfo[] }; faults: { kind: string; title: string; help: string }[]; metrics?: { name: string; unit: string; definition: string }[] }

interface StageData {
  mode: "edit" | "shared" | "embed"; document: Scenario; draft: { id: string; version: number; title?: string } | null; viewing: string | null; branches?: BranchFile | null;
  at_ms: number | null; slug: string | null; urls: Record<string, string | null>; catalogue: Catalogue; variant?: string | null;
  starts: { slug: string; title: string }[];
}

type Column = Float64Array | Int32Array | unknown[];
interface Table { rows: number; cols: Record<string, Column> }
interface Chunk {
  n: number; from: number; to: number; nodes: string[]; strings: string[]; roles: Record<string, string>;
  keyframe: { state: Record<string, unknown>[]; flight: Table; faults: number[]; ops: Table; hops?: Table };
  tables: Record<string, Table>;
}

/** own: who watches has asked for it, and may stop it; unknown until the server has said so. */
interface RunStatus { status: string; position?: number | null; simulated_ms?: number; duration_ms?: number; chunks?: number; reason?: string; digest?: string; own?: boolean }
/** doubtful: it runs, and is hardly meant */
interface Mistake { path: string; message: string; doubtful?: boolean }
interface EvidenceStep { op: number; client: string; text: string; start_ms: number; end_ms: number | null }
interface CheckResult { name: string; title?: string; verdict: string; explanation?: string; at_ms?: number | null; evidence?: EvidenceStep[] }
interface ExpectResult { claim: string; ok: boolean | null; actual: Json; op?: string; right?: number | null; reason?: string }
interface Verdict { metrics?: Record<string, number>; checks?: CheckResult[]; expect?: ExpectResult[] }

/** From when until when a fault lasts; Infinity: until the end. */
interface Span { from_ms: number; until_ms: number }
interface Point { x: number; y: number }
interface Rect { x: number; y: number; width: number; height: number }
/** The reason of a drop beside its ✕; `side` is −1 when the message came from the left, else 1. */
interface Pill { x: number; y: number; side: number; reason: string; count: number; box: Rect }
/** What the trace says about one message; `slot` is its place in the store. */
interface MessageRow { slot: number; id: number; sent: number; settled: number; src: number; dst: number; kind: string; role: string; outcome: string; cause: number; op: number; size: number }
/** The link that a message is on: `to` is Infinity while nobody knows; `last`: it settles there; `forwarded`: by a switch or router. */
interface Leg { src: number; dst: number; from: number; to: number; last: boolean; forwarded: boolean }
/** What the timeline draws on and from: its canvas, the stretch of time, how far its lanes are scrolled and how high they are, and the colours by name. */
interface TimelineSheet { context: CanvasRenderingContext2D; width: number; height: number; scroll: number; lane: number; colours: Record<string, string>; window: TimeWindow; store: TraceStore }
interface OperationRow { op: number; invoked: number; returned: number; node: number; process: number; f: string; key: unknown; value: unknown; type: string; result: unknown; error: string; attempts: number; requestClass: string }
interface EventRow { index: number; time: number; type: string; role: string; slot: number }
/** A chart: its lines over the windows of a run, null where there is no figure. */
interface ChartData { id: string; unit: string; lines: { id: string; values: (number | null)[] }[] }
/** A message that asks for something and what came of it, times in ns, null for what never happened; `left`: when it left the receiver's queue, `until`: when the receiver was done with it, `calls`: when it waited for others meanwhile; `read` and `written`: how long it unmarshalled the request and marshalled the reply, `packed` and `unpacked`: how long the sender did so before and afterwards. */
interface RequestSpan {
  slot: number; kind: string; role: string; src: number; dst: number; sent: number; settled: number | null; outcome: string; reply: number; answered: number | null; returned: number | null;
  replyOutcome: string; left: number | null; until: number | null; waiting: number; calling: number; working: number; read: number; written: number; packed: number; unpacked: number; calls: [number, number][]; children: RequestSpan[];
}

type AlignEdge = "left" | "centre" | "right" | "top" | "middle" | "bottom";
type SpreadWay = "horizontal" | "vertical";
/** A line at x (or y) = at, from and to along the other axis. */
interface Guide { axis: "x" | "y"; at: number; from: number; to: number }
/** How large the canvas is shown, and where its origin lies in the host. */
interface CanvasView { scale: number; x: number; y: number }
/** One line of the list of keys, and what the key does; `on`: another event than keydown; `when`: where else it would not apply. */
interface Shortcut { keys: string[]; words: string; group: string; act: (event: any) => void; when?: (event: Event) => boolean; on?: "keyup" | "copy" | "cut" | "paste" }

interface TypeSource { type: string; file: string; source: string; lines: [sort: string, text: string][][]; handlers: { name: string; first_line: number; last_line: number; doc: string }[] }
/** From when a handler begins or goes on until it returns or waits. */
interface Activation {
  time_ns: number; handler: string; goes_on: boolean; message: { id: number; kind: string; from: string; says: string } | null; op: number; first_line: number | null; then: string[]; raised: boolean;
  waits: { for: string; of: string[]; need?: number } | null; sent: { id: number; kind: string; to: string }[]; state: { name: string; before: string; after: string; changed: boolean }[];
}
/** What a node did from one moment to another; `earlier` is the last thing before. */
interface Look { node: string; type: string; from_ns: number; to_ns: number; earlier: { time_ns: number; handler: string } | null; ended: "enough" | "end" | "time"; activations: Activation[] }

type TraceStore = import("./trace/store.js").TraceStore;
type DocumentStore = import("./document/store.js").DocumentStore;
type Command = import("./document/store.js").Command;
type Playhead = import("./trace/playhead.js").Playhead;
type Card = import("./editor/card.js").Card;
type Editor = import("./editor/editor.js").Editor;
type LargeView = import("./editor/large-view.js").LargeView;
type Scene = import("./scene/scene.js").Scene;
type RunView = import("./run-view.js").RunView;
type Stage = import("./stage.js").Stage;
type Branches = import("./branches.js").Branches;
type Compare = import("./panels/compare.js").Compare;
type Geometry = import("./scene/geometry.js").Geometry;
type Messages = import("./trace/messages.js").Messages;
type Autosave = import("./document/autosave.js").Autosave;
type Kept = import("./document/autosave.js").Kept;
type TimeWindow = import("./trace/time-window.js").TimeWindow;
type Causes = import("./trace/causes.js").Causes;
type Timeline = import("./panels/timeline.js").Timeline;
type Walk = import("./panels/walk.js").Walk;
type UPlot = import("uplot").default;
type RequestView = "slow" | "failed" | "all";
/** A step of a verdict's evidence in the trace: slots of its operation and of its first message, when it is best seen, and the nodes that asked and answered; −1 for none. */
interface FoundStep { operation: number; t: number; message: number; client: number; answerer: number }
type Looks = import("./scene/looks.js").Looks;
type FlowStream = import("./trace/flow.js").Stream;
type HoverCard = import("./panels/message-pointer.js").HoverCard;
type MessageWalk = import("./panels/message-walk.js").MessageWalk;
type Jump = import("./panels/jump.js").Jump;
type Loop = import("./panels/loop.js").Loop;

declare module "*.css";
