// @ts-check
// Requests as they come in, newest first, and why one was refused.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask, sandboxPath } from "../lib/api.js";
import { listen } from "../lib/feed.js";
import { counted, countOf, latencyOf, noneOf, scopeOf, timeOf } from "../lib/format.js";
import { html } from "../lib/html.js";
import { useKeys } from "../lib/keys.js";
import { place, refine } from "../lib/router.js";
import { countsOf, isRefused, newestOf, useRows } from "../lib/rows.js";
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
  const marks = useSignal({ a: 0, b: 0 });
  const said = useSignal("");
  const path = sandboxPath(sandbox);
  useSaying(said);
  const filter = query.q ?? "";
  const list = useRows(path, "journal", filter, { group: query.group });
  const listed = list.listed.value;
  const shown = listed.rows;
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
  const series = () => attempt(() => showSeries(path, filter, marks.value));
  const why = () => attempt(async () => {
    toRows();
    const { row } = await newestOf(path, "journal", filter, "is:refused");
    if (row) {
      await list.older(row.number);
      choose(idOf(row));
    } else tell(noneOf(listed, listed.matching, "request", `${filter ? "that matches " : ""}was refused`));
  });
  const diff = () => attempt(() => showDiff(path, marks.value.a, marks.value.b));
  useKeys([
    { keys: "j", label: "next row", run: () => step(1) },
    { keys: "k", label: "row above", run: () => step(-1) },
    { keys: "Enter", label: "to the details of the row", run: () => /** @type {any} */ (document.querySelector(".detail"))?.focus() },
    { keys: "Escape", label: "close the details", run: () => { refine({ n: "" }); toRows(); } },
    { keys: "w", label: "why: the newest refused request", run: why },
    { keys: "a", label: "mark the row as A", run: () => mark("a") },
    { keys: "b", label: "mark the row as B", run: () => mark("b") },
    { keys: "d", label: "difference of A and B", run: diff },
    { keys: "D", label: "compare two runs", run: series },
    { keys: ".", label: "follow: back to the newest", run: () => { refine({ n: "" }); document.querySelector(".rows")?.scrollTo(0, 0); } },
  ], [shown, open]);
  return html`<div class="tools">
      <${FilterLine} value=${filter} onChange=${(/** @type {string} */ text) => refine({ q: text })} hint="words, status:4xx, is:refused …" />
      <button aria-pressed=${filter === "is:refused"} onClick=${() => refine({ q: filter === "is:refused" ? "" : "is:refused" })}>refused <b>${countsOf(listed, "refused")}</b></button>
      <label>group <select value=${query.group ?? ""} onChange=${(/** @type {any} */ event) => refine({ group: event.target.value })}>
        ${["", "operation", "account", "diagnosis"].map((one) => html`<option value=${one} selected=${one === (query.group ?? "")}>${one || "none"}</option>`)}</select></label>
      <button disabled=${!(marks.value.a && marks.value.b)} onClick=${diff} title="what differs between two requests: open one and mark it as A, another as B">diff ${marks.value.a ? `#${marks.value.a}` : "A"} ↔ ${marks.value.b ? `#${marks.value.b}` : "B"}</button>
      <button onClick=${series} title="what two runs of a client asked and were answered differently (D)">compare runs</button>
      <button onClick=${() => attempt(() => exportHar(path, sandbox, filter))} title="save the newest 1,000 of the requests that match as an HTTP Archive, which browsers and other tools open">HAR</button>
      ${mayChange() ? html`<button onClick=${() => show("Clear the journal?", html`<${Sure} onClear=${() => clear(path, list.again)} />`)} title="forget all requests, frames and firings of this sandbox; accounts stay as they are">clear journal</button>` : null}
      <span class="push dim">${scopeOf(listed, "request")}</span>
    </div>
    <div class=${`split ${open ? "has-detail" : ""}`}>
      ${query.group ? html`<${Groups} groups=${listed.counts.groups} by=${query.group} onChoose=${(/** @type {string} */ text) => refine({ q: text, group: "" })} />`
        : html`<${Grid} label="Requests" rows=${shown} columns=${COLUMNS} idOf=${idOf} selected=${open} onSelect=${choose} onEnd=${list.more} total=${listed.matching}
          rowClass=${(/** @type {any} */ row) => (isRefused(row) ? "refused" : "")}
          empty=${listed.problem ? html`<p>${listed.problem}</p>` : !listed.isRead ? "Reading …" : listed.kept ? html`<p>${noneOf(listed, listed.kept, "request", "matches the filter")}</p>` : html`<${NoRequests} isCleared=${listed.first > 1} />`} />`}
      ${open ? html`<${RequestDetail} key=${open} number=${open} path=${path} sandbox=${sandbox} onMark=${mark} />` : null}
    </div>
    <div class="hidden" role="status">${said.value}</div>`;
}

/** Say how many requests came, for those who do not see them come. @param {any} said */
function useSaying(said) {
  useEffect(() => {
    let fresh = 0;
    let bad = 0;
    const stop = listen((events) => {
      const added = events.filter((one) => one.kind === "request");
      fresh += added.length;
      bad += added.filter((one) => isRefused(one.data)).length;
    });
    const timer = setInterval(() => {
      if (fresh) said.value = `${fresh} new, ${bad} refused`;
      fresh = 0;
      bad = 0;
    }, SAY_MS);
    return () => {
      clearInterval(timer);
      stop();
    };
  }, []);
}

/** @param {string} path @param {() => void} onDone */
async function clear(path, onDone) {
  await ask("DELETE", `${path}/journal`);
  onDone();
  tell("requests, frames and firings are cleared; numbers continue");
}

/** @param {{onClear: () => Promise<void>}} props */
function Sure(props) {
  const act = () => attempt(async () => { await props.onClear(); close(); });
  return html`<p>All requests of this sandbox, the frames of its streams and the list of what fired are forgotten. Accounts and markets stay as they are.</p>
    <div class="actions"><button class="danger" onClick=${act}>Clear</button><button onClick=${close}>Cancel</button></div>`;
}

/** @param {string} path @param {string} sandbox @param {string} filter */
async function exportHar(path, sandbox, filter) {
  const asked = `filter=${encodeURIComponent(filter)}`;
  const { matching, count } = await ask("GET", `${path}/journal?short=true&last=0&${asked}`);
  const kept = await ask("GET", `${path}/journal?redact=true&last=${EXPORT_MAX}&before=${count + 1}&${asked}`);
  save(`${sandbox}.har`, "application/json", JSON.stringify(toHar(kept), null, 1));
  tell(`${countOf(kept.length)} of ${counted(matching, "request")} exported`);
}
