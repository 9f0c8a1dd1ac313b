// @ts-check
// The filter of a screen, with the last ones used.
import { html } from "../lib/html.js";
import { toRows } from "./grid.js";

const KEPT = "mockexchange.filters";
const KEPT_MAX = 12;

/** @returns {string[]} */
function known() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "[]");
  } catch {
    return [];
  }
}

/** @param {string} text */
function keep(text) {
  if (text.trim()) localStorage.setItem(KEPT, JSON.stringify([text, ...known().filter((one) => one !== text)].slice(0, KEPT_MAX)));
}

/** @param {{value: string, onChange: (text: string) => void, hint: string}} props */
export function FilterLine(props) {
  const onKeyDown = (/** @type {any} */ event) => {
    if (event.key === "Escape") event.target.blur();
    if (event.key === "Enter") {
      keep(event.target.value);
      toRows();
    }
  };
  return html`<label class="filter"><span class="hidden">Filter</span>
    <input type="search" data-filter list="filters" value=${props.value} placeholder=${`filter: ${props.hint}`} spellcheck=${false}
      onInput=${(/** @type {any} */ event) => props.onChange(event.target.value)} onKeyDown=${onKeyDown} onBlur=${(/** @type {any} */ event) => keep(event.target.value)} />
    <datalist id="filters">${known().map((one) => html`<option value=${one}></option>`)}</datalist></label>`;
}
