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
interface FaultEntry { kind: string; target: string | string[][]; at_ms?: number; when?: { node: string; event: string }; does?: string; until_ms?: number; lasts_ms?: number; direction?: string; probability?: number; mbit_per_s?: number; latency?: Json; down_ms?: number; factor?: number; claims?: string; to?: string; behaviour?: string; offset_ms?: number; drift_ppm?: number; mode?: string; rate_per_min?: number; mttr_ms?: number }
interface ExpectEntry { claim: string; left: Json; op: string; right: Json; tolerance?: Json }
interface PatchOperation { op: string; path: string; value?: Json; from?: string }
interface Scenario {
  format: string; title: string; summary?: string; concepts?: string[]; seed: number; duration_ms: number; settle_ms?: number;
  nodes: NodeEntry[]; links: LinkEntry[]; zones?: ZoneEntry[]; latencies?: { a: string; b: string; latency: Json }[]; hosts?: HostEntry[]; clusters?: ClusterEntry[]; faults?: FaultEntry[];
  variants?: Record<string, PatchOperation[]>; expect?: ExpectEntry[];
}

interface ParamInfo {
  name: string; title: string; kind: string; unit: string; default: Json; min: number | null; max: number | null;
  choices: { value: string; title: string }[]; help: string; section: string;
}
interface ShowInfo { field: string; title: string; unit: string; as: string; of: string | null }
interface NodeTypeInfo {
  type: string; title: string; category: string; summary: string; icon: string; doc: string; params: ParamInfo[]; shows: ShowInfo[];
  initiates: boolean; serves: boolean; clusters: boolean; forwards: boolean; lies: { name: string; title: string }[]; metrics: { name: string; unit: string; definition: string }[];
}
interface Catalogue { types: NodeTypeInfo[]; link: { params: ParamInfo[] }; faults: { kind: string; title: string; help: string }[]; metrics?: unknown[] }

interface StageData {
  mode: "edit" | "shared" | "embed"; document: Scenario; draft: { id: string; version: number; title?: string } | null; viewing: string | null;
  at_ms: number | null; slug: string | null; urls: Record<string, string | null>; catalogue: Catalogue; variant?: string | null;
}

type Column = Float64Array | Int32Array | unknown[];
interface Table { rows: number; cols: Record<string, Column> }
interface Chunk {
  n: number; from: number; to: number; nodes: string[]; strings: string[]; roles: Record<string, string>;
  keyframe: { state: Record<string, unknown>[]; flight: Table; faults: number[]; ops: Table; hops?: Table };
  tables: Record<string, Table>;
}

interface RunStatus { status: string; position?: number | null; simulated_ms?: number; duration_ms?: number; chunks?: number; reason?: string; digest?: string }
/** doubtful: it runs, and is hardly meant */
interface Mistake { path: string; message: string; doubtful?: boolean }
interface EvidenceStep { op: number; client: string; text: string; start_ms: number; end_ms: number | null }
interface CheckResult { name: string; title?: string; verdict: string; explanation?: string; at_ms?: number | null; evidence?: EvidenceStep[] }
interface ExpectResult { claim: string; ok: boolean | null; actual: Json; reason?: string }
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

type AlignEdge = "left" | "centre" | "right" | "top" | "middle" | "bottom";
type SpreadWay = "horizontal" | "vertical";
/** A line at x (or y) = at, from and to along the other axis. */
interface Guide { axis: "x" | "y"; at: number; from: number; to: number }
/** How large the canvas is shown, and where its origin lies in the host. */
interface CanvasView { scale: number; x: number; y: number }
/** One line of the list of keys, and what the key does; `on`: another event than keydown; `when`: where else it would not apply. */
interface Shortcut { keys: string[]; words: string; group: string; act: (event: any) => void; when?: (event: Event) => boolean; on?: "keyup" | "copy" | "cut" | "paste" }

type TraceStore = import("./trace/store.js").TraceStore;
type DocumentStore = import("./document/store.js").DocumentStore;
type Playhead = import("./trace/playhead.js").Playhead;
type Editor = import("./editor/editor.js").Editor;
type Scene = import("./scene/scene.js").Scene;
type RunView = import("./run-view.js").RunView;
type Stage = import("./stage.js").Stage;
type Geometry = import("./scene/geometry.js").Geometry;
type Messages = import("./trace/messages.js").Messages;
type Autosave = import("./document/autosave.js").Autosave;
type Kept = import("./document/autosave.js").Kept;
type TimeWindow = import("./trace/time-window.js").TimeWindow;
type Causes = import("./trace/causes.js").Causes;
type Timeline = import("./panels/timeline.js").Timeline;
