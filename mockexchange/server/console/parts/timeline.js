// @ts-check
// Frames as marks by subscription and time: lost ones and gaps red, disturbed ones in another shape. The list below is
// its table. A crosshair names the frame next to it, and the instant that the plot of an account points at.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { pointed } from "../lib/crosshair.js";
import { counted, timeOf } from "../lib/format.js";
import { html } from "../lib/html.js";
import { laneKeyOf, lanesOf } from "../lib/lanes.js";
import { seenTheme } from "../lib/theme.js";

const LANE_PX = 20;
const LANES_MAX = 10;
const LEFT_PX_MAX = 205;
const RIGHT_PX = 14;
const COLOURS = ["--dim", "--line", "--text", "--bad", "--odd", "--good"];

/** @param {{frames: any[], selected: string, onSelect: (id: string) => void}} props The newest frame is the first. */
export function Timeline(props) {
  const node = /** @type {{current: HTMLCanvasElement | null}} */ (useRef(null));
  const { frames } = props;
  const cross = useSignal(/** @type {any} */ (null));
  const all = useMemo(() => lanesOf(frames), [frames]);
  const lanes = all.slice(0, LANES_MAX);
  const height = lanes.length * LANE_PX + 4;
  const latest = /** @type {{current: () => void}} */ (useRef(() => {}));
  latest.current = () => { if (node.current) paint(node.current, frames, lanes, props.selected); };
  useEffect(() => latest.current(), [frames, props.selected, height, seenTheme.value]);
  useEffect(() => {
    if (!node.current) return undefined;
    const watcher = new ResizeObserver(() => { if (node.current && node.current.width !== widthOf(node.current)) latest.current(); });
    watcher.observe(node.current);
    return () => watcher.disconnect();
  }, [frames.length > 0]);
  if (!frames.length) return null;
  const found = (/** @type {MouseEvent} */ event) => {
    const canvas = /** @type {HTMLCanvasElement} */ (node.current);
    const box = canvas.getBoundingClientRect();
    return nearest(frames, lanes, event.clientX - box.left, event.clientY - box.top, box.width);
  };
  const point = (/** @type {MouseEvent} */ event) => {
    const frame = found(event);
    cross.value = frame;
    if (frame) pointed.value = frame.at_us;
  };
  const width = node.current?.clientWidth ?? 0;
  const shown = cross.value ?? frames.find((one) => String(one.number) === props.selected) ?? atInstant(frames, pointed.value);
  return html`<div class="timeline"><canvas ref=${node} style=${{ height: `${height}px` }} role="img"
      onClick=${(/** @type {MouseEvent} */ event) => { const frame = found(event); if (frame) props.onSelect(String(frame.number)); }}
      onMouseMove=${point} onMouseLeave=${() => { cross.value = null; }}
      aria-label=${wordsOf(frames, all)}></canvas>
    ${shown && width ? html`<i class="cross" style=${{ left: `${xOf(shown, spanOf(frames), width)}px`, height: `${height}px` }}></i>` : null}
    <p class="legend"><span class="pointed">${shown ? html`#${shown.number} ${timeOf(shown.at)} ${shown.kind}${shown.seq === null ? "" : ` seq ${shown.seq}`}` : ""}</span>
      ${all.length > lanes.length ? html`<span>${counted(all.length - lanes.length, "more lane")}: filter by stream: or sid:</span>` : null}
      <span><i class="dot out"></i>to the client</span><span><i class="dot in"></i>from it</span><span><i class="dot odd"></i>disturbed</span><span><i class="dot gap"></i>gap</span><span><i class="dot lost"></i>lost</span></p></div>`;
}

/** @param {any[]} frames @param {any[]} lanes */
function wordsOf(frames, lanes) {
  const lost = frames.filter((one) => one.direction === "lost").length;
  const gaps = frames.filter((one) => one.missing).length;
  return `${counted(frames.length, "frame")} drawn in ${counted(lanes.length, "lane")}, ${lost} lost, ${gaps} after a gap; the list below has them`;
}

/** @param {any[]} frames */
function spanOf(frames) {
  const newest = frames[0].host_at_us;
  const oldest = frames[frames.length - 1].host_at_us;
  return { oldest, width: Math.max(1, newest - oldest) };
}

/** @param {any} frame @param {{oldest: number, width: number}} span @param {number} width */
function xOf(frame, span, width) {
  const left = leftOf(width);
  return left + ((frame.host_at_us - span.oldest) / span.width) * (width - left - RIGHT_PX);
}

/** The room for the names of lanes. @param {number} width */
function leftOf(width) {
  return Math.min(LEFT_PX_MAX, width * 0.32);
}

/** @param {number} lane */
function yOf(lane) {
  return lane * LANE_PX + LANE_PX / 2 + 2;
}

/** @param {HTMLCanvasElement} canvas */
function widthOf(canvas) {
  return Math.round(canvas.clientWidth * (devicePixelRatio || 1));
}

/** @param {HTMLCanvasElement} canvas @param {any[]} frames @param {import("../lib/lanes.js").Lane[]} lanes @param {string} selected */
function paint(canvas, frames, lanes, selected) {
  const ratio = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  canvas.width = widthOf(canvas);
  canvas.height = canvas.clientHeight * ratio;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const style = getComputedStyle(canvas);
  const colours = coloursOf(style);
  pen.scale(ratio, ratio);
  pen.font = `12px ${style.fontFamily}`;
  pen.textBaseline = "middle";
  /** @type {Map<string, number>} */
  const places = new Map();
  const left = leftOf(width);
  lanes.forEach((lane, at) => {
    places.set(lane.key, yOf(at));
    pen.fillStyle = colours["--dim"];
    const from = lane.label.startsWith("stream") ? 12 : left < LEFT_PX_MAX ? 12 : 24;
    pen.fillText(cut(pen, lane.label, left - from - 8), from, yOf(at));
    pen.fillStyle = colours["--line"];
    pen.fillRect(left, yOf(at), width - left - RIGHT_PX, 1);
  });
  const span = spanOf(frames);
  /** The last mark of a lane, by its pixel and shape: marks on the same pixel are one. @type {Map<number, string>} */
  const painted = new Map();
  for (let place = frames.length - 1; place >= 0; place -= 1) {
    const frame = frames[place];
    const y = places.get(laneKeyOf(frame));
    if (y === undefined) continue;
    const x = Math.round(xOf(frame, span, width) * 2) / 2;
    const isChosen = String(frame.number) === selected;
    const what = `${x} ${shapeOf(frame)}`;
    if (painted.get(y) === what && !isChosen) continue;
    painted.set(y, what);
    mark(pen, frame, x, y, colours);
    if (isChosen) {
      pen.strokeStyle = colours["--text"];
      pen.lineWidth = 2;
      pen.strokeRect(x - 7, y - 9, 14, 18);
    }
  }
}

/** A text that is not wider than there is room for. @param {CanvasRenderingContext2D} pen @param {string} text @param {number} width */
function cut(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  let kept = text;
  while (kept && pen.measureText(`${kept}…`).width > width) kept = kept.slice(0, -1);
  return `${kept}…`;
}

/** @param {any} frame */
function shapeOf(frame) {
  return frame.direction === "lost" ? "lost" : frame.missing ? "gap" : frame.fault ? "odd" : frame.direction;
}

/** @param {CanvasRenderingContext2D} pen @param {any} frame @param {number} x @param {number} y @param {Record<string, string>} colours */
function mark(pen, frame, x, y, colours) {
  const shape = shapeOf(frame);
  pen.beginPath();
  pen.fillStyle = colours[/** @type {Record<string, string>} */ ({ lost: "--bad", gap: "--bad", odd: "--odd", in: "--dim" })[shape] ?? "--good"];
  if (shape === "lost") pen.rect(x - 2, y - 8, 4, 17);
  else if (shape === "odd") pen.rect(x - 4, y - 4, 8, 8);
  else if (shape === "gap") {
    pen.moveTo(x - 3, y);
    pen.lineTo(x - 11, y - 7);
    pen.lineTo(x - 11, y + 7);
    pen.closePath();
  } else pen.arc(x, y, shape === "in" ? 2.5 : 3.5, 0, Math.PI * 2);
  pen.fill();
  if (shape === "gap") {
    pen.beginPath();
    pen.fillStyle = colours["--good"];
    pen.arc(x + 2, y, 3.5, 0, Math.PI * 2);
    pen.fill();
  }
}

/** The colours that marks have: a custom property with light-dark() is not resolved by itself. @param {CSSStyleDeclaration} style */
function coloursOf(style) {
  const isDark = seenTheme.value === "dark";
  return Object.fromEntries(COLOURS.map((name) => {
    const value = style.getPropertyValue(name);
    const pair = value.match(/light-dark\(([^,]+),\s*([^)]+)\)/);
    return [name, pair ? pair[isDark ? 2 : 1] : value];
  }));
}

/** @param {any[]} frames @param {import("../lib/lanes.js").Lane[]} lanes @param {number} x @param {number} y @param {number} width */
function nearest(frames, lanes, x, y, width) {
  const { key } = lanes[Math.max(0, Math.min(lanes.length - 1, Math.floor((y - 2) / LANE_PX)))];
  const span = spanOf(frames);
  let best = null;
  let distance = Infinity;
  for (const frame of frames) {
    const away = Math.abs(xOf(frame, span, width) - x);
    if (away < distance && laneKeyOf(frame) === key) [best, distance] = [frame, away];
  }
  return best;
}

/** The frame at an instant of exchange time, or the last one before it. @param {any[]} frames @param {number | null} at */
function atInstant(frames, at) {
  return at === null ? null : frames.find((one) => one.at_us <= at) ?? null;
}
