/** One viewing over the WebSocket: cursor, credit, and reconnection where it left off. */

const WINDOW = 8;
const RETRY_S = [1, 2, 4, 8, 15];
const REFUSED = new Set([4400, 4403, 4404, 4406]);

export class RunSocket {
  /**
   * @param {string} path
   * @param {{cursor: () => number, chunk: (bytes: Uint8Array) => number, status: (status: RunStatus) => void,
   *   end: (status: RunStatus) => void, lost: (seconds: number) => void, refused: (reason: string) => void, connected: () => void}} on
   */
  constructor(path, on) {
    this.path = path;
    this.on = on;
    this.attempt = 0;
    this.ended = false;
    this.timer = 0;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.#open();
  }

  #open() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}${this.path}`, ["netsplit.1"]);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.on.connected();
      socket.send(JSON.stringify({ from: this.on.cursor(), window: WINDOW }));
    };
    socket.onmessage = (event) => this.#receive(socket, event.data);
    socket.onclose = (event) => this.#closed(event);
    this.socket = socket;
  }

  /** @param {WebSocket} socket @param {ArrayBuffer | string} data */
  #receive(socket, data) {
    this.attempt = 0;
    if (typeof data !== "string") {
      const number = this.on.chunk(new Uint8Array(data));
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ ack: number }));
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "status") this.on.status(message);
    if (message.type === "end") {
      this.ended = true;
      this.on.end(message);
      socket.close(1000);
    }
  }

  /** @param {CloseEvent} event */
  #closed(event) {
    if (this.ended) return;
    if (REFUSED.has(event.code)) {
      this.ended = true;
      this.on.refused(event.reason);
      return;
    }
    const wait_s = RETRY_S[Math.min(this.attempt, RETRY_S.length - 1)];
    this.attempt += 1;
    this.#countDown(wait_s);
  }

  /** @param {number} left_s */
  #countDown(left_s) {
    if (this.ended) return;
    if (left_s <= 0) {
      this.#open();
      return;
    }
    this.on.lost(left_s);
    this.timer = window.setTimeout(() => this.#countDown(left_s - 1), 1000);
  }

  close() {
    this.ended = true;
    clearTimeout(this.timer);
    this.socket?.close(1000);
  }
}
