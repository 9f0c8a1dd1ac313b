// @ts-check
// The forms of a new sandbox: of a scenario, or a fork of another. A token for one sandbox makes that one.
import { useRef } from "preact/hooks";
import { ask, sandboxPath } from "../lib/api.js";
import { html } from "../lib/html.js";
import { addressOf, go } from "../lib/router.js";
import { info, readSandboxes } from "../lib/state.js";
import { attempt, close, show, tell } from "./dialog.js";

function NameField() {
  return html`<label>Name <input name="name" placeholder="a name is generated" pattern="[A-Za-z0-9][A-Za-z0-9._\\-]*" maxlength="64" /></label>`;
}

export function showMake() {
  show("New sandbox", html`<${MakeForm} />`);
}

/** @param {string} source @param {string} [at] the number of a command of the log */
export function showFork(source, at = "") {
  show(`Fork ${source}`, html`<${ForkForm} source=${source} at=${at} />`);
}

/** Go to a sandbox that was made. @param {{id: string}} made */
async function enter(made) {
  close();
  await readSandboxes();
  go({ sandbox: made.id, screen: "requests" });
  tell(`${made.id} is made`);
}

/** @param {{source: string, at: string}} props */
function ForkForm(props) {
  const send = (/** @type {any} */ event) => {
    event.preventDefault();
    const { name, at } = Object.fromEntries(new FormData(event.target));
    const fork = { sandbox: props.source, ...(at ? { at: /^\d+$/.test(String(at)) ? Number(at) : at } : {}) };
    void attempt(async () => enter(await ask("POST", "/sandboxes", { ...(name ? { name } : {}), fork })));
  };
  return html`<form class="fields" onSubmit=${send}><p>Another sandbox with the same accounts and keys, on a port of its own. Clients of <b>${props.source}</b> stay there: its base URL is on the screen Sandboxes.</p>
    <${NameField} />
    <label>At <input name="at" defaultValue=${props.at} placeholder="now" /></label>
    <p class="dim">As it is now; or as it was after a command of the log, by its number (<a href=${addressOf({ sandbox: props.source, screen: "script", query: {} })} onClick=${close}>the log</a>), or at an instant.</p>
    <div class="actions"><button class="primary">Fork</button><button type="button" onClick=${close}>Cancel</button></div></form>`;
}

function MakeForm() {
  const own = info.value.sandbox;
  const form = /** @type {{current: HTMLFormElement | null}} */ (useRef(null));
  const dates = info.value.venues[0].api_dates;
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    const values = Object.fromEntries([...new FormData(/** @type {HTMLFormElement} */ (form.current))].filter(([, value]) => value !== ""));
    const { own_port: hasPort, ...body } = values;
    void attempt(async () => {
      const wanted = { ...body, ...(hasPort ? { port: 0 } : {}) };
      await enter(await (own ? ask("PUT", sandboxPath(own), wanted) : ask("POST", "/sandboxes", wanted)));
    });
  };
  return html`<form class="fields" ref=${form} onSubmit=${send}>
    ${own ? html`<p>Its name is <b>${own}</b>: the one that this token is for.</p>` : html`<${NameField} />`}
    <label>Scenario <input name="scenario" list="scenarios" value="demo" required /></label>
    <datalist id="scenarios">${["demo", "empty", "golden"].map((one) => html`<option value=${one}></option>`)}</datalist>
    <label>API date <select name="api_date"><option>compat</option><option>latest</option>${[...dates].reverse().map((/** @type {string} */ one) => html`<option>${one}</option>`)}</select></label>
    <label>Clock <select name="clock"><option>real</option><option>paused</option><option>10x</option></select></label>
    <label>Deleted when idle for <input name="expires_after" placeholder="never; such as 1h" /></label>
    <label class="check"><input type="checkbox" name="own_port" value="1" /> a port of its own</label>
    <div class="actions"><button class="primary">Make</button><button type="button" onClick=${close}>Cancel</button></div></form>`;
}
