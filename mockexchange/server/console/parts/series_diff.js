// @ts-check
// The difference of two series of requests, such as two runs of a client: what is asked and answered, in its order.
import { useEffect, useState } from "preact/hooks";
import { ask } from "../lib/api.js";
import { counted } from "../lib/format.js";
import { html } from "../lib/html.js";
import { CELLS_MAX, diffLines } from "../lib/line_diff.js";
import { refine } from "../lib/router.js";
import { attempt, close, show } from "./dialog.js";

const REST_MS = 200;

const SIGNS = /** @type {Record<string, string>} */ ({ same: " ", less: "A", more: "B", gap: "⋯" });

/**
 * @param {string} path of the sandbox
 * @param {string} filter the filter of the screen
 * @param {{a: number, b: number}} marks
 */
export async function showSeries(path, filter, marks) {
  const [a, b] = await startOf(path, filter, marks);
  show("Compare two runs", html`<${SeriesDiff} path=${path} a=${a} b=${b} />`, true);
}

/** Two filters to begin with: from mark A to mark B and from there on; or two accounts; or what the screen shows, twice. @param {string} path @param {string} filter @param {{a: number, b: number}} marks */
async function startOf(path, filter, marks) {
  if (marks.a && marks.b) {
    const [low, high] = [Math.min(marks.a, marks.b), Math.max(marks.a, marks.b)];
    return [`n:${low}-${high - 1}`, `n:${high}-`];
  }
  const { groups } = await ask("GET", `${path}/journal?short=true&last=0&group=account`);
  const accounts = groups.map((/** @type {any} */ one) => one.name).filter(Boolean).sort();
  return accounts.length > 1 ? [`account:${accounts[0]}`, `account:${accounts[1]}`] : [filter, filter];
}

/** The requests that match a filter, oldest first; null until they are read. @param {string} path @param {string} filter @returns {any[] | null} */
function useSeries(path, filter) {
  const [found, keep] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let isGone = false;
    const timer = setTimeout(() => attempt(async () => {
      const page = await ask("GET", `${path}/journal?short=true&filter=${encodeURIComponent(filter)}`);
      if (!isGone) keep({ filter, entries: page.entries });
    }), found ? REST_MS : 0);
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [path, filter]);
  return found?.filter === filter ? found.entries : null;
}

/** @param {{path: string, a: string, b: string}} props */
function SeriesDiff(props) {
  const [filters, set] = useState({ a: props.a, b: props.b });
  const [isExact, setExact] = useState(false);
  const read = [useSeries(props.path, filters.a), useSeries(props.path, filters.b)];
  const series = read.map((rows) => rows ?? []);
  const lines = series.map((rows) => rows.map((row) => lineOf(row, isExact)));
  const rows = lines[0].length * lines[1].length > CELLS_MAX ? null : diffLines(lines[0].join("\n"), lines[1].join("\n"));
  const open = (/** @type {number} */ number) => { close(); refine({ n: String(number) }); };
  const cell = (/** @type {any} */ row) => (row ? html`<button class="link" onClick=${() => open(row.number)}>${row.number}</button>` : "");
  const field = (/** @type {"a" | "b"} */ side, /** @type {number} */ at) => html`<label>${side.toUpperCase()} <input type="search" value=${filters[side]} spellcheck=${false} onInput=${(/** @type {any} */ event) => set({ ...filters, [side]: event.target.value })} /> <span class="dim">${read[at] ? counted(series[at].length, "request") : "…"}</span></label>`;
  return html`<div class="tools series">${field("a", 0)}${field("b", 1)}<label class="check"><input type="checkbox" checked=${isExact} onChange=${(/** @type {any} */ event) => setExact(event.target.checked)} /> queries too</label></div>
    <p class="dim">A run is a series of requests. A filter for each: numbers (<code>n:1-20</code>), accounts, operations. Marks A and B begin them.</p>
    ${read.includes(null) ? html`<p>Reading …</p>` : !rows ? html`<p>The runs are too long to compare.</p>` : !rows.length ? html`<p data-same>The runs are the same.</p>` : html`<table class="line-diff"><thead><tr><th scope="col" class="num">A #</th><th scope="col" class="num">B #</th><th scope="col">request and answer</th></tr></thead>
      <tbody>${rows.map((row, at) => html`<tr key=${at} class=${row.kind}><td class="num">${row.kind === "less" || row.kind === "same" ? cell(series[0][row.left - 1]) : ""}</td><td class="num">${row.kind === "more" || row.kind === "same" ? cell(series[1][row.right - 1]) : ""}</td><td>${SIGNS[row.kind]} ${row.text}</td></tr>`)}</tbody></table>`}`;
}

/** What is compared of a request; not its time, its account or its signature. @param {any} row @param {boolean} isExact */
function lineOf(row, isExact) {
  const target = isExact ? row.target : row.target.split("?")[0];
  return `${row.method} ${target} ${row.status || "cut"}${row.refusal ? ` ${row.refusal}` : ""}${row.fault ? ` fault ${row.fault}` : ""}`;
}
