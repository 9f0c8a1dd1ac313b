// @ts-check
// The open streams: subscriptions, what waits for the client, and send and close.
import { useRef } from "preact/hooks";
import { ask } from "../lib/api.js";
import { sizeOf, timeOf } from "../lib/format.js";
import { html } from "../lib/html.js";
import { attempt, close, show, tell } from "./dialog.js";

/** @param {{streams: any[], path: string, mayChange: boolean, onFilter: (text: string) => void}} props */
export function StreamTable(props) {
  if (!props.streams.length) return html`<p class="strip dim">No stream is open now.</p>`;
  return html`<div class="strip"><table class="list"><thead><tr><th scope="col">stream</th><th scope="col">account</th><th scope="col">since</th>
    <th scope="col">subscriptions</th><th scope="col" class="num">waiting</th>${props.mayChange ? html`<th scope="col"><span class="hidden">actions</span></th>` : null}</tr></thead>
    <tbody>${props.streams.map((one) => html`<tr key=${one.number}>
      <th scope="row"><button class="link" onClick=${() => props.onFilter(`stream:${one.number}`)}>${one.number}</button></th>
      <td>${one.account ?? "–"}${one.key ? html` <span class="dim" title="key and its API date">${one.key} · ${one.api_date}</span>` : null}</td><td class="mono">${timeOf(one.since)}</td>
      <td>${one.subscriptions.length ? one.subscriptions.map((/** @type {any} */ sub) => html`<span class="chip" title=${sub.markets ? sub.markets.join(", ") : "all markets"}>${sub.sid} ${sub.channel}${sub.markets ? ` (${sub.markets.length})` : ""}</span>`) : html`<span class="dim">none</span>`}</td>
      <td class=${`num ${one.waiting_bytes > 65_536 ? "bad" : ""}`}>${sizeOf(one.waiting_bytes)}</td>
      ${props.mayChange ? html`<td class="num"><button onClick=${() => show(`Send to stream ${one.number}`, html`<${SendForm} path=${props.path} number=${one.number} />`)}>send</button> <button onClick=${() => show(`Close stream ${one.number}`, html`<${CloseForm} path=${props.path} number=${one.number} />`)}>close</button></td>` : null}
    </tr>`)}</tbody></table></div>`;
}

/** @param {string} path @param {unknown} body @param {string} words */
async function move(path, body, words) {
  await attempt(async () => {
    await ask("POST", `${path}/streams`, body);
    tell(words);
    close();
  });
}

/** @param {{path: string, number: number}} props */
function SendForm(props) {
  const field = /** @type {{current: HTMLTextAreaElement | null}} */ (useRef(null));
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    void move(props.path, { send: { text: field.current?.value ?? "" }, connection: props.number }, "frame sent");
  };
  return html`<form onSubmit=${send}><p class="dim">The text is sent byte for byte; filters and faults do not apply.</p>
    <textarea class="code" ref=${field} rows="6" aria-label="frame" spellcheck=${false}>{"type":"error","msg":{"code":5,"msg":"unknown"}}</textarea>
    <div class="actions"><button class="primary">Send</button></div></form>`;
}

/** @param {{path: string, number: number}} props */
function CloseForm(props) {
  const send = (/** @type {any} */ event) => {
    event.preventDefault();
    const values = new FormData(event.target);
    void move(props.path, { close: { code: values.get("code"), reason: values.get("reason") }, connection: props.number }, "stream closed");
  };
  return html`<form class="fields" onSubmit=${send}><label>Code <input name="code" value="1001" pattern="[0-9]{4}" required /></label>
    <label>Reason <input name="reason" maxlength="123" /></label>
    <p class="dim">1006 cuts the connection without a close frame.</p><div class="actions"><button class="primary">Close the stream</button></div></form>`;
}
