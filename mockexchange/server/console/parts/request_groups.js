// @ts-check
// Requests counted by operation, account or diagnosis; a group is a filter.
import { countOf, latencyOf } from "../lib/format.js";
import { html } from "../lib/html.js";

const PART_CHARS_MAX = 400;

/** @param {string} by @param {string} name */
function filterFor(by, name) {
  if (by === "account") return name ? `account:${name}` : "-is:account";
  if (by === "operation" && !name.includes(" ")) return `op:${name}`;
  // A term in quotes cannot have some, and a filter is short: the beginning of the longest part without them is enough.
  const [part] = name.split('"').sort((left, right) => right.length - left.length);
  return part ? `"${part.slice(0, PART_CHARS_MAX)}"` : "-is:diagnosis";
}

/** @param {{groups: any[] | undefined, by: string, onChoose: (text: string) => void}} props */
export function Groups(props) {
  if (!props.groups) return html`<p class="dim">Reading …</p>`;
  return html`<div class="scroll"><table class="list"><thead><tr><th scope="col">${props.by}</th><th scope="col" class="num">requests</th>
    <th scope="col" class="num">refused</th><th scope="col" class="num">median</th><th scope="col" class="num">slowest</th></tr></thead><tbody>
    ${props.groups.map((one) => html`<tr><th scope="row"><button class="link" onClick=${() => props.onChoose(filterFor(props.by, one.name))}>${one.name || "none"}</button></th>
        <td class="num">${countOf(one.requests)}</td><td class=${`num ${one.refused ? "bad" : ""}`}>${countOf(one.refused)}</td>
        <td class="num">${latencyOf(one.median_us)}</td><td class="num">${latencyOf(one.slowest_us)}</td></tr>`)}</tbody></table></div>`;
}
