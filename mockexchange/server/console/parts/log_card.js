// @ts-check
// The newest commands of the log, in pages: what changed the exchange, and why the rest did not.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { askLines } from "../lib/api.js";
import { epoch, listen } from "../lib/feed.js";
import { html } from "../lib/html.js";
import { attempt } from "./dialog.js";

const PAGE = 100;
const READ_MS = 700;

/** @param {{path: string}} props */
export function LogCard(props) {
  const rows = useSignal(/** @type {any[]} */ ([]));
  const older = useSignal(0);
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
  return html`<section class="full" aria-labelledby="h-log"><header><h2 id="h-log">Log</h2><span class="dim">commands, the newest first</span></header>
    ${rows.value.length ? html`<div class="scroll log-rows" tabindex="0" role="region" aria-label="log"><table class="list"><thead><tr><th scope="col" class="num">#</th><th scope="col">exchange time</th><th scope="col">command</th><th scope="col">fields</th></tr></thead>
      <tbody>${rows.value.map((one) => html`<${LogRow} key=${one.seq} record=${one} />`)}</tbody></table>
      ${rows.value[rows.value.length - 1].seq > 1 ? html`<p><button onClick=${() => { older.value += 1; }}>older</button></p>` : null}</div>`
      : html`<p class="teach">No command yet.</p>`}</section>`;
}

/** @param {{record: any}} props */
function LogRow(props) {
  const { seq, at, cause } = props.record;
  const [[name, fields]] = Object.entries(props.record.do);
  const plain = Object.entries(fields).filter(([, value]) => value !== null && value !== "" && value !== false).map(fieldOf).join(", ");
  return html`<tr><td class="num">${seq}</td><td class="mono">${new Date(at / 1_000).toISOString().slice(11, 23)}</td><th scope="row">${name.replaceAll("_", " ")}${cause ? html` <em class="tag odd">${cause.step}</em>` : null}</th><td class="mono wrap">${plain}</td></tr>`;
}

const SCALES = /** @type {Record<string, number>} */ ({ micros: 6, centicents: 4, centis: 2 });

/** A field as people write it: amounts of the log are integers in the unit of their name. @param {[string, any]} field */
function fieldOf([key, value]) {
  if (key === "purse") return `account: ${value[1] === "0" ? value[0] : value.join("/")}`;
  const [, name, unit] = key.match(/^(.*)_(micros|centicents|centis)$/) ?? [];
  if (unit && typeof value === "number") return `${name}: ${(value / 10 ** SCALES[unit]).toFixed(SCALES[unit])}`;
  return `${key}: ${typeof value === "object" ? JSON.stringify(value) : value}`;
}
