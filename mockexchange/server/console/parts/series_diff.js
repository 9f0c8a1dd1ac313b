// @ts-check
// The difference of two series of requests, such as two runs of a client: what is asked and answered, in its order.
import { useState } from "preact/hooks";
import { matches, parseFilter } from "../lib/filter.js";
import { countOf } from "../lib/format.js";
import { html } from "../lib/html.js";
import { CELLS_MAX, diffLines } from "../lib/line_diff.js";
import { refine } from "../lib/router.js";
import { close, show } from "./dialog.js";

const SIGNS = /** @type {Record<string, string>} */ ({ same: " ", less: "A", more: "B", gap: "⋯" });

/**
 * @param {any[]} rows the newest first
 * @param {string} filter the filter of the screen
 * @param {{a: number, b: number}} marks
 */
export function showSeries(rows, filter, marks) {
  const [a, b] = startOf(rows, filter, marks);
  show("Compare two runs", html`<${SeriesDiff} rows=${rows} a=${a} b=${b} />`, true);
}

/** Two filters to begin with: from mark A to mark B and from there on; or two accounts; or what the screen shows, twice. @param {any[]} rows @param {string} filter @param {{a: number, b: number}} marks */
function startOf(rows, filter, marks) {
  if (marks.a && marks.b) {
    const [low, high] = [Math.min(marks.a, marks.b), Math.max(marks.a, marks.b)];
    return [`n:${low}-${high - 1}`, `n:${high}-`];
  }
  const accounts = [...new Set(rows.map((row) => row.account).filter(Boolean))].sort();
  return accounts.length > 1 ? [`account:${accounts[0]}`, `account:${accounts[1]}`] : [filter, filter];
}

/** @param {{rows: any[], a: string, b: string}} props */
function SeriesDiff(props) {
  const [filters, set] = useState({ a: props.a, b: props.b });
  const [isExact, setExact] = useState(false);
  const series = [filters.a, filters.b].map((text) => {
    const terms = parseFilter(text);
    return props.rows.filter((row) => matches(row, terms)).reverse();
  });
  const lines = series.map((rows) => rows.map((row) => lineOf(row, isExact)));
  const rows = lines[0].length * lines[1].length > CELLS_MAX ? null : diffLines(lines[0].join("\n"), lines[1].join("\n"));
  const open = (/** @type {number} */ number) => { close(); refine({ n: String(number) }); };
  const cell = (/** @type {any} */ row) => (row ? html`<button class="link" onClick=${() => open(row.number)}>${row.number}</button>` : "");
  const field = (/** @type {"a" | "b"} */ side, /** @type {number} */ at) => html`<label>${side.toUpperCase()} <input type="search" value=${filters[side]} spellcheck=${false} onInput=${(/** @type {any} */ event) => set({ ...filters, [side]: event.target.value })} /> <span class="dim">${countOf(series[at].length)} request${series[at].length === 1 ? "" : "s"}</span></label>`;
  return html`<div class="tools series">${field("a", 0)}${field("b", 1)}<label class="check"><input type="checkbox" checked=${isExact} onChange=${(/** @type {any} */ event) => setExact(event.target.checked)} /> queries too</label></div>
    <p class="dim">A run is a series of requests. A filter for each: numbers (<code>n:1-20</code>), accounts, operations. Marks A and B begin them.</p>
    ${!rows ? html`<p>The runs are too long to compare.</p>` : !rows.length ? html`<p data-same>The runs are the same.</p>` : html`<table class="line-diff"><thead><tr><th scope="col" class="num">A #</th><th scope="col" class="num">B #</th><th scope="col">request and answer</th></tr></thead>
      <tbody>${rows.map((row, at) => html`<tr key=${at} class=${row.kind}><td class="num">${row.kind === "less" || row.kind === "same" ? cell(series[0][row.left - 1]) : ""}</td><td class="num">${row.kind === "more" || row.kind === "same" ? cell(series[1][row.right - 1]) : ""}</td><td>${SIGNS[row.kind]} ${row.text}</td></tr>`)}</tbody></table>`}`;
}

/** What is compared of a request; not its time, its account or its signature. @param {any} row @param {boolean} isExact */
function lineOf(row, isExact) {
  const target = isExact ? row.target : row.target.split("?")[0];
  return `${row.method} ${target} ${row.status || "cut"}${row.refusal ? ` ${row.refusal}` : ""}${row.fault ? ` fault ${row.fault}` : ""}`;
}
