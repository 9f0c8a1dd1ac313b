// @ts-check
// A list of fixed row height that renders the visible rows alone. One tab stop; arrows and j, k move within it.
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../lib/html.js";

export const ROW_PX = 27;
const MORE_ROWS = 8;

/**
 * @typedef {{key: string, title: string, width: string, cell: (row: any) => any, isNumber?: boolean}} Column
 * @param {{
 *   label: string, rows: any[], columns: Column[], idOf: (row: any) => string, selected: string,
 *   onSelect: (id: string) => void, rowClass?: (row: any) => string, onEnd?: () => void, empty?: any, total?: number,
 *   follow?: boolean,
 * }} props
 */
export function Grid(props) {
  const { rows, columns, idOf, selected } = props;
  const scroller = /** @type {{current: HTMLDivElement | null}} */ (useRef(null));
  const [view, setView] = useState({ top: 0, height: 600 });
  const measure = () => {
    const node = scroller.current;
    if (node) setView({ top: node.scrollTop, height: node.clientHeight });
  };
  useEffect(() => {
    const node = scroller.current;
    if (!node) return undefined;
    const watcher = new ResizeObserver(measure);
    watcher.observe(node);
    return () => watcher.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(view.top / ROW_PX) - MORE_ROWS);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / ROW_PX) + MORE_ROWS);
  useEffect(() => {
    if (props.onEnd && rows.length && last >= rows.length) props.onEnd();
  }, [last, rows.length]);
  const chosen = rows.findIndex((row) => idOf(row) === selected);
  useEffect(() => {
    const node = scroller.current;
    if (!node || chosen < 0) return;
    const top = chosen * ROW_PX;
    if (top < node.scrollTop) node.scrollTop = top;
    else if (top + ROW_PX * 3 > node.scrollTop + node.clientHeight) node.scrollTop = top + ROW_PX * 3 - node.clientHeight;
  }, [selected]);
  const move = (/** @type {number} */ step) => {
    const next = rows[Math.max(0, Math.min(rows.length - 1, chosen < 0 ? 0 : chosen + step))];
    if (next) props.onSelect(idOf(next));
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const page = Math.max(1, Math.floor(view.height / ROW_PX) - 2);
    /** @type {Record<string, number>} */
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length };
    if (event.key in steps) {
      event.preventDefault();
      move(steps[event.key]);
    }
  };
  const template = columns.map((one) => one.width).join(" ");
  const shown = [];
  for (let place = first; place < last; place += 1) {
    const row = rows[place];
    const id = idOf(row);
    shown.push(html`<div
      key=${place - first} role="row" class=${`row ${props.rowClass?.(row) ?? ""} ${id === selected ? "chosen" : ""}`}
      style=${{ gridTemplateColumns: template, transform: `translateY(${place * ROW_PX}px)` }}
      aria-rowindex=${place + 2} aria-selected=${id === selected} id=${`row-${id}`} onClick=${() => props.onSelect(id)}
    >${columns.map((one) => html`<div role="gridcell" class=${one.isNumber ? "num" : ""} data-key=${one.key}>${one.cell(row)}</div>`)}</div>`);
  }
  return html`<div class="grid-box">
    <div class="grid rows" role="grid" aria-label=${props.label} aria-rowcount=${(props.total ?? rows.length) + 1} ref=${scroller}
      onScroll=${measure} tabindex="0" onKeyDown=${onKeyDown}
      aria-activedescendant=${chosen >= first && chosen < last ? `row-${selected}` : undefined}>
      <div role="rowgroup" class="heads"><div role="row" class="row head" aria-rowindex="1" style=${{ gridTemplateColumns: template }}>
        ${columns.map((one) => html`<div role="columnheader" class=${one.isNumber ? "num" : ""} data-key=${one.key}>${one.title}</div>`)}
      </div></div>
      ${rows.length ? html`<div role="rowgroup" class="space" style=${{ height: `${rows.length * ROW_PX}px` }}>${shown}</div>` : null}
    </div>
    ${rows.length ? null : html`<div class="empty">${props.empty}</div>`}
  </div>`;
}

/** Move the focus to the list, where the arrow keys act. */
export function toRows() {
  /** @type {any} */ (document.querySelector(".rows"))?.focus({ preventScroll: true });
}
