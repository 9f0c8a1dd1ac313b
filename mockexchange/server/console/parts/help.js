// @ts-check
// The list of keys, and the switch that turns them off.
import { html } from "../lib/html.js";
import { areOn, bound, switchKeys } from "../lib/keys.js";
import { info } from "../lib/state.js";
import { offered } from "../screens/screens.js";
import { show } from "./dialog.js";

function Help() {
  return html`<label class="check"><input type="checkbox" checked=${areOn.value} onChange=${(/** @type {any} */ event) => switchKeys(event.target.checked)} /> letters act as shortcuts</label>
    <dl class="screens">${offered().map((one) => html`<dt>${one.title}</dt><dd>${one.about}</dd>`)}</dl>
    <table class="keys"><thead><tr><th scope="col">key</th><th scope="col">does</th></tr></thead><tbody>
    ${bound().map((one) => html`<tr><td><kbd>${one.keys}</kbd></td><td>${one.label}</td></tr>`)}
    <tr><td><kbd>↑ ↓ PgUp PgDn Home End</kbd></td><td>within a list</td></tr></tbody></table>
    <p class="dim">mockexchange ${info.value?.version} · <a href="/_mock/docs/" target="_blank" rel="noopener">API documents</a></p>`;
}

export function showHelp() {
  show("Help and keys", html`<${Help} />`);
}
