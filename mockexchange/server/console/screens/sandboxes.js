// @ts-check
// The sandboxes of the server: make, reset, delete.
import { useEffect, useRef } from "preact/hooks";
import { ask, sandboxPath } from "../lib/api.js";
import { countOf } from "../lib/format.js";
import { html } from "../lib/html.js";
import { bind } from "../lib/keys.js";
import { addressOf, go, place } from "../lib/router.js";
import { info, mayChange, readSandboxes, sandboxes } from "../lib/state.js";
import { attempt, close, show, tell } from "../parts/dialog.js";

const READ_MS = 2_000;

export function Sandboxes() {
  useEffect(() => {
    void attempt(readSandboxes);
    const timer = setInterval(() => { if (!document.hidden) void readSandboxes().catch(() => {}); }, READ_MS);
    return () => clearInterval(timer);
  }, []);
  const make = () => show("New sandbox", html`<${MakeForm} />`);
  useEffect(() => bind(mayChange() ? [{ keys: "c", label: "make a sandbox", run: make }] : []), []);
  const may = mayChange();
  return html`<div class="tools">${may ? html`<button class="primary" onClick=${make} title="c">new sandbox</button>` : null}
      <span class="push dim">${countOf(sandboxes.value.length)} of at most ${countOf(info.value.bounds.sandboxes)}</span></div>
    <div class="scroll"><table class="list"><thead><tr><th scope="col">name</th><th scope="col">scenario</th><th scope="col">API date</th><th scope="col">clock</th><th scope="col">exchange time</th>
      <th scope="col" class="num">commands</th><th scope="col" class="num">requests</th><th scope="col">base URL</th>${may ? html`<th scope="col"><span class="hidden">actions</span></th>` : null}</tr></thead>
    <tbody>${sandboxes.value.map((one) => html`<tr key=${one.id} class=${one.id === place.value.sandbox ? "current" : ""}>
      <th scope="row"><a href=${addressOf({ sandbox: one.id, screen: "requests", query: {} })}>${one.id}</a>${one.broken ? html` <span class="bad">✕ broken</span>` : null}</th>
      <td>${one.scenario}</td><td>${one.api_date}</td><td>${one.clock.mode}</td><td class="mono">${one.clock.now.slice(0, 19).replace("T", " ")}</td>
      <td class="num">${countOf(one.commands)}</td><td class="num">${countOf(one.requests)}</td><td class="mono wrap">${one.base_url}</td>
      ${may ? html`<td class="num nowrap"><button aria-label=${`Reset ${one.id}`} onClick=${() => show(`Reset ${one.id}?`, html`<${Sure} name=${one.id} verb="reset" />`)}>reset</button> <button aria-label=${`Delete ${one.id}`} disabled=${one.id === "default"} title=${one.id === "default" ? "the default sandbox stays" : ""}
        onClick=${() => show(`Delete ${one.id}?`, html`<${Sure} name=${one.id} verb="delete" />`)}>delete</button></td>` : null}</tr>`)}</tbody></table></div>`;
}

/** @param {{name: string, verb: "reset" | "delete"}} props */
function Sure(props) {
  const act = () => attempt(async () => {
    const path = sandboxPath(props.name);
    await (props.verb === "delete" ? ask("DELETE", path) : ask("POST", `${path}/reset`));
    close();
    tell(props.verb === "delete" ? `${props.name} is deleted` : `${props.name} began anew`);
    if (props.verb === "delete" && place.value.sandbox === props.name) go({ sandbox: "default", screen: "sandboxes" });
    await readSandboxes();
  });
  return html`<p>${props.verb === "reset" ? "The scenario is played again. The journal, faults, stubs and added keys are removed, streams are closed; keys and port stay." : "Its state, its journal and its port are gone. Clients get no answer any more."}</p>
    <div class="actions"><button class="primary" onClick=${act}>${props.verb}</button><button onClick=${close}>Cancel</button></div>`;
}

function MakeForm() {
  const form = /** @type {{current: HTMLFormElement | null}} */ (useRef(null));
  const dates = info.value.venues[0].api_dates;
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    const values = Object.fromEntries([...new FormData(/** @type {HTMLFormElement} */ (form.current))].filter(([, value]) => value !== ""));
    const { own_port: hasPort, ...body } = values;
    void attempt(async () => {
      const made = await ask("POST", "/sandboxes", { ...body, ...(hasPort ? { port: 0 } : {}) });
      close();
      await readSandboxes();
      go({ sandbox: made.id, screen: "requests" });
      tell(`${made.id} is made`);
    });
  };
  return html`<form class="fields" ref=${form} onSubmit=${send}>
    <label>Name <input name="name" placeholder="a name is generated" pattern="[A-Za-z0-9][A-Za-z0-9._\\-]*" maxlength="64" /></label>
    <label>Scenario <input name="scenario" list="scenarios" value="demo" required /></label>
    <datalist id="scenarios">${["demo", "empty", "golden"].map((one) => html`<option value=${one}></option>`)}</datalist>
    <label>API date <select name="api_date"><option>compat</option><option>latest</option>${[...dates].reverse().map((/** @type {string} */ one) => html`<option>${one}</option>`)}</select></label>
    <label>Clock <select name="clock"><option>real</option><option>paused</option><option>10x</option></select></label>
    <label>Deleted when idle for <input name="expires_after" placeholder="never; such as 1h" /></label>
    <label class="check"><input type="checkbox" name="own_port" value="1" /> a port of its own</label>
    <div class="actions"><button class="primary">Make</button><button type="button" onClick=${close}>Cancel</button></div></form>`;
}
