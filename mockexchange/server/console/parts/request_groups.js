// @ts-check
// Requests counted by operation, account or diagnosis; a group is a filter.
import { isRefused } from "../lib/filter.js";
import { countOf, latencyOf } from "../lib/format.js";
import { html } from "../lib/html.js";

/** @param {any} row @param {string} by */
function groupOf(row, by) {
  return row[by] ?? (by === "operation" ? `${row.method} ${row.target.split("?")[0]}` : "");
}

/** @param {string} by @param {string} name */
function filterFor(by, name) {
  if (by === "account") return name ? `account:${name}` : "-is:account";
  if (by === "operation" && !name.includes(" ")) return `op:${name}`;
  // A term in quotes cannot have some: the longest part without them is enough.
  const [part] = name.split('"').sort((left, right) => right.length - left.length);
  return part ? `"${part}"` : "-is:diagnosis";
}

/** @param {{rows: any[], by: string, onChoose: (text: string) => void}} props */
export function Groups(props) {
  /** @type {Map<string, any[]>} */
  const groups = new Map();
  for (const row of props.rows) {
    const name = groupOf(row, props.by);
    const list = groups.get(name);
    if (list) list.push(row);
    else groups.set(name, [row]);
  }
  const sorted = [...groups].sort((left, right) => right[1].length - left[1].length);
  return html`<div class="scroll"><table class="list"><thead><tr><th scope="col">${props.by}</th><th scope="col" class="num">requests</th>
    <th scope="col" class="num">refused</th><th scope="col" class="num">median</th><th scope="col" class="num">slowest</th></tr></thead><tbody>
    ${sorted.map(([name, rows]) => {
      const times = rows.map((row) => row.latency_us).sort((left, right) => left - right);
      const refused = rows.filter(isRefused).length;
      return html`<tr><th scope="row"><button class="link" onClick=${() => props.onChoose(filterFor(props.by, name))}>${name || "none"}</button></th>
        <td class="num">${countOf(rows.length)}</td><td class=${`num ${refused ? "bad" : ""}`}>${countOf(refused)}</td>
        <td class="num">${latencyOf(times[Math.floor(times.length / 2)])}</td><td class="num">${latencyOf(times[times.length - 1])}</td></tr>`;
    })}</tbody></table></div>`;
}
