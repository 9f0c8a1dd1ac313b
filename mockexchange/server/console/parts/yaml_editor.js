// @ts-check
// A text with line numbers, and the server's errors at their lines.
import { useRef, useState } from "preact/hooks";
import { html } from "../lib/html.js";

export const LINE_PX = 19;
const LINES_SHOWN_MORE = 60;

/** @typedef {{line: number | null, path: string, message: string}} Problem */

/** @param {{text: string, problems: Problem[], label: string, onChange: (text: string) => void, onCheck: () => void, fieldRef: any}} props */
export function YamlEditor(props) {
  const gutter = /** @type {{current: HTMLDivElement | null}} */ (useRef(null));
  const [top, setTop] = useState(0);
  const lines = props.text.split("\n").length;
  const byLine = new Map(props.problems.filter((one) => one.line).map((one) => [one.line, one]));
  const scroll = (/** @type {any} */ event) => {
    if (gutter.current) gutter.current.scrollTop = event.target.scrollTop;
    setTop(event.target.scrollTop);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) props.onCheck();
  };
  const first = Math.max(0, Math.floor(top / LINE_PX) - 5);
  const last = Math.min(lines, first + LINES_SHOWN_MORE + 20);
  const numbers = [];
  for (let line = first + 1; line <= last; line += 1) {
    const problem = byLine.get(line);
    numbers.push(html`<div key=${line} class=${problem ? "wrong" : ""} style=${{ top: `${(line - 1) * LINE_PX}px` }} title=${problem?.message ?? ""}>${problem ? "✕ " : ""}${line}</div>`);
  }
  return html`<div class="editor">
    <div class="gutter" ref=${gutter} aria-hidden="true"><div style=${{ height: `${lines * LINE_PX + 400}px` }}>${numbers}</div></div>
    <div class="marks" aria-hidden="true">${[...byLine.keys()].map((line) => html`<div key=${line} style=${{ top: `${(Number(line) - 1) * LINE_PX - top + 8}px` }}></div>`)}</div>
    <textarea class="code" ref=${props.fieldRef} value=${props.text} spellcheck=${false} wrap="off" aria-label=${props.label} aria-invalid=${props.problems.length > 0} aria-describedby="problems"
      onInput=${(/** @type {any} */ event) => props.onChange(event.target.value)} onScroll=${scroll} onKeyDown=${onKeyDown}></textarea></div>`;
}

/** Put the cursor at a line and scroll to it. @param {HTMLTextAreaElement | null} field @param {number} line */
export function goToLine(field, line) {
  if (!field) return;
  const lines = field.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  field.focus();
  field.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  field.scrollTop = Math.max(0, (line - 6) * LINE_PX);
}

/** @param {{problems: Problem[], onGo: (line: number) => void}} props */
export function Problems(props) {
  return html`<ul class="problems" id="problems">${props.problems.map((one) => html`<li key=${`${one.line} ${one.path} ${one.message}`}>${one.line ? html`<button class="link" onClick=${() => props.onGo(Number(one.line))}>line ${one.line}</button>` : null}
    <span class="bad">✕ ${one.path ? html`<code>${one.path}</code> ` : null}${one.message}</span></li>`)}</ul>`;
}
