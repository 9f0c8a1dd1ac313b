// @ts-check
// The newest commands of the log, in pages: what changed the exchange, and why the rest did not.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { askLines } from "../lib/api.js";
import { epoch, listen } from "../lib/feed.js";
import { counted } from "../lib/format.js";
import { html } from "../lib/html.js";
import { place } from "../lib/router.js";
import { info, mayMake } from "../lib/state.js";
import { attempt } from "./dialog.js";
import { showFork } from "./make_form.js";

const PAGE = 100;
const READ_MS = 700;

/** @param {{path: string}} props */
export function LogCard(props) {
  const rows = useSignal(/** @type {any[]} */ ([]));
  const older = useSignal(0);
  const filter = useSignal("");
  const shown = rows.value.filter((one) => !filter.value || wordsOf(one).toLowerCase().includes(filter.value));
  const canFork = mayMake() && !info.value.sandbox;
  useEffect(() => {
    let isDue = false;
    const read = () => attempt(async () => {
      isDue = false;
      const last = PAGE * (older.value + 1);
      rows.value = (await askLines(`${props.path}/log?redact=true&last=${last}`)).slice(1).reverse();
    });
    const stop = listen((events) => { if (events.some((one) => one.kind === "command")) isDue = true; });
    const timer = setInterval(() => { if (isDue && !document.hidden) void read(); }, READ_MS);
    void read();
    return () => { clearInterval(timer); stop(); };
  }, [props.path, epoch.value, older.value]);
  return html`<section class="full" aria-labelledby="h-log"><header><h2 id="h-log">Log</h2><span class="dim">${filter.value ? `${shown.length} of the newest ${counted(rows.value.length, "command")} that are loaded` : "commands, the newest first"}</span><label><span class="hidden">commands with</span><input type="search" value=${filter.value} placeholder="a part of a command" spellcheck=${false} onInput=${(/** @type {any} */ event) => { filter.value = event.target.value.toLowerCase(); }} /></label></header>
    ${rows.value.length ? html`<div class="scroll log-rows" tabindex="0" role="region" aria-label="log"><table class="list"><thead><tr><th scope="col" class="num">#</th><th scope="col">exchange time</th><th scope="col">command</th><th scope="col">fields</th>${canFork ? html`<th scope="col"><span class="hidden">actions</span></th>` : null}</tr></thead>
      <tbody>${shown.map((one, at) => html`<${LogRow} key=${one.seq} record=${one} isOfDay=${at > 0 && dayOf(one) === dayOf(shown[at - 1])} canFork=${canFork} />`)}</tbody></table>
      ${rows.value[rows.value.length - 1].seq > 1 ? html`<p><button onClick=${() => { older.value += 1; }}>older</button></p>` : null}</div>`
      : html`<p class="teach">No command yet.</p>`}</section>`;
}

/** @param {any} record */
function dayOf(record) {
  return new Date(record.at / 1_000).toISOString().slice(0, 10);
}

/** @param {{record: any, isOfDay: boolean, canFork: boolean}} props `isOfDay`: of the same day as the row above. */
function LogRow(props) {
  const { seq, at, cause } = props.record;
  const [name] = Object.keys(props.record.do);
  return html`<tr><td class="num">${seq}</td><td class="mono nowrap"><span class=${props.isOfDay ? "same-day" : "dim"}>${dayOf(props.record)}</span> ${new Date(at / 1_000).toISOString().slice(11, 23)}</td><th scope="row" class="nowrap">${name.replaceAll("_", " ")}${cause ? html` <em class="tag odd">${cause.step}</em>` : null}</th><td class="mono wrap">${fieldsOf(props.record)}</td>
    ${props.canFork ? html`<td class="num nowrap"><button aria-label=${`Fork before ${seq}`} title="another sandbox, as it was before this command" onClick=${() => showFork(place.value.sandbox, String(seq - 1))}>fork before</button></td>` : null}</tr>`;
}

/** @param {any} record */
function fieldsOf(record) {
  const [fields] = Object.values(record.do);
  return Object.entries(fields).filter(([, value]) => value !== null && value !== "" && value !== false).map(fieldOf).join(", ");
}

/** What the filter looks at. @param {any} record */
function wordsOf(record) {
  return `${record.seq} ${Object.keys(record.do)[0].replaceAll("_", " ")} ${record.cause?.step ?? ""} ${fieldsOf(record)}`;
}

const SCALES = /** @type {Record<string, number>} */ ({ micros: 6, centicents: 4, centis: 2 });

/** A field as people write it: amounts of the log are integers in the unit of their name. @param {[string, any]} field */
function fieldOf([key, value]) {
  if (key === "purse") return `account: ${value[1] === "0" ? value[0] : value.join("/")}`;
  const [, name, unit] = key.match(/^(.*)_(micros|centicents|centis)$/) ?? [];
  if (unit && typeof value === "number") return `${name}: ${(value / 10 ** SCALES[unit]).toFixed(SCALES[unit])}`;
  if ((key === "yes" || key === "no") && Array.isArray(value)) return `${key}: ${value.map(([price, count]) => `${(count / 100).toFixed(2)} at ${(price / 10_000).toFixed(4)}`).join(" and ") || "none"}`;
  return `${key}: ${typeof value === "object" ? JSON.stringify(value) : value}`;
}
