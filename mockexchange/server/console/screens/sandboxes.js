// @ts-check
// The sandboxes of the server: make, fork, reset, delete.
import { useEffect } from "preact/hooks";
import { ask, sandboxPath } from "../lib/api.js";
import { countOf, idleOf } from "../lib/format.js";
import { html } from "../lib/html.js";
import { useKeys } from "../lib/keys.js";
import { addressOf, go, place } from "../lib/router.js";
import { info, mayChange, mayMake, readSandboxes, sandboxes } from "../lib/state.js";
import { attempt, close, show, tell } from "../parts/dialog.js";
import { showFork, showMake } from "../parts/make_form.js";

const READ_MS = 2_000;

export function Sandboxes() {
  useEffect(() => {
    void attempt(readSandboxes);
    const timer = setInterval(() => { if (!document.hidden) void readSandboxes().catch(() => {}); }, READ_MS);
    return () => clearInterval(timer);
  }, []);
  useKeys(mayMake() ? [{ keys: "c", label: "make a sandbox", run: showMake }] : [], [mayMake()]);
  const may = mayChange();
  return html`<div class="tools">${mayMake() ? html`<button class="primary" onClick=${showMake} title="c">new sandbox</button>` : null}
      ${info.value.sandbox ? null : html`<span class="push dim">${countOf(sandboxes.value.length)} of at most ${countOf(info.value.bounds.sandboxes)}</span>`}</div>
    <div class="scroll"><table class="list"><thead><tr><th scope="col">name</th><th scope="col">scenario</th><th scope="col">API date</th><th scope="col">clock</th><th scope="col">exchange time</th>
      <th scope="col" class="num">commands</th><th scope="col" class="num">requests</th><th scope="col" class="num">refused</th><th scope="col" class="num">streams</th><th scope="col" class="num" title="since a client or the control API used it last">idle</th><th scope="col">base URL</th>${may ? html`<th scope="col"><span class="hidden">actions</span></th>` : null}</tr></thead>
    <tbody>${sandboxes.value.map((one) => html`<tr key=${one.id} class=${one.id === place.value.sandbox ? "current" : ""}>
      <th scope="row"><a href=${addressOf({ sandbox: one.id, screen: "requests", query: {} })}>${one.id}</a>${one.broken ? html`<div class="bad wrap">✕ ${one.broken}</div>` : null}</th>
      <td>${one.scenario}</td><td>${one.api_date}</td><td>${one.clock.mode}</td><td class="mono">${one.clock.now.slice(0, 19).replace("T", " ")}</td>
      <td class="num">${countOf(one.commands)}</td><td class="num">${countOf(one.requests)}</td><td class="num">${one.refused ? html`<a class="bad" href=${addressOf({ sandbox: one.id, screen: "requests", query: { q: "is:refused" } })}>${countOf(one.refused)}</a>` : "0"}</td>
      <td class="num">${one.streams ? html`<a href=${addressOf({ sandbox: one.id, screen: "streams", query: {} })}>${countOf(one.streams)}</a>` : "0"}</td><td class="num">${idleOf(one.idle_us)}</td><td class="mono wrap">${one.base_url}</td>
      ${may ? html`<td class="num nowrap act">${info.value.sandbox ? null : html`<button aria-label=${`Fork ${one.id}`} onClick=${() => showFork(one.id)}>fork</button> `}<button aria-label=${`Reset ${one.id}`} onClick=${() => show(`Reset ${one.id}?`, html`<${Sure} name=${one.id} verb="reset" />`)}>reset</button> <button aria-label=${`Delete ${one.id}`} disabled=${one.id === "default"} title=${one.id === "default" ? "the default sandbox stays" : ""}
        onClick=${() => show(`Delete ${one.id}?`, html`<${Sure} name=${one.id} verb="delete" />`)}>delete</button></td>` : null}</tr>`)}</tbody></table></div>`;
}

/** @param {{name: string, verb: "reset" | "delete"}} props */
function Sure(props) {
  const act = () => attempt(async () => {
    const path = sandboxPath(props.name);
    await (props.verb === "delete" ? ask("DELETE", path) : ask("POST", `${path}/reset`));
    close();
    tell(props.verb === "delete" ? `${props.name} is deleted` : `${props.name} began anew`);
    if (props.verb === "delete" && place.value.sandbox === props.name) go({ sandbox: info.value.sandbox ?? "default", screen: "sandboxes" });
    await readSandboxes();
  });
  return html`<p>${props.verb === "reset" ? "The scenario is played again from its beginning. The journal, and the faults, stubs and keys that were added since, are removed; streams are closed. The scenario's keys and the port stay, so clients go on. To go back to another moment, fork it." : "Its state, its journal and its port are gone. Clients get no answer any more."}</p>
    <div class="actions"><button class="danger" onClick=${act}>${props.verb}</button><button onClick=${close}>Cancel</button></div>`;
}
