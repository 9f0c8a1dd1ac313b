// @ts-check
// Profit and loss, realized and fees as steps in time, with the same values as a table. The axis is exchange time; or,
// when most of it is one long wait, as after a scenario of the past, one step for each change.
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { pointed } from "../lib/crosshair.js";
import { html } from "../lib/html.js";
import { hasLongWait, instantAt, money, placeOf } from "../lib/profit.js";
import { seenTheme } from "../lib/theme.js";

const HEIGHT_PX = 170;
const ROWS_MAX = 50;
const LABEL_PX = 92;

/** @param {{samples: any[]}} props */
export function Plot(props) {
  const box = /** @type {{current: HTMLDivElement | null}} */ (useRef(null));
  const plot = /** @type {{current: any}} */ (useRef(null));
  const newest = /** @type {{current: any[]}} */ (useRef([]));
  const [chosen, choose] = useState(/** @type {boolean | null} */ (null));
  const { samples } = props;
  newest.current = samples;
  const isByChange = chosen ?? hasLongWait(samples.map((one) => one.at));
  useEffect(() => {
    const node = box.current;
    if (!node) return undefined;
    const axis = axisOf(isByChange, () => newest.current.map((one) => one.at));
    plot.current = new uPlot(/** @type {any} */ (optionsOf(node, axis)), dataOf(newest.current, isByChange), node);
    const watcher = new ResizeObserver(() => plot.current.setSize({ width: node.clientWidth, height: HEIGHT_PX }));
    watcher.observe(node);
    requestAnimationFrame(() => { if (node.isConnected) point(plot.current, axis); });
    return () => { watcher.disconnect(); plot.current.destroy(); };
  }, [seenTheme.value, isByChange]);
  useEffect(() => plot.current?.setData(dataOf(samples, isByChange)), [samples]);
  const last = samples[samples.length - 1];
  const way = (/** @type {boolean} */ value, /** @type {string} */ word, /** @type {string} */ words) => html`<button aria-pressed=${isByChange === value} title=${words} onClick=${() => choose(value)}>${word}</button>`;
  return html`<div class="plot-tools"><span class="pair" role="group" aria-label="axis">${way(false, "by time", "exchange time, as it passed")}${way(true, "by change", "the same distance for each change, however long it took")}</span></div>
    <div class="plot" ref=${box} role="img" aria-label=${last ? `profit and loss ${money(last.profit)}, realized ${money(last.realized)}, fees ${money(last.fees)}; ${samples.length} samples, as a table below` : "no samples yet"}></div>
    <details><summary>as a table</summary><table class="list"><thead><tr><th scope="col">exchange time</th><th scope="col" class="num">profit and loss</th><th scope="col" class="num">realized</th><th scope="col" class="num">fees</th></tr></thead>
    <tbody>${samples.slice(-ROWS_MAX).reverse().map((one) => html`<tr><td class="mono">${textOf(one.at)}</td><td class="num">${money(one.profit)}</td><td class="num">${money(one.realized)}</td><td class="num">${money(one.fees)}</td></tr>`)}</tbody></table></details>`;
}

/** @typedef {{isByChange: boolean, at: (x: number) => number, x: (at: number) => number}} Axis */

/** How places on the axis and instants, in seconds, belong together. @param {boolean} isByChange @param {() => number[]} times @returns {Axis} */
function axisOf(isByChange, times) {
  if (!isByChange) return { isByChange, at: (x) => x, x: (at) => at };
  return { isByChange, at: (x) => instantAt(times(), x), x: (at) => placeOf(times(), at) };
}

/** Point at the instant at which the timeline of frames was pointed last. @param {any} plot @param {Axis} axis */
function point(plot, axis) {
  const x = axis.x((pointed.value ?? Number.NaN) / 1_000_000);
  const { min, max } = plot.scales.x;
  if (x >= min && x <= max) plot.setCursor({ left: plot.valToPos(x, "x"), top: 0 });
}

/** @param {number} at */
function textOf(at) {
  return new Date(at * 1_000).toISOString().slice(0, 23).replace("T", " ");
}

/** The time of day, with its date where the day is another one than at the label before. @param {number} at @param {number | undefined} before */
function labelOf(at, before) {
  const text = new Date(at * 1_000).toISOString();
  const isNewDay = before !== undefined && new Date(before * 1_000).toISOString().slice(0, 10) !== text.slice(0, 10);
  if (text.endsWith("00:00:00.000Z")) return text.slice(0, 10);
  return (isNewDay ? `${text.slice(5, 10)} ` : "") + (at % 60 ? text.slice(11, 19) : text.slice(11, 16));
}

/** @param {any[]} samples @param {boolean} isByChange @returns {any} */
function dataOf(samples, isByChange) {
  return [samples.map((one, place) => (isByChange ? place : one.at)), samples.map((one) => one.profit), samples.map((one) => one.realized), samples.map((one) => one.fees)];
}

/** @param {HTMLElement} node @param {Axis} by */
function optionsOf(node, by) {
  const colour = (/** @type {string} */ name) => {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    node.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };
  const steps = /** @type {any} */ (uPlot.paths).stepped({ align: 1 });
  const axis = { stroke: colour("--dim"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 }, font: "11px system-ui" };
  const least = by.isByChange ? 1 : 10;
  /** The legend has the newest values until something is pointed at. @param {(value: number) => string} words */
  const valueOf = (words) => (/** @type {any} */ plot, /** @type {number | null} */ value, /** @type {number} */ at) => words(value ?? plot.data[at][plot.data[at].length - 1] ?? Number.NaN);
  const line = (/** @type {string} */ label, /** @type {string} */ name, /** @type {any} */ more) => ({ label, stroke: colour(name), width: 1.5, paths: steps, value: valueOf(money), ...more });
  return {
    width: node.clientWidth || 400, height: HEIGHT_PX, tzDate: (/** @type {number} */ at) => uPlot.tzDate(new Date(at * 1_000), "Etc/UTC"),
    scales: { x: { time: !by.isByChange, range: (/** @type {any} */ _, /** @type {number} */ low, /** @type {number} */ high) => (high - low < least ? [low - least / 2, high + least / 2] : [low, high]) } },
    hooks: { setCursor: [(/** @type {any} */ plot) => { if (plot.cursor.idx !== null && plot.cursor.left > 0) pointed.value = Math.round(by.at(plot.posToVal(plot.cursor.left, "x")) * 1_000_000); }] },
    series: [{ label: "exchange time", value: valueOf((x) => (Number.isNaN(x) ? "" : textOf(by.at(x)))) }, line("profit and loss", "--good", { width: 2 }), line("realized", "--odd", {}), line("fees", "--bad", { dash: [4, 3] })],
    axes: [{ ...axis, space: LABEL_PX, incrs: by.isByChange ? [1, 2, 5, 10, 20, 50, 100, 200, 500] : undefined, values: (/** @type {any} */ _, /** @type {number[]} */ places) => places.map((x, at) => labelOf(by.at(x), at ? by.at(places[at - 1]) : undefined)) }, { ...axis, size: 56 }],
  };
}
