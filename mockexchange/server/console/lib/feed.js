// @ts-check
// The event stream of one sandbox by fetch, which can send the token. It resumes by Last-Event-ID, and reaches the
// page in an animation frame, at most ten times a second.
import { signal } from "@preact/signals";
import { forgetToken, hasKept, headers, sandboxPath } from "./api.js";
import { makeParser } from "./sse.js";

/** @typedef {import("./sse.js").LiveEvent} LiveEvent */

const RETRY_MS = [250, 500, 1_000, 2_000, 5_000];
/** Interval of flushes: the first of a burst is shown at once, a stream of them ten times a second. */
const FLUSH_MS = 100;
const KINDS = "command,request,frame,script,fault,clock";

/** live, waiting, paused or ended; events in the last second; events that were lost. */
export const live = signal({ state: "waiting", rate: 0, lost: 0 });
/** Since when the server has not answered, by the clock of this machine; empty while it does. */
export const silentSince = signal("");
/** Counts the times that the sandbox began anew: what a screen has read before is of the old one. */
export const epoch = signal(0);

/** @type {Set<(events: LiveEvent[]) => void>} */
const listeners = new Set();
/** @type {LiveEvent[]} */
let arrived = [];
let isDue = false;
let flushedAt = 0;
let counted = 0;
/** @type {AbortController | null} */
let current = null;
let lastId = "";
/** Whether the sandbox ended, so that the next stream is of another one. */
let isNew = false;
let sandbox = "";

/** @param {(events: LiveEvent[]) => void} listener */
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @param {string} name */
export function watch(name) {
  if (name === sandbox && current) return;
  sandbox = name;
  lastId = "";
  silentSince.value = "";
  live.value = { state: "waiting", rate: 0, lost: 0 };
  epoch.value += 1;
  restart();
}

export function stopWatching() {
  current?.abort();
  current = null;
}

function restart() {
  current?.abort();
  current = new AbortController();
  void run(sandbox, current.signal);
}

document.addEventListener("visibilitychange", () => {
  if (!sandbox || !hasKept()) return;
  if (document.hidden) {
    stopWatching();
    live.value = { ...live.value, state: "paused", rate: 0 };
  } else restart();
});

setInterval(() => {
  if (live.value.rate !== counted) live.value = { ...live.value, rate: counted };
  counted = 0;
}, 1_000);

/** @param {string} name @param {AbortSignal} signal */
async function run(name, signal) {
  for (let tries = 0; !signal.aborted; tries += 1) {
    try {
      const isOver = await readOnce(name, signal, () => {
        tries = 0;
      });
      if (isOver) tries = 0;
    } catch {
      // No answer: the server restarts, or is gone.
      if (!signal.aborted) silentSince.value ||= new Date().toTimeString().slice(0, 8);
    }
    if (signal.aborted) return;
    live.value = { ...live.value, state: "waiting", rate: 0 };
    await new Promise((done) => setTimeout(done, RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]));
  }
}

/** @param {string} name @param {AbortSignal} signal @param {() => void} onOpen */
async function readOnce(name, signal, onOpen) {
  const resumed = lastId;
  /** @type {Record<string, string>} */
  const more = resumed ? { "Last-Event-ID": resumed } : {};
  const url = `/_mock${sandboxPath(name)}/events?short=true&kinds=${KINDS}`;
  const answer = await fetch(url, { headers: headers(more), signal, cache: "no-store" });
  if (answer.status === 401) {
    forgetToken();
    stopWatching();
    return true;
  }
  if (!answer.ok || !answer.body) throw new Error(String(answer.status));
  onOpen();
  silentSince.value = "";
  live.value = { ...live.value, state: "live" };
  const decoder = new TextDecoder();
  const reader = answer.body.getReader();
  let isOver = false;
  const parse = makeParser((event) => {
    lastId = event.id || lastId;
    if (event.kind === "lost" || event.kind === "end") isOver = handleGap(event, resumed);
    else take(event);
  });
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return isOver;
    parse(decoder.decode(value, { stream: true }));
  }
}

/** @param {LiveEvent} event @param {string} resumed */
function handleGap(event, resumed) {
  if (event.kind === "end") {
    lastId = "";
    isNew = true;
    return true;
  }
  const count = event.data.lost;
  if (count === null && resumed) epoch.value += 1; // another server or sandbox: read everything again
  else live.value = { ...live.value, lost: live.value.lost + (count ?? 0) };
  return false;
}

/** @param {LiveEvent} event */
function take(event) {
  if (event.kind === "begin") {
    if (isNew) epoch.value += 1;
    isNew = false;
    return;
  }
  counted += 1;
  arrived.push(event);
  if (!isDue) {
    isDue = true;
    const wait = flushedAt + FLUSH_MS - performance.now();
    if (wait <= 0) requestAnimationFrame(flush);
    else setTimeout(() => requestAnimationFrame(flush), wait);
  }
}

function flush() {
  isDue = false;
  flushedAt = performance.now();
  const events = arrived;
  arrived = [];
  for (const listener of listeners) listener(events);
}
