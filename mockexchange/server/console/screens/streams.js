// @ts-check
// Streams: open connections with their subscriptions, a timeline of frames by subscription, and the frames.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ask, sandboxPath } from "../lib/api.js";
import { epoch, listen } from "../lib/feed.js";
import { matches, parseFilter } from "../lib/filter.js";
import { countOf, noneOf, scopeOf, sizeOf, timeOf } from "../lib/format.js";
import { gapOf, SequenceWatch } from "../lib/gaps.js";
import { html } from "../lib/html.js";
import { useKeys } from "../lib/keys.js";
import { laneKeyOf } from "../lib/lanes.js";
import { place, refine } from "../lib/router.js";
import { mayChange } from "../lib/state.js";
import { attempt, tell } from "../parts/dialog.js";
import { FilterLine } from "../parts/filter_line.js";
import { FrameDetail } from "../parts/frame_detail.js";
import { Grid, toRows } from "../parts/grid.js";
import { StreamTable } from "../parts/stream_table.js";
import { Timeline } from "../parts/timeline.js";

const PAGE_ROWS = 500;
const ROWS_MAX = 10_000;
const READ_MS = 1_000;
const DRAW_MS = 250;

/** @param {any} row */
function directionOf(row) {
  return row.direction === "lost" ? html`<span class="bad">✕ lost</span>` : row.direction === "in" ? html`<span class="dim" title="from the client">← in</span>` : html`<span title="to the client">→ out</span>`;
}

const COLUMNS = [
  { key: "number", title: "#", width: "4rem", isNumber: true, cell: (/** @type {any} */ row) => row.number },
  { key: "at", title: "exchange time", width: "7.2rem", cell: (/** @type {any} */ row) => timeOf(row.at) },
  { key: "connection", title: "stream", width: "3.6rem", isNumber: true, cell: (/** @type {any} */ row) => row.connection },
  { key: "direction", title: "way", width: "4rem", cell: directionOf },
  { key: "account", title: "account", width: "6.5rem", cell: (/** @type {any} */ row) => row.account ?? "–" },
  { key: "kind", title: "kind", width: "minmax(7rem, 12rem)", cell: (/** @type {any} */ row) => row.kind || "–" },
  { key: "sid", title: "sid", width: "2.6rem", isNumber: true, cell: (/** @type {any} */ row) => row.sid ?? "–" },
  { key: "seq", title: "seq", width: "3.6rem", isNumber: true, cell: (/** @type {any} */ row) => (row.missing ? html`<b class="bad">${row.seq}</b>` : row.seq ?? "–") },
  { key: "size", title: "size", width: "4.6rem", isNumber: true, cell: (/** @type {any} */ row) => sizeOf(row.size) },
  { key: "why", title: "note", width: "minmax(7rem, 1fr)", cell: (/** @type {any} */ row) => html`${row.fault ? html`<em class="tag odd">fault ${row.fault}</em>` : null}${row.missing ? html`<em class="tag bad">${gapOf(row)}</em>` : null}${row.note}` },
];

/** @param {any} row */
const idOf = (row) => String(row.number);

export function Streams() {
  const { sandbox, query } = place.value;
  const path = sandboxPath(sandbox);
  const frames = useSignal(/** @type {any[]} */ ([]));
  const open = useSignal(/** @type {any[]} */ ([]));
  const meta = useSignal({ first: 1, isWhole: false });
  const isFrozen = useSignal(false);
  useReading(path, frames, open, meta, isFrozen);
  const filter = query.q ?? "";
  const terms = useMemo(() => parseFilter(filter), [filter]);
  const shown = useMemo(() => frames.value.filter((row) => matches(row, terms)), [frames.value, terms]);
  const chosen = query.n ?? "";
  const choose = (/** @type {string} */ id) => refine({ n: id });
  const step = (/** @type {number} */ by) => {
    const at = shown.findIndex((row) => idOf(row) === place.value.query.n);
    const next = shown[at < 0 ? 0 : Math.max(0, Math.min(shown.length - 1, at + by))];
    if (next) choose(idOf(next));
    toRows();
  };
  const freeze = () => { isFrozen.value = !isFrozen.value; };
  useKeys([
    { keys: "j", label: "next frame", run: () => step(1) },
    { keys: "k", label: "frame above", run: () => step(-1) },
    { keys: "Escape", label: "close the details", run: () => { refine({ n: "" }); toRows(); } },
    { keys: "Enter", label: "to the details of the row", run: () => /** @type {any} */ (document.querySelector(".detail"))?.focus() },
    { keys: "w", label: "why: the newest frame that is missing or was disturbed", run: () => { const row = shown.find((one) => one.fault || one.note || one.missing || one.direction === "lost"); if (row) choose(idOf(row)); else tell(noneOf(shown.length, "frame", "is missing or was disturbed", Boolean(filter), meta.value)); toRows(); } },
    { keys: ".", label: "follow, or freeze", run: freeze },
  ], [shown, chosen]);
  const drawn = useLate(useMemo(() => withLanes(frames.value, shown), [frames.value, shown]));
  const timeline = useMemo(() => html`<${Timeline} frames=${drawn} selected=${chosen} onSelect=${choose} />`, [drawn, chosen]);
  const lost = useMemo(() => frames.value.reduce((count, row) => count + (row.direction === "lost" ? 1 : 0), 0), [frames.value]);
  const gaps = useMemo(() => frames.value.reduce((count, row) => count + (row.missing ? 1 : 0), 0), [frames.value]);
  return html`<div class="tools"><${FilterLine} value=${filter} onChange=${(/** @type {string} */ text) => refine({ q: text })} hint="words, stream:1, channel:fill, is:gap …" />
      <button aria-pressed=${filter === "dir:lost"} onClick=${() => refine({ q: filter === "dir:lost" ? "" : "dir:lost" })}>lost <b>${countOf(lost)}${meta.value.isWhole ? "" : " …"}</b></button>
      <button aria-pressed=${filter === "is:gap"} title="frames before which a number of seq is missing, or that came again" onClick=${() => refine({ q: filter === "is:gap" ? "" : "is:gap" })}>gaps <b>${countOf(gaps)}${meta.value.isWhole ? "" : " …"}</b></button>
      <button aria-pressed=${isFrozen.value} onClick=${freeze} title="hold the list still (.)">${isFrozen.value ? "frozen: follow again" : "freeze"}</button>
      <span class="push dim">${scopeOf(shown.length, frames.value, "frames", meta.value)}</span></div>
    <${StreamTable} streams=${open.value} path=${path} mayChange=${mayChange()} onFilter=${(/** @type {string} */ text) => refine({ q: text })} />
    ${timeline}
    <div class=${`split ${chosen ? "has-detail" : ""}`}>
      <${Grid} label="Frames" rows=${shown} columns=${COLUMNS} idOf=${idOf} selected=${chosen} onSelect=${choose}
        rowClass=${(/** @type {any} */ row) => (row.direction === "lost" ? "refused" : "")}
        empty=${html`<h2>No frames${filter ? " match" : meta.value.first > 1 ? " since the journal was cleared" : " yet"}</h2><p>${filter ? "Change the filter, or wait." : "Frames appear as soon as a client opens a stream and subscribes: to fill, market_positions, ticker and more."}</p>
          ${filter || !mayChange() ? null : html`<p class="dim">Steps such as <code>fill</code> and <code>price</code> make frames: <code>mockexchange do</code>, or the screen Accounts.</p>`}`} />
      ${chosen ? html`<${FrameDetail} key=${chosen} number=${chosen} path=${path} ...${aboutOf(frames.value, chosen)} />` : null}
    </div>`;
}

/** All frames of the lanes that rows are in: a frame that is missing is seen among the others. @param {any[]} all @param {any[]} rows */
function withLanes(all, rows) {
  if (rows.length === all.length) return all;
  const lanes = new Set(rows.map(laneKeyOf));
  return all.filter((row) => lanes.has(laneKeyOf(row)));
}

/** A frame's row, and the lost frame that is missing before it. @param {any[]} rows @param {string} number */
function aboutOf(rows, number) {
  const row = rows.find((one) => idOf(one) === number);
  const isMissing = (/** @type {any} */ one) => one.direction === "lost" && one.connection === row.connection && one.sid === row.sid && one.seq < row.seq && one.seq >= row.seq - row.missing;
  return { row, lost: row?.missing > 0 ? rows.find(isMissing) : undefined };
}

/** @param {string} path @param {any} frames @param {any} open @param {any} meta @param {any} isFrozen */
function useReading(path, frames, open, meta, isFrozen) {
  useEffect(() => {
    let isGone = false;
    let isDue = true;
    /** @type {any[]} */
    let held = [];
    let watch = new SequenceWatch();
    frames.value = [];
    meta.value = { first: 1, isWhole: false };
    const read = () => attempt(async () => {
      isDue = false;
      const found = await ask("GET", `${path}/streams`);
      if (!isGone) open.value = found;
    });
    const release = () => {
      if (isFrozen.value || !held.length) return;
      frames.value = joined(frames.value, held);
      held = [];
    };
    const stop = listen((events) => {
      const added = events.filter((one) => one.kind === "frame").map((one) => one.data);
      if (!added.length) return;
      isDue = true;
      for (const row of added) held.push(watch.note(row));
      release();
    });
    const stopReleasing = isFrozen.subscribe(release);
    const timer = setInterval(() => { if (isDue && !document.hidden) void read(); }, READ_MS);
    void read();
    const readKept = async (/** @type {number} */ last) => {
      const page = await ask("GET", `${path}/frames?short=true&last=${last}`);
      if (isGone) return;
      const newest = page.frames[page.frames.length - 1]?.number ?? 0;
      meta.value = { first: page.first, isWhole: (page.frames[0]?.number ?? 0) <= page.first };
      const later = [...frames.value, ...held.toReversed()].filter((/** @type {any} */ one) => one.number > newest);
      held = [];
      watch = new SequenceWatch();
      for (const row of [...page.frames, ...later.toReversed()]) watch.note(row);
      frames.value = [...later, ...page.frames.reverse()].slice(0, ROWS_MAX);
      if (!meta.value.isWhole && last < ROWS_MAX) await readKept(ROWS_MAX);
      meta.value = { ...meta.value, isWhole: true };
    };
    void attempt(() => readKept(PAGE_ROWS));
    return () => {
      isGone = true;
      clearInterval(timer);
      stop();
      stopReleasing();
    };
  }, [path, epoch.value]);
}

/** Newest first. @param {any[]} known @param {any[]} added */
function joined(known, added) {
  const newest = known[0]?.number ?? 0;
  return [...added.filter((row) => row.number > newest).reverse(), ...known].slice(0, ROWS_MAX);
}

/** The same rows, at most four times a second: drawing thousands of marks takes longer than a list of the visible rows. @param {any[]} rows */
function useLate(rows) {
  const [kept, keep] = useState(rows);
  const newest = /** @type {{current: any[]}} */ (useRef(rows));
  const timer = useRef(0);
  newest.current = rows;
  useEffect(() => {
    timer.current ||= window.setTimeout(() => { timer.current = 0; keep(newest.current); }, kept.length ? DRAW_MS : 0);
  }, [rows]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return kept;
}
