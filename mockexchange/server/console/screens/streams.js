// @ts-check
// Streams: open connections with their subscriptions, a timeline of frames by subscription, and the frames.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ask, sandboxPath } from "../lib/api.js";
import { epoch, listen } from "../lib/feed.js";
import { gapOf, noneOf, scopeOf, sizeOf, timeOf } from "../lib/format.js";
import { html } from "../lib/html.js";
import { useKeys } from "../lib/keys.js";
import { laneKeyOf } from "../lib/lanes.js";
import { place, refine } from "../lib/router.js";
import { countsOf, newestOf, useRows } from "../lib/rows.js";
import { mayChange } from "../lib/state.js";
import { attempt, tell } from "../parts/dialog.js";
import { FilterLine } from "../parts/filter_line.js";
import { FrameDetail } from "../parts/frame_detail.js";
import { Grid, toRows } from "../parts/grid.js";
import { StreamTable } from "../parts/stream_table.js";
import { Timeline } from "../parts/timeline.js";

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
  const isFrozen = useSignal(false);
  const open = useOpen(path);
  const filter = query.q ?? "";
  const list = useRows(path, "frames", filter, { isHeld: isFrozen.value });
  const listed = list.listed.value;
  const shown = listed.rows;
  const others = useRows(path, "frames", "", { isHeld: isFrozen.value, isOff: !filter }).listed.value.rows;
  const chosen = query.n ?? "";
  const choose = (/** @type {string} */ id) => refine({ n: id });
  const step = (/** @type {number} */ by) => {
    const at = shown.findIndex((row) => idOf(row) === place.value.query.n);
    const next = shown[at < 0 ? 0 : Math.max(0, Math.min(shown.length - 1, at + by))];
    if (next) choose(idOf(next));
    toRows();
  };
  const why = () => attempt(async () => {
    toRows();
    const { row } = await newestOf(path, "frames", filter, "is:disturbed");
    if (row) {
      await list.older(row.number);
      choose(idOf(row));
    } else tell(noneOf(listed, listed.matching, "frame", `${filter ? "that matches " : ""}is missing or was disturbed`));
  });
  const freeze = () => { isFrozen.value = !isFrozen.value; };
  useKeys([
    { keys: "j", label: "next frame", run: () => step(1) },
    { keys: "k", label: "frame above", run: () => step(-1) },
    { keys: "Escape", label: "close the details", run: () => { refine({ n: "" }); toRows(); } },
    { keys: "Enter", label: "to the details of the row", run: () => /** @type {any} */ (document.querySelector(".detail"))?.focus() },
    { keys: "w", label: "why: the newest frame that is missing or was disturbed", run: why },
    { keys: ".", label: "follow, or freeze", run: freeze },
  ], [shown, chosen]);
  const drawn = useLate(useMemo(() => withLanes(others, shown), [others, shown]));
  const timeline = useMemo(() => html`<${Timeline} frames=${drawn} selected=${chosen} onSelect=${choose} />`, [drawn, chosen]);
  return html`<div class="tools"><${FilterLine} value=${filter} onChange=${(/** @type {string} */ text) => refine({ q: text })} hint="words, stream:1, channel:fill, is:gap …" />
      <button aria-pressed=${filter === "dir:lost"} onClick=${() => refine({ q: filter === "dir:lost" ? "" : "dir:lost" })}>lost <b>${countsOf(listed, "lost")}</b></button>
      <button aria-pressed=${filter === "is:gap"} title="frames before which a number of seq is missing, or that came again" onClick=${() => refine({ q: filter === "is:gap" ? "" : "is:gap" })}>gaps <b>${countsOf(listed, "gaps")}</b></button>
      <button aria-pressed=${isFrozen.value} onClick=${freeze} title="hold the list still (.)">${isFrozen.value ? "frozen: follow again" : "freeze"}</button>
      <span class="push dim">${scopeOf(listed, "frame")}</span></div>
    <${StreamTable} streams=${open.value} path=${path} mayChange=${mayChange()} onFilter=${(/** @type {string} */ text) => refine({ q: text })} />
    ${timeline}
    <div class=${`split ${chosen ? "has-detail" : ""}`}>
      <${Grid} label="Frames" rows=${shown} columns=${COLUMNS} idOf=${idOf} selected=${chosen} onSelect=${choose} onEnd=${list.more} total=${listed.matching}
        rowClass=${(/** @type {any} */ row) => (row.direction === "lost" ? "refused" : "")}
        empty=${listed.problem ? html`<p>${listed.problem}</p>` : !listed.isRead ? "Reading …" : html`<h2>No frames${filter ? " match" : listed.first > 1 ? " since the journal was cleared" : " yet"}</h2><p>${filter ? "Change the filter, or wait." : "Frames appear as soon as a client opens a stream and subscribes: to fill, market_positions, ticker and more."}</p>
          ${filter || !mayChange() ? null : html`<p class="dim">Steps such as <code>fill</code> and <code>price</code> make frames: <code>mockexchange do</code>, or the screen Accounts.</p>`}`} />
      ${chosen ? html`<${FrameDetail} key=${chosen} number=${chosen} path=${path} />` : null}
    </div>`;
}

/** The rows, and the newest frames of the lanes that they are in: a frame that is missing is seen among the others. @param {any[]} others @param {any[]} rows */
function withLanes(others, rows) {
  if (!others.length) return rows;
  const lanes = new Set(rows.map(laneKeyOf));
  const known = new Set(rows.map((row) => row.number));
  const all = [...rows, ...others.filter((row) => lanes.has(laneKeyOf(row)) && !known.has(row.number))];
  return all.sort((left, right) => right.number - left.number);
}

/** The open streams. They are read anew, at most once a second, while frames come. @param {string} path */
function useOpen(path) {
  const open = useSignal(/** @type {any[]} */ ([]));
  useEffect(() => {
    let isGone = false;
    let isDue = true;
    const read = () => attempt(async () => {
      isDue = false;
      const found = await ask("GET", `${path}/streams`);
      if (!isGone) open.value = found;
    });
    const stop = listen((events) => { isDue ||= events.some((one) => one.kind === "frame"); });
    const timer = setInterval(() => { if (isDue && !document.hidden) void read(); }, READ_MS);
    void read();
    return () => {
      isGone = true;
      clearInterval(timer);
      stop();
    };
  }, [path, epoch.value]);
  return open;
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
