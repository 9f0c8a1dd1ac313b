// @ts-check
// Requests as they come in, newest first, and why one was refused.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { ask, sandboxPath } from "../lib/api.js";
import { epoch, listen } from "../lib/feed.js";
import { isRefused, matches, parseFilter } from "../lib/filter.js";
import { countOf, latencyOf, noneOf, scopeOf, timeOf } from "../lib/format.js";
import { html } from "../lib/html.js";
import { useKeys } from "../lib/keys.js";
import { place, refine } from "../lib/router.js";
import { mayChange } from "../lib/state.js";
import { attempt, close, save, show, tell } from "../parts/dialog.js";
import { FilterLine } from "../parts/filter_line.js";
import { Grid, toRows } from "../parts/grid.js";
import { NoRequests } from "../parts/no_requests.js";
import { Groups } from "../parts/request_groups.js";
import { RequestDetail } from "../parts/request_detail.js";
import { showDiff } from "../parts/request_diff.js";
import { showSeries } from "../parts/series_diff.js";
import { toHar } from "../lib/har.js";

const PAGE_ROWS = 200;
const ROWS_MAX = 10_000;
const EXPORT_MAX = 1_000;
const SAY_MS = 5_000;

/** @param {any} row */
export function statusOf(row) {
  const mark = row.status === 0 ? "✕" : row.status >= 400 ? "✕" : row.fault || row.stub ? "!" : "✓";
  return html`<span class=${`status ${isRefused(row) ? "bad" : row.fault || row.stub ? "odd" : "good"}`}>${mark} ${row.status || "cut"}</span>`;
}

/** @param {any} row */
function tagsOf(row) {
  return html`${row.fault ? html`<em class="tag odd">fault ${row.fault}</em>` : null}${row.stub ? html`<em class="tag odd">stub ${row.stub}</em>` : null}${row.findings.length ? html`<em class="tag bad">${row.findings.length} finding${row.findings.length > 1 ? "s" : ""}</em>` : null}<span class="why">${row.diagnosis ?? ""}</span>`;
}

const COLUMNS = [
  { key: "number", title: "#", width: "3.6rem", isNumber: true, cell: (/** @type {any} */ row) => row.number },
  { key: "at", title: "exchange time", width: "7.2rem", cell: (/** @type {any} */ row) => timeOf(row.at) },
  { key: "status", title: "status", width: "4.6rem", cell: statusOf },
  { key: "account", title: "account", width: "6.5rem", cell: (/** @type {any} */ row) => row.account ?? "–" },
  { key: "operation", title: "operation", width: "minmax(7rem, 15rem)", cell: (/** @type {any} */ row) => row.operation ?? html`<span class="dim">${row.method} ${row.target}</span>` },
  { key: "latency", title: "took", width: "4.6rem", isNumber: true, cell: (/** @type {any} */ row) => latencyOf(row.latency_us) },
  { key: "why", title: "why", width: "minmax(8rem, 1fr)", cell: tagsOf },
];

/** @param {any} row */
const idOf = (row) => String(row.number);

export function Requests() {
  const { sandbox, query } = place.value;
  const rows = useSignal(/** @type {any[]} */ ([]));
  const meta = useSignal({ first: 1, isWhole: false, isRead: false });
  const found = useSignal(/** @type {Set<number> | null} */ (null));
  const marks = useSignal({ a: 0, b: 0 });
  const said = useSignal("");
  const path = sandboxPath(sandbox);
  useReading(path, rows, meta, said);
  const filter = query.q ?? "";
  const terms = useMemo(() => parseFilter(filter), [filter]);
  useSearch(path, terms, found, rows.value.length);
  const shown = useMemo(() => rows.value.filter((row) => matches(row, terms) && (!found.value || found.value.has(row.number))),
    [rows.value, terms, found.value]);
  const open = query.n ?? "";
  const choose = (/** @type {string} */ id) => refine({ n: id });
  const step = (/** @type {number} */ by) => {
    const at = shown.findIndex((row) => idOf(row) === place.value.query.n); // keys may be quicker than rendering
    const next = shown[at < 0 ? 0 : Math.max(0, Math.min(shown.length - 1, at + by))];
    if (next) choose(idOf(next));
    toRows();
  };
  const mark = (/** @type {"a" | "b"} */ side) => {
    const number = place.value.query.n;
    if (!number) return;
    marks.value = { ...marks.value, [side]: Number(number) };
    tell(`#${number} is ${side.toUpperCase()}${marks.value.a && marks.value.b ? ": d shows the difference" : ""}`);
  };
  const series = () => showSeries(rows.value, filter, marks.value);
  const diff = () => attempt(() => showDiff(path, marks.value.a, marks.value.b));
  useKeys([
    { keys: "j", label: "next row", run: () => step(1) },
    { keys: "k", label: "row above", run: () => step(-1) },
    { keys: "Enter", label: "to the details of the row", run: () => /** @type {any} */ (document.querySelector(".detail"))?.focus() },
    { keys: "Escape", label: "close the details", run: () => { refine({ n: "" }); toRows(); } },
    { keys: "w", label: "why: the newest refused request", run: () => { const row = shown.find(isRefused); if (row) choose(idOf(row)); else tell(noneOf(shown.length, "request", "was refused", Boolean(filter), meta.value)); toRows(); } },
    { keys: "a", label: "mark the row as A", run: () => mark("a") },
    { keys: "b", label: "mark the row as B", run: () => mark("b") },
    { keys: "d", label: "difference of A and B", run: diff },
    { keys: "D", label: "compare two runs", run: series },
    { keys: ".", label: "follow: back to the newest", run: () => { refine({ n: "" }); document.querySelector(".rows")?.scrollTo(0, 0); } },
  ], [shown, open]);
  const refused = rows.value.reduce((count, row) => count + (isRefused(row) ? 1 : 0), 0);
  return html`<div class="tools">
      <${FilterLine} value=${filter} onChange=${(/** @type {string} */ text) => refine({ q: text })} hint="words, status:4xx, is:refused …" />
      <button aria-pressed=${filter === "is:refused"} onClick=${() => refine({ q: filter === "is:refused" ? "" : "is:refused" })}>refused <b>${countOf(refused)}${meta.value.isWhole ? "" : " …"}</b></button>
      <label>group <select value=${query.group ?? ""} onChange=${(/** @type {any} */ event) => refine({ group: event.target.value })}>
        ${["", "operation", "account", "diagnosis"].map((one) => html`<option value=${one} selected=${one === (query.group ?? "")}>${one || "none"}</option>`)}</select></label>
      <button disabled=${!(marks.value.a && marks.value.b)} onClick=${diff} title="what differs between two requests: open one and mark it as A, another as B">diff ${marks.value.a ? `#${marks.value.a}` : "A"} ↔ ${marks.value.b ? `#${marks.value.b}` : "B"}</button>
      <button onClick=${series} title="what two runs of a client asked and were answered differently (D)">compare runs</button>
      <button onClick=${() => attempt(() => exportHar(path, sandbox, shown))} title="save the newest 1,000 of the rows shown as an HTTP Archive, which browsers and other tools open">HAR</button>
      ${mayChange() ? html`<button onClick=${() => show("Clear the journal?", html`<${Sure} onClear=${() => clear(path, rows, meta)} />`)} title="forget all requests, frames and firings of this sandbox; accounts stay as they are">clear journal</button>` : null}
      <span class="push dim">${scopeOf(shown.length, rows.value, "requests", meta.value)}</span>
    </div>
    <div class=${`split ${open ? "has-detail" : ""}`}>
      ${query.group ? html`<${Groups} rows=${shown} by=${query.group} onChoose=${(/** @type {string} */ text) => refine({ q: text, group: "" })} />`
        : html`<${Grid} label="Requests" rows=${shown} columns=${COLUMNS} idOf=${idOf} selected=${open} onSelect=${choose}
          rowClass=${(/** @type {any} */ row) => (isRefused(row) ? "refused" : "")}
          empty=${rows.value.length ? html`<p>${meta.value.isWhole ? noneOf(rows.value.length, "request", "matches the filter", false, meta.value) : "Reading …"}</p>` : meta.value.isRead ? html`<${NoRequests} isCleared=${meta.value.first > 1} />` : "Reading …"} />`}
      ${open ? html`<${RequestDetail} key=${open} number=${open} path=${path} sandbox=${sandbox} onMark=${mark} />` : null}
    </div>
    <div class="hidden" role="status">${said.value}</div>`;
}

/** Read the newest page, all that is kept besides, and then what happens: filters and counts are of all that is kept. @param {string} path @param {any} rows @param {any} meta @param {any} said */
function useReading(path, rows, meta, said) {
  useEffect(() => {
    let isGone = false;
    let fresh = 0;
    let bad = 0;
    rows.value = [];
    meta.value = { first: 1, isWhole: false, isRead: false };
    const stop = listen((events) => {
      const added = events.filter((one) => one.kind === "request").map((one) => one.data);
      if (!added.length) return;
      fresh += added.length;
      bad += added.filter(isRefused).length;
      rows.value = merged(rows.value, added.reverse());
    });
    const timer = setInterval(() => {
      if (fresh) said.value = `${fresh} new, ${bad} refused`;
      fresh = 0;
      bad = 0;
    }, SAY_MS);
    void attempt(async () => {
      const page = await ask("GET", `${path}/journal?short=true&last=${PAGE_ROWS}`);
      if (isGone) return;
      rows.value = merged(rows.value, page.entries.reverse());
      const oldest = rows.value[rows.value.length - 1]?.number ?? 0;
      meta.value = { first: page.first, isWhole: oldest <= page.first, isRead: true };
      if (meta.value.isWhole) return;
      const rest = await ask("GET", `${path}/journal?short=true&before=${oldest}`);
      if (isGone) return;
      rows.value = merged(rows.value, rest.entries.reverse());
      meta.value = { first: rest.first, isWhole: true, isRead: true };
    });
    return () => {
      isGone = true;
      clearInterval(timer);
      stop();
    };
  }, [path, epoch.value]);
}

/** Join rows, newest first. @param {any[]} known @param {any[]} added */
function merged(known, added) {
  if (!known.length || (added.length && added[added.length - 1].number > known[0].number)) {
    return [...added, ...known].slice(0, ROWS_MAX);
  }
  const numbers = new Set(known.map((row) => row.number));
  const all = [...known, ...added.filter((row) => !numbers.has(row.number))];
  all.sort((left, right) => right.number - left.number);
  return all.slice(0, ROWS_MAX);
}

/** Ask the server for the rows whose bodies have a text. @param {string} path @param {any[]} terms @param {any} found @param {number} count */
function useSearch(path, terms, found, count) {
  const term = terms.find((one) => one.key === "body" && one.value);
  useEffect(() => {
    if (!term) {
      found.value = null;
      return undefined;
    }
    const timer = setTimeout(() => attempt(async () => {
      const page = await ask("GET", `${path}/journal?short=true&q=${encodeURIComponent(term.value)}`);
      found.value = new Set(page.entries.map((/** @type {any} */ one) => one.number));
    }), 250);
    return () => clearTimeout(timer);
  }, [path, term?.value, Math.floor(count / 20), epoch.value]);
}

/** @param {string} path @param {any} rows @param {any} meta */
async function clear(path, rows, meta) {
  const first = (rows.value[0]?.number ?? meta.value.first - 1) + 1;
  await ask("DELETE", `${path}/journal`);
  rows.value = [];
  meta.value = { first, isWhole: true, isRead: true };
  tell("requests, frames and firings are cleared; numbers continue");
}

/** @param {{onClear: () => Promise<void>}} props */
function Sure(props) {
  const act = () => attempt(async () => { await props.onClear(); close(); });
  return html`<p>All requests of this sandbox, the frames of its streams and the list of what fired are forgotten. Accounts and markets stay as they are.</p>
    <div class="actions"><button class="danger" onClick=${act}>Clear</button><button onClick=${close}>Cancel</button></div>`;
}

/** @param {string} path @param {string} sandbox @param {any[]} shown */
async function exportHar(path, sandbox, shown) {
  const wanted = new Set(shown.slice(0, EXPORT_MAX).map((row) => row.number));
  const range = `after=${Math.min(...wanted) - 1}&before=${Math.max(...wanted) + 1}`;
  const entries = wanted.size ? await ask("GET", `${path}/journal?redact=true&${range}`) : [];
  const kept = entries.filter((/** @type {any} */ one) => wanted.has(one.number));
  save(`${sandbox}.har`, "application/json", JSON.stringify(toHar(kept), null, 1));
  tell(`${countOf(kept.length)} of the ${countOf(shown.length)} requests shown are exported`);
}
