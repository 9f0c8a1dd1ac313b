// @ts-check
// Frames as marks by stream and time: lost ones red, disturbed ones in another shape. The list below is its table.
import { useEffect, useRef } from "preact/hooks";
import { html } from "../lib/html.js";

const LANE_PX = 22;
const LANES_MAX = 8;
const LEFT_PX = 76;

/** @param {{frames: any[], selected: string, onSelect: (id: string) => void}} props */
export function Timeline(props) {
  const node = /** @type {{current: HTMLCanvasElement | null}} */ (useRef(null));
  const { frames } = props;
  const lanes = [...new Set(frames.map((one) => one.connection))].sort((a, b) => b - a).slice(0, LANES_MAX);
  const height = lanes.length * LANE_PX + 20;
  useEffect(() => {
    const draw = () => { if (node.current) paint(node.current, frames, lanes, props.selected); };
    draw();
    const watcher = new ResizeObserver(draw);
    if (node.current) watcher.observe(node.current);
    return () => watcher.disconnect();
  });
  if (!frames.length) return null;
  const pick = (/** @type {MouseEvent} */ event) => {
    const canvas = /** @type {HTMLCanvasElement} */ (node.current);
    const box = canvas.getBoundingClientRect();
    const found = nearest(frames, lanes, event.clientX - box.left, event.clientY - box.top, box.width);
    if (found) props.onSelect(String(found.number));
  };
  const lost = frames.filter((one) => one.direction === "lost").length;
  return html`<div class="timeline"><canvas ref=${node} style=${{ height: `${height}px` }} onClick=${pick} role="img"
      aria-label=${`${frames.length} frames of ${lanes.length} streams, ${lost} lost; the list below has them`}></canvas>
    <p class="legend"><span><i class="dot out"></i>out</span><span><i class="dot in"></i>in</span><span><i class="dot odd"></i>disturbed</span><span><i class="dot lost"></i>lost</span></p></div>`;
}

/** @param {any[]} frames */
function spanOf(frames) {
  const newest = frames[0].host_at_us;
  const oldest = frames[frames.length - 1].host_at_us;
  return { oldest, width: Math.max(1, newest - oldest) };
}

/** @param {any} frame @param {{oldest: number, width: number}} span @param {number} width */
function xOf(frame, span, width) {
  return LEFT_PX + ((frame.host_at_us - span.oldest) / span.width) * (width - LEFT_PX - 14);
}

/** @param {HTMLCanvasElement} canvas @param {any[]} frames @param {number[]} lanes @param {string} selected */
function paint(canvas, frames, lanes, selected) {
  const ratio = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const style = getComputedStyle(canvas);
  const colour = (/** @type {string} */ name) => resolved(style, name);
  pen.scale(ratio, ratio);
  pen.font = `12px ${style.fontFamily}`;
  pen.textBaseline = "middle";
  lanes.forEach((lane, at) => {
    const y = at * LANE_PX + LANE_PX / 2 + 4;
    pen.fillStyle = colour("--dim");
    pen.fillText(`stream ${lane}`, 12, y);
    pen.fillStyle = colour("--line");
    pen.fillRect(LEFT_PX, y, width - LEFT_PX - 14, 1);
  });
  const span = spanOf(frames);
  for (let place = frames.length - 1; place >= 0; place -= 1) {
    const frame = frames[place];
    const lane = lanes.indexOf(frame.connection);
    if (lane >= 0) mark(pen, frame, xOf(frame, span, width), lane * LANE_PX + LANE_PX / 2 + 4, colour, String(frame.number) === selected);
  }
}

/** @param {CanvasRenderingContext2D} pen @param {any} frame @param {number} x @param {number} y @param {(name: string) => string} colour @param {boolean} isChosen */
function mark(pen, frame, x, y, colour, isChosen) {
  const isLost = frame.direction === "lost";
  pen.fillStyle = colour(isLost ? "--bad" : frame.fault ? "--odd" : frame.direction === "in" ? "--dim" : "--good");
  pen.beginPath();
  if (isLost) pen.rect(x - 2, y - 8, 4, 17);
  else if (frame.fault) pen.rect(x - 4, y - 4, 8, 8);
  else pen.arc(x, y, frame.direction === "in" ? 2.5 : 3.5, 0, Math.PI * 2);
  pen.fill();
  if (isChosen) {
    pen.strokeStyle = colour("--text");
    pen.lineWidth = 2;
    pen.strokeRect(x - 7, y - 9, 14, 18);
  }
}

/** A custom property with light-dark() has to be resolved by an element. @param {CSSStyleDeclaration} style @param {string} name */
function resolved(style, name) {
  const pair = style.getPropertyValue(name).match(/light-dark\(([^,]+),\s*([^)]+)\)/);
  if (!pair) return style.getPropertyValue(name);
  const isDark = style.colorScheme === "dark" || (style.colorScheme.includes("dark") && matchMedia("(prefers-color-scheme: dark)").matches);
  return isDark ? pair[2] : pair[1];
}

/** @param {any[]} frames @param {number[]} lanes @param {number} x @param {number} y @param {number} width */
function nearest(frames, lanes, x, y, width) {
  const lane = lanes[Math.max(0, Math.min(lanes.length - 1, Math.floor((y - 4) / LANE_PX)))];
  const span = spanOf(frames);
  const own = frames.filter((one) => one.connection === lane);
  return own.reduce((best, one) => (!best || Math.abs(xOf(one, span, width) - x) < Math.abs(xOf(best, span, width) - x) ? one : best), null);
}
