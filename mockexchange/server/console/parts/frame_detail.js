// @ts-check
// One frame: why it is as it is on top, then its text.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask } from "../lib/api.js";
import { counted, gapOf, timeOf } from "../lib/format.js";
import { html } from "../lib/html.js";
import { refine } from "../lib/router.js";
import { mayChange } from "../lib/state.js";
import { Body } from "./body.js";
import { show, tell, TextForm } from "./dialog.js";

const WORDS = /** @type {Record<string, string>} */ ({ in: "From the client.", out: "To the client.", lost: "Made, and not sent: the client has a gap here." });

/** The row of a frame, and the lost frame that is missing before it. @param {string} path @param {number} number */
async function rowOf(path, number) {
  const [row] = (await ask("GET", `${path}/frames?short=true&after=${number - 1}&before=${number + 1}`)).frames;
  if (!(row?.missing > 0)) return { row };
  const filter = encodeURIComponent(`dir:lost conn:${row.connection} sid:${row.sid}`);
  const lost = (await ask("GET", `${path}/frames?short=true&before=${number}&filter=${filter}`)).frames;
  return { row, lost: lost.findLast((/** @type {any} */ one) => one.seq < row.seq && one.seq >= row.seq - row.missing) };
}

/** @param {{number: string, path: string}} props */
export function FrameDetail(props) {
  const frame = useSignal(/** @type {any} */ (null));
  const about = useSignal(/** @type {{row?: any, lost?: any}} */ ({}));
  const problem = useSignal("");
  useEffect(() => {
    ask("GET", `${props.path}/frames/${props.number}?redact=true`).then(
      async (found) => {
        frame.value = found;
        about.value = await rowOf(props.path, found.number).catch(() => ({}));
      },
      (error) => { problem.value = error.message; },
    );
  }, [props.number]);
  const one = frame.value;
  const { row, lost } = about.value;
  const gap = row ? gapOf(row) : "";
  const isBad = one?.direction === "lost" || Boolean(gap);
  return html`<section class="detail" aria-label=${`Frame ${props.number}`} tabindex="-1">
    <header><h2><span class="dim">#${props.number}</span> ${one?.kind ?? ""}</h2>
      <button class="plain" onClick=${() => refine({ n: "" })} aria-label="Close the details" title="Escape">✕</button></header>
    ${problem.value ? html`<p>${problem.value}</p>` : !one ? html`<p class="dim">Reading …</p>` : html`
      <div class=${`why-box ${isBad ? "bad" : one.fault || one.note ? "odd" : "good"}`} data-why>
        <p class="lead"><b>${one.direction === "lost" ? "✕ lost" : one.direction === "in" ? "← in" : "→ out"}</b> ${one.note || WORDS[one.direction]}</p>
        ${gap ? html`<p><b class="bad">✕ gap</b> ${gap}${lost ? html`: it is <button class="link" onClick=${() => refine({ n: String(lost.number) })}>#${lost.number}</button>, which was made and not sent` : ""}</p>` : null}
        <dl>${one.fault ? html`<dt>fault</dt><dd>${one.fault}</dd>` : null}${one.stub ? html`<dt>stub</dt><dd>${one.stub}</dd>` : null}
          <dt>stream</dt><dd>${one.connection} <span class="dim">of ${one.account ?? "no account"}</span></dd>
          ${row && row.sid !== null ? html`<dt>subscription</dt><dd>sid ${row.sid}${row.seq === null ? "" : `, seq ${row.seq}`}</dd>` : null}
          ${one.channel ? html`<dt>channel</dt><dd>${one.channel}</dd>` : null}
          <dt>exchange time</dt><dd>${timeOf(one.at)} <span class="dim">${one.at.slice(0, 10)}, after ${counted(one.position, "command")}</span></dd></dl></div>
      ${mayChange() && one.channel ? html`<div class="actions"><button onClick=${() => show("Make a fault of it", faultForm(one, props.path))} title="disturb the next such frame: leave it out, double it, swap it">fault</button></div>` : null}
      <${Body} label="frame" text=${one.frame} base64=${one.frame_base64} />`}
  </section>`;
}

/** @param {any} frame @param {string} path */
function faultForm(frame, path) {
  const match = { channel: frame.channel, ...(frame.account ? { account: frame.account } : {}) };
  const text = JSON.stringify({ match, times: 1, then: { gap: true } }, null, 2);
  return html`<${TextForm} text=${text} label="fault as JSON" verb="Add" hint=${html`Frames that match are disturbed: <code>gap</code>, <code>duplicate</code>, <code>reorder</code>, <code>silent_channel</code>, <code>close</code> and more.`}
    onSend=${async (/** @type {string} */ sent) => { await ask("POST", `${path}/faults`, sent); tell("fault installed"); }} />`;
}
