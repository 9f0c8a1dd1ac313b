// @ts-check
// The difference of two requests and of their answers, by JSON path.
import { ask } from "../lib/api.js";
import { diffJson, ROWS_MAX } from "../lib/diff.js";
import { html } from "../lib/html.js";
import { show } from "./dialog.js";

/** @param {string} path @param {number} a @param {number} b */
export async function showDiff(path, a, b) {
  if (!a || !b) throw new Error("mark two requests first, with the keys a and b");
  const [left, right] = await Promise.all([a, b].map((number) => ask("GET", `${path}/journal/${number}?redact=true`)));
  const rows = diffJson(valueOf(left), valueOf(right));
  show(`#${a} and #${b}`, rows.length ? table(rows, a, b) : html`<p>They are the same, but for time, signature and number.</p>`, true);
}

/** @param {any} entry */
function valueOf(entry) {
  const [target, query] = entry.target.split("?");
  return { method: entry.method, path: target, query: Object.fromEntries(new URLSearchParams(query ?? "")), status: entry.status,
    account: entry.account, body: parsed(entry.body), answer: parsed(entry.answer) };
}

/** @param {string | null} text */
function parsed(text) {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return text;
  }
}

/** @param {import("../lib/diff.js").DiffRow[]} rows @param {number} a @param {number} b */
function table(rows, a, b) {
  return html`<table class="list diff"><thead><tr><th scope="col">path</th><th scope="col">#${a}</th><th scope="col">#${b}</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr><th scope="row">${row.path}</th><td class=${row.left === undefined ? "dim" : "left"}>${row.left ?? "not there"}</td>
      <td class=${row.right === undefined ? "dim" : "right"}>${row.right ?? "not there"}</td></tr>`)}</tbody></table>
    ${rows.length >= ROWS_MAX ? html`<p class="dim">The first ${ROWS_MAX} differences.</p>` : null}`;
}
