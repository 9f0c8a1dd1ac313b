// @ts-check
// A table of plain rows: a column for each key. Texts of numbers are aligned right.
import { html } from "../lib/html.js";

const NUMBER = /^-?[0-9][0-9.,]*$/;
/** What columns are called, and what they mean, where the name of the field does not say it. @type {Record<string, [string, string]>} */
const HEADS = {
  book: ["subaccount", "0 is the main one"],
  resting: ["resting", "in open orders"],
  cost: ["cost", "what the held contracts cost, without fees"],
  realized: ["realized", "profit of what was sold or settled, without fees"],
  reserved: ["reserved", "held back for open orders"],
  revenue: ["payout", "what the settlement paid: the venue's revenue"],
  value: ["value", "of a contract with a scalar result"],
  held: ["held", "contracts at settlement: below 0 is NO"],
  "profit and loss": ["profit and loss", "at the last price, after fees"],
};
const INSTANT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** @param {{label: string, rows: any[], leave: string[], last: string[], act?: (row: any) => any, link?: {key: string, title: string, onClick: (value: string, row: any) => void}}} props */
export function Table(props) {
  const keys = [...new Set(props.rows.slice(0, 50).flatMap((row) => Object.keys(row)))].filter((key) => !props.leave.includes(key) && !props.last.includes(key)).concat(props.last.filter((key) => props.rows.some((row) => key in row)));
  const isNumber = (/** @type {string} */ key) => props.rows.some((row) => NUMBER.test(String(row[key] ?? "")));
  const numbers = new Set(keys.filter(isNumber));
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${props.label}><table class="list plain-rows"><thead><tr>${keys.map((key) => html`<th scope="col" data-key=${key} class=${numbers.has(key) ? "num" : ""} title=${HEADS[key]?.[1]}>${HEADS[key]?.[0] ?? key.replaceAll("_", " ")}</th>`)}${props.act ? html`<th scope="col"><span class="hidden">actions</span></th>` : null}</tr></thead>
    <tbody>${props.rows.map((row) => html`<tr>${keys.map((key) => html`<td data-key=${key} class=${numbers.has(key) ? "num" : "mono"}>${props.link?.key === key ? html`<button class="link" title=${props.link.title} onClick=${() => props.link?.onClick(row[key], row)}>${row[key]}</button>` : textOf(row[key])}</td>`)}${props.act ? html`<td class="act">${props.act(row)}</td>` : null}</tr>`)}</tbody></table></div>`;
}

/** @param {any} value */
function textOf(value) {
  if (value === null || value === undefined || value === "") return html`<span class="dim">–</span>`;
  if (value === true) return "yes";
  if (value === false) return html`<span class="dim">no</span>`;
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  if (INSTANT.test(text)) return `${text.slice(0, 10)} ${text.slice(11, 19)}`;
  return text.length === 36 && text[8] === "-" ? html`<span title=${text}>${text.slice(0, 8)}…</span>` : text;
}
