// @ts-check
// Profit and loss, realized and fees as steps in time, with the same values as a table.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { pointed } from "../lib/crosshair.js";
import { html } from "../lib/html.js";
import { money } from "../lib/profit.js";
import { seenTheme } from "../lib/theme.js";

const HEIGHT_PX = 170;
const ROWS_MAX = 50;

/** @param {{samples: any[]}} props */
export function Plot(props) {
  const box = /** @type {{current: HTMLDivElement | null}} */ (useRef(null));
  const plot = /** @type {{current: any}} */ (useRef(null));
  const { samples } = props;
  useEffect(() => {
    const node = box.current;
    if (!node) return undefined;
    plot.current = new uPlot(optionsOf(node), dataOf(samples), node);
    const watcher = new ResizeObserver(() => plot.current.setSize({ width: node.clientWidth, height: HEIGHT_PX }));
    watcher.observe(node);
    requestAnimationFrame(() => { if (node.isConnected) point(plot.current); });
    return () => { watcher.disconnect(); plot.current.destroy(); };
  }, [seenTheme.value]);
  useEffect(() => plot.current?.setData(dataOf(samples)), [samples]);
  const last = samples[samples.length - 1];
  return html`<div class="plot" ref=${box} role="img" aria-label=${last ? `profit and loss ${money(last.profit)}, realized ${money(last.realized)}, fees ${money(last.fees)}; ${samples.length} samples, as a table below` : "no samples yet"}></div>
    <details><summary>as a table</summary><table class="list"><thead><tr><th scope="col">exchange time</th><th scope="col" class="num">profit and loss</th><th scope="col" class="num">realized</th><th scope="col" class="num">fees</th></tr></thead>
    <tbody>${samples.slice(-ROWS_MAX).reverse().map((one) => html`<tr><td class="mono">${new Date(one.at * 1_000).toISOString().slice(0, 23).replace("T", " ")}</td><td class="num">${money(one.profit)}</td><td class="num">${money(one.realized)}</td><td class="num">${money(one.fees)}</td></tr>`)}</tbody></table></details>`;
}

/** Point at the instant at which the timeline of frames was pointed last. @param {any} plot */
function point(plot) {
  const at = (pointed.value ?? Number.NaN) / 1_000_000;
  const { min, max } = plot.scales.x;
  if (at >= min && at <= max) plot.setCursor({ left: plot.valToPos(at, "x"), top: 0 });
}

/** The time of day, and the date at midnight. @param {number} at */
function labelOf(at) {
  const text = new Date(at * 1_000).toISOString();
  return text.endsWith("00:00:00.000Z") ? text.slice(0, 10) : at % 60 ? text.slice(11, 19) : text.slice(11, 16);
}

/** @param {any[]} samples */
function dataOf(samples) {
  return [samples.map((one) => one.at), samples.map((one) => one.profit), samples.map((one) => one.realized), samples.map((one) => one.fees)];
}

/** @param {HTMLElement} node */
function optionsOf(node) {
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
  return {
    width: node.clientWidth || 400, height: HEIGHT_PX, tzDate: (/** @type {number} */ at) => uPlot.tzDate(new Date(at * 1_000), "Etc/UTC"),
    scales: { x: { range: (/** @type {any} */ _, /** @type {number} */ low, /** @type {number} */ high) => (high - low < 10 ? [low - 5, high + 5] : [low, high]) } },
    hooks: { setCursor: [(/** @type {any} */ plot) => { if (plot.cursor.idx !== null && plot.cursor.left > 0) pointed.value = Math.round(plot.posToVal(plot.cursor.left, "x") * 1_000_000); }] },
    series: [{}, { label: "profit and loss", stroke: colour("--good"), width: 2, paths: steps }, { label: "realized", stroke: colour("--odd"), width: 1.5, paths: steps }, { label: "fees", stroke: colour("--bad"), width: 1.5, dash: [4, 3], paths: steps }],
    axes: [{ ...axis, values: (/** @type {any} */ _, /** @type {number[]} */ at) => at.map(labelOf) }, { ...axis, size: 56 }],
  };
}
