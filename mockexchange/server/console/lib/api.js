// @ts-check
// The control API: one function, and the token of this tab.

const TOKEN = "mockexchange.token";

export class ApiError extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {string} [where] */
  constructor(status, code, message, where) {
    super(where ? `${where}: ${message}` : message);
    this.status = status;
    this.code = code;
    this.where = where;
    this.plain = message;
  }
}

/** @type {() => void} */
let forgotten = () => {};

/** @param {() => void} listener Called when the server no longer takes the token. */
export function onForgotten(listener) {
  forgotten = listener;
}

/** Whether the address is a link with a one-time code. */
export function isLink() {
  return location.hash.startsWith("#code=");
}

/**
 * Take the code out of the address and exchange it for a token, which this tab keeps from now on. The browser's history
 * has the address as it was opened; the code in it is spent then. Throws ApiError if it is spent already.
 */
export async function openLink() {
  const [, code, rest] = location.hash.match(/^#code=([^&]*)&?(.*)$/) ?? ["", "", ""];
  history.replaceState(null, "", `${location.pathname}#${rest}`);
  keepToken((await ask("POST", "/console/token", { code })).token);
}

export function hasKept() {
  return Boolean(sessionStorage.getItem(TOKEN));
}

/** @param {string} token */
export function keepToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

export function forgetToken() {
  sessionStorage.removeItem(TOKEN);
  forgotten();
}

/** @param {Record<string, string>} [more] */
export function headers(more) {
  return { Authorization: `Bearer ${sessionStorage.getItem(TOKEN)}`, ...more };
}

/**
 * Ask the control API. Throws ApiError with the server's own words, or the browser's TypeError without an answer.
 * @param {string} method
 * @param {string} path below /_mock
 * @param {unknown} [body]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function ask(method, path, body, signal) {
  const text = await askText(method, path, body, signal);
  return text ? JSON.parse(text) : null;
}

/** Read JSON lines. @param {string} path below /_mock @returns {Promise<any[]>} */
export async function askLines(path) {
  return (await askText("GET", path)).split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {AbortSignal} [signal]
 */
async function askText(method, path, body, signal) {
  const sent = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  // Answers that have a sandbox come without its private keys.
  const given = headers({ Prefer: "return=minimal" });
  const answer = await fetch(`/_mock${path}`, { method, body: sent, signal, headers: given, cache: "no-store" });
  const text = await answer.text();
  if (answer.status === 401) forgetToken();
  if (!answer.ok) {
    const error = errorOf(text);
    throw new ApiError(answer.status, error.code, error.message, error.where);
  }
  return text;
}

/** @param {string} text */
function errorOf(text) {
  try {
    return JSON.parse(text).error;
  } catch {
    return { code: "no_answer", message: text.slice(0, 200) || "no answer" };
  }
}

/** @param {string} name */
export function sandboxPath(name) {
  return `/sandboxes/${encodeURIComponent(name)}`;
}
