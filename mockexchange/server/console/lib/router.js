// @ts-check
// The address: #/s/{sandbox}/{screen}?filter. A link names sandbox, screen, filter and the open row.
import { signal } from "@preact/signals";

/** @typedef {{sandbox: string, screen: string, query: Record<string, string>}} Place */

/** @returns {Place} */
function read() {
  const [path, query] = location.hash.replace(/^#/, "").split("?");
  const [, kind, sandbox, screen] = path.split("/");
  return {
    sandbox: kind === "s" && sandbox ? decodeURIComponent(sandbox) : "default",
    screen: screen || "requests",
    query: Object.fromEntries(new URLSearchParams(query ?? "")),
  };
}

export const place = signal(read());

/** Whether the address names a sandbox. */
export function isNamed() {
  return /^#\/s\/./.test(location.hash);
}

addEventListener("hashchange", () => {
  if (!location.hash.startsWith("#code=")) place.value = read();
});

/** @param {Partial<Place>} change */
export function addressOf(change) {
  const next = { ...place.value, ...change };
  const query = new URLSearchParams(Object.entries(next.query).filter(([, value]) => value !== ""));
  const text = query.toString();
  return `#/s/${encodeURIComponent(next.sandbox)}/${next.screen}${text ? `?${text}` : ""}`;
}

/** @param {Partial<Place>} change */
export function go(change) {
  location.hash = addressOf({ query: {}, ...change });
}

/** Change the filter without a step in the history. @param {Record<string, string>} change */
export function refine(change) {
  history.replaceState(null, "", addressOf({ query: { ...place.value.query, ...change } }));
  place.value = read();
}
