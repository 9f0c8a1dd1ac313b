// @ts-check
// One request: why on top, then what can be done with it, then both messages.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask } from "../lib/api.js";
import { callOf, counted, curlOf, latencyOf, pythonOf, timeOf } from "../lib/format.js";
import { html } from "../lib/html.js";
import { refine } from "../lib/router.js";
import { isRefused } from "../lib/rows.js";
import { mayChange, originOf } from "../lib/state.js";
import { attempt, copy, show, tell, TextForm } from "./dialog.js";
import { Body } from "./body.js";

/** @param {{number: string, path: string, sandbox: string, onMark: (side: "a" | "b") => void}} props */
export function RequestDetail(props) {
  const entry = useSignal(/** @type {any} */ (null));
  const problem = useSignal("");
  useEffect(() => {
    ask("GET", `${props.path}/journal/${props.number}?redact=true`).then(
      (found) => { entry.value = found; },
      (error) => { problem.value = error.message; },
    );
  }, [props.number]);
  const close = () => refine({ n: "" });
  if (problem.value) return html`<section class="detail" aria-label="Request" tabindex="-1"><header><h2>#${props.number}</h2><button class="plain" onClick=${close} aria-label="Close">✕</button></header><p>${problem.value}</p></section>`;
  const one = entry.value;
  if (!one) return html`<section class="detail" aria-label="Request" tabindex="-1"><p class="dim">Reading …</p></section>`;
  return html`<section class="detail" aria-label=${`Request ${one.number}`} tabindex="-1">
    <header><h2><span class="dim">#${one.number}</span> ${one.method} <span class="target">${one.target}</span></h2>
      <button class="plain" onClick=${close} aria-label="Close the details" title="Escape">✕</button></header>
    <${Why} entry=${one} />
    <${Actions} entry=${one} ...${props} />
    <h3>Answer</h3><${Body} label="answer" text=${one.answer} base64=${one.answer_base64} dropped=${one.dropped?.answer} />
    <h3>Request</h3>
    <table class="headers"><tbody>${one.headers.map((/** @type {string[]} */ pair) => html`<tr><th scope="row">${pair[0]}</th><td>${pair[1]}</td></tr>`)}</tbody></table>
    <${Body} label="request body" text=${one.body} base64=${one.body_base64} dropped=${one.dropped?.body} />
  </section>`;
}

/** @param {{entry: any}} props */
function Why(props) {
  const { entry } = props;
  const isBad = isRefused(entry);
  const isOdd = entry.fault || entry.stub;
  const words = entry.diagnosis ?? (isBad ? "The venue's answer has the reason." : "Answered as the venue answers.");
  return html`<div class=${`why-box ${isBad ? "bad" : isOdd ? "odd" : "good"}`} data-why>
    <p class="lead"><b>${isBad ? "✕" : isOdd ? "!" : "✓"} ${entry.status || "no answer"}</b> ${words}</p>
    ${entry.findings.map((/** @type {string} */ one) => html`<p class="bad">finding: ${one}</p>`)}
    <dl>
      ${entry.refusal ? html`<dt>refusal</dt><dd>${entry.refusal} <span class="dim">is mockexchange's name for it${codeOf(entry.answer) ? `; the venue's is ${codeOf(entry.answer)}` : ""}</span></dd>` : null}
      ${entry.fault ? html`<dt>fault</dt><dd>${entry.fault}</dd>` : null}
      ${entry.stub ? html`<dt>stub</dt><dd>${entry.stub}</dd>` : null}
      <dt>operation</dt><dd>${entry.operation ?? "none"}${entry.venue ? html` <span class="dim">of ${entry.venue}</span>` : ""}</dd>
      <dt>account</dt><dd>${entry.account ?? "none"}${entry.key_id ? html` <span class="dim">key ${entry.key_id}</span>` : ""}</dd>
      <dt>exchange time</dt><dd>${timeOf(entry.at)} <span class="dim">${entry.at.slice(0, 10)}, after ${counted(entry.position, "command")}, took ${latencyOf(entry.latency_us)}</span></dd>
      ${entry.commands ? html`<dt>carried out</dt><dd>command ${entry.commands.join(", ")}</dd>` : null}
      ${entry.connection ? html`<dt>opened</dt><dd>stream ${entry.connection}</dd>` : null}
    </dl></div>`;
}

/** @param {{entry: any, path: string, sandbox: string, onMark: (side: "a" | "b") => void}} props */
function Actions(props) {
  const { entry, path } = props;
  const resend = () => attempt(async () => {
    const sent = await ask("POST", `${path}/call`, { account: entry.account, method: entry.method, target: entry.target, ...(entry.body ? { body: entry.body } : {}) });
    refine({ n: String(sent.number) });
    tell(`sent as ${entry.account}: ${sent.status}`);
  });
  return html`<div class="actions">
    ${mayChange() ? html`<button class="primary" onClick=${resend} disabled=${!entry.account} title=${entry.account ? "the server signs it anew" : "no key was recognized"}>resend signed</button>
      <button onClick=${() => show("Make a stub of it", stubForm(entry, path))} title="answer the next such request with a text of yours">stub</button>
      <button onClick=${() => show("Make a fault of it", faultForm(entry, path))} title="disturb the next such request: an error, a delay, a cut">fault</button>` : null}
    <span class="dim">copy as</span><button onClick=${() => copy(curlOf(entry, originOf(props.sandbox)), "curl")} title="as it was sent, with its old time and signature: what was refused for them is refused again">curl</button>
    ${mayChange() ? html`<button onClick=${() => copy(pythonOf(entry), "Python")}>Python</button>
      <button onClick=${() => copy(callOf(entry), "command")} title="signed anew in a terminal">command</button>` : null}
    <span class="dim">compare</span><button onClick=${() => props.onMark("a")} title="the first of two requests to compare (a)">mark A</button><button onClick=${() => props.onMark("b")} title="the second of two requests to compare (b)">mark B</button>
  </div>`;
}

/** @param {any} entry @param {string} path */
function stubForm(entry, path) {
  const body = isJson(entry.answer) ? `"json": ${entry.answer}` : `"text": ${JSON.stringify(entry.answer ?? "")}`;
  const target = entry.target.split("?")[0];
  const text = `{\n  "request": ${JSON.stringify(`${entry.method} ${target}`)},\n  "status": ${entry.status || 200},\n  "times": 1,\n  ${body}\n}`;
  return html`<${TextForm} text=${text} label="stub as JSON" verb="Add" hint="The next request that matches gets this answer. Change what you like; digits stay as they are."
    onSend=${async (/** @type {string} */ sent) => { await ask("POST", `${path}/stubs`, sent); tell("stub installed"); }} />`;
}

/** @param {any} entry @param {string} path */
function faultForm(entry, path) {
  const match = { ...(entry.operation ? { operation: entry.operation } : {}), ...(entry.account ? { account: entry.account } : {}) };
  const text = JSON.stringify({ match, times: 1, then: { status: 503 } }, null, 2);
  return html`<${TextForm} text=${text} label="fault as JSON" verb="Add" hint=${html`Requests that match are disturbed: <code>status</code>, <code>delay</code>, <code>drop</code>, <code>cut</code> and more.`}
    onSend=${async (/** @type {string} */ sent) => { await ask("POST", `${path}/faults`, sent); tell("fault installed"); }} />`;
}

/** The venue's own name for an error, from its answer. @param {string | null} answer */
function codeOf(answer) {
  try {
    const parsed = JSON.parse(answer ?? "");
    return String(parsed.error?.code ?? parsed.code ?? "");
  } catch {
    return "";
  }
}

/** @param {string | null} text */
function isJson(text) {
  try {
    JSON.parse(text ?? "");
    return true;
  } catch {
    return false;
  }
}
