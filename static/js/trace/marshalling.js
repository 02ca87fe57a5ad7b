/** When nodes marshalled, and for how long, as they published it. Knows no DOM. */

export class Marshalling {
  constructor() {
    /** @type {Map<string, number>} node and when it was done → how long it had marshalled, ns */
    this.ended = new Map();
    /** @type {Map<string, number>} node and when it began → how long it unmarshalled, ns */
    this.begun = new Map();
  }

  /** @param {Chunk} chunk */
  add(chunk) {
    const { published } = chunk.tables;
    if (!published) return;
    const { time, node, metric, amount } = published.cols;
    for (let row = 0; row < published.rows; row++) {
      const word = chunk.strings[Number(metric[row])];
      const took = Number(amount[row]);
      if (word === "marshal_ms") this.ended.set(`${node[row]} ${time[row]}`, took);
      else if (word === "unmarshal_ms") this.begun.set(`${node[row]} ${Number(time[row]) - took}`, took);
    }
  }

  /** How long a node had marshalled when it was done at t. @param {number} node @param {number} t */
  until(node, t) { return this.ended.get(`${node} ${t}`) ?? 0; }

  /** How long a node unmarshalled from t on. @param {number} node @param {number} t */
  since(node, t) { return this.begun.get(`${node} ${t}`) ?? 0; }
}
