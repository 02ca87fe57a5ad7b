/** A scenario from text that somebody typed, pasted or dropped: read, checked by the server, or refused with every reason. */

import { JsonMistake, nearest, placeOf, readJson, TEXT_MAX } from "../document/json-text.js";
import { h, icon } from "../dom.js";
import { request } from "../net/api.js";
import { t } from "./words.js";

/** @typedef {{path: string, message: string, doubtful?: boolean, at?: number, line?: number}} Told */
/** @typedef {{doc: Scenario | null, told: Told[], places: Map<string, number> | null, unreachable?: boolean}} Read */

/** @param {string} text */
export function tooLarge(text) {
  const bytes = text.length > TEXT_MAX ? text.length : new Blob([text]).size;
  return bytes > TEXT_MAX ? sizeWords(bytes) : "";
}

/** @param {number} bytes */
export function sizeWords(bytes) {
  return bytes > TEXT_MAX ? t("This has {n} MB; a scenario may have {most} MB. Nothing was read.", { n: (bytes / 1e6).toFixed(1), most: TEXT_MAX / 1e6 }) : "";
}

/** @param {Stage} stage @param {string} text @returns {Promise<Read>} */
export async function readScenario(stage, text) {
  const large = tooLarge(text);
  if (large) return { doc: null, told: [{ path: "", message: large }], places: null };
  let read;
  try {
    read = readJson(text);
  } catch (error) {
    if (!(error instanceof JsonMistake)) throw error;
    const { line, column, at } = error;
    return { doc: null, told: [{ path: t("Line {line}, column {column}", { line, column }), message: t(error.words, error.values), at, line }], places: null };
  }
  const { value, places } = read;
  const answer = await request("POST", stage.urls.validate ?? "", { document: value });
  const place = (/** @type {Mistake} */ { path, message }, doubtful = false) => {
    const at = nearest(places, path);
    return { path, message, doubtful, at, line: placeOf(text, at).line };
  };
  if (!answer.ok && answer.status !== 422) {
    const message = answer.status === 0 ? t("The server cannot be reached, so this is not checked yet.") : t("The server could not check this ({status}).", { status: answer.status });
    return { doc: null, told: [{ path: "", message }], places, unreachable: true };
  }
  const mistakes = answer.data.mistakes.map((/** @type {Mistake} */ mistake) => place(mistake));
  const doubts = (answer.data.doubts ?? []).map((/** @type {Mistake} */ doubt) => place(doubt, true));
  return { doc: mistakes.length ? null : value, told: [...mistakes, ...doubts], places };
}

/** Each mistake in words, with its path and line; a press leads there. @param {Told[]} told @param {((place: Told) => void) | null} go */
export function toldList(told, go) {
  return told.map((one) => {
    const { path, message, doubtful, at, line } = one;
    const where = [path, at === undefined || path.includes(" ") ? "" : t("line {line}", { line: line ?? 1 })].filter(Boolean).join(" · ");
    const box = h(go && at !== undefined ? "button" : "div", { class: `pb${doubtful ? " doubt" : ""}` }, icon(doubtful ? "i-warn" : "i-fail"), h("span", {}, h("b", {}, message), ...(where ? [h("code", {}, where)] : [])));
    if (go && at !== undefined) box.onclick = () => go(one);
    return h("li", {}, box);
  });
}
