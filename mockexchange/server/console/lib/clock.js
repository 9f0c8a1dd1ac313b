// @ts-check
// The exchange's clock: read once, then moved on locally at its scale, and set right by events.
import { signal } from "@preact/signals";
import { ask, sandboxPath } from "./api.js";

export const clock = signal({ mode: "", now: "", readAt: 0 });

/** @param {{mode: string, now: string}} shown */
export function setClock(shown) {
  clock.value = { ...shown, readAt: performance.now() };
}

/** @param {string} name */
export async function readClock(name) {
  setClock(await ask("GET", `${sandboxPath(name)}/clock`));
}

/** @param {string} name @param {unknown} body */
export async function moveClock(name, body) {
  setClock(await ask("POST", `${sandboxPath(name)}/clock`, body));
}

/** Go to the next step of the script. Returns its name, or null if none waits. @param {string} name */
export async function toNextStep(name) {
  const steps = await ask("GET", `${sandboxPath(name)}/script`);
  const waiting = steps.filter((/** @type {any} */ one) => one.next);
  if (!waiting.length) return null;
  waiting.sort((/** @type {any} */ a, /** @type {any} */ b) => (micros(a.next) < micros(b.next) ? -1 : 1));
  const shown = await ask("GET", `${sandboxPath(name)}/clock`);
  const ahead = micros(waiting[0].next) - micros(shown.now);
  await moveClock(name, { advance: `${ahead > 0n ? ahead : 0n}us` });
  return waiting[0].name;
}

/** Microseconds since 1970; a Date has milliseconds only. @param {string} instant */
export function micros(instant) {
  const [whole, fraction = ""] = instant.slice(0, -1).split(".");
  return BigInt(Date.parse(`${whole}Z`)) * 1_000n + BigInt(fraction.padEnd(6, "0"));
}

/** The last instant before one. @param {string} instant */
export function before(instant) {
  const at = micros(instant) - 1n;
  return `${new Date(Number(at / 1_000n)).toISOString().slice(0, 19)}.${String(at % 1_000_000n).padStart(6, "0")}Z`;
}

/** @param {{mode: string, now: string, readAt: number}} shown */
export function nowOf(shown) {
  if (!shown.now) return "";
  const scale = shown.mode === "paused" ? 0 : shown.mode === "real" ? 1 : Number.parseFloat(shown.mode);
  const at = Date.parse(shown.now) + (performance.now() - shown.readAt) * scale;
  return Number.isFinite(at) && at < 253402300799999 ? new Date(at).toISOString() : shown.now;
}
