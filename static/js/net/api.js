/** The JSON API: every answer is {ok, status, data}; a lost connection is status 0, never an exception. */

/**
 * @typedef {{ok: boolean, status: number, data: any}} Answer
 */

export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
}

/**
 * @param {string} method
 * @param {string} url
 * @param {unknown} [body]
 * @returns {Promise<Answer>}
 */
export async function request(method, url, body) {
  /** @type {RequestInit} */
  const options = { method, headers: { Accept: "application/json", "X-CSRFToken": csrfToken() }, credentials: "same-origin" };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { ...options.headers, "Content-Type": "application/json" };
  }
  try {
    const response = await fetch(url, options);
    const text = await response.text();
    let data = null;
    try { data = text ? JSON.parse(text) : null; } catch { data = null; }
    return { ok: response.ok, status: response.status, data };
  } catch {
    return { ok: false, status: 0, data: null };
  }
}
