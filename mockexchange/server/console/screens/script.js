// @ts-check
// The script with its steps, the faults and the stubs: what waits, what matched, what fired.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask, sandboxPath } from "../lib/api.js";
import { epoch, listen } from "../lib/feed.js";
import { timeOf } from "../lib/format.js";
import { toNextStep } from "../lib/clock.js";
import { html } from "../lib/html.js";
import { useKeys } from "../lib/keys.js";
import { addressOf, place } from "../lib/router.js";
import { EXAMPLES } from "../lib/examples.js";
import { mayChange } from "../lib/state.js";
import { attempt, show, tell, TextForm } from "../parts/dialog.js";
import { LogCard } from "../parts/log_card.js";

const READ_MS = 500;
const FIRINGS_MAX = 200;
/** @type {any} */
const FAULT_WORDS = html`Which: all of <code>match</code>. What then, of requests: <code>status</code>, <code>rate_limit</code>, <code>delay</code>, <code>body</code>, <code>truncate_json</code>, <code>drop</code>, <code>reset</code>, <code>cut_after</code>, <code>lost_answer</code>, <code>stale</code>;
  of frames on streams: <code>gap</code>, <code>duplicate</code>, <code>reorder</code>, <code>silent_channel</code>, <code>terminal</code>, <code>stall</code>, <code>close</code>, <code>abort</code>.`;
const PRESETS = ["flaky", "429-storm", "maintenance", "lossy-stream", "blocked-edge"];
export function ScriptAndFaults() {
  const path = sandboxPath(place.value.sandbox);
  const script = useSignal(/** @type {any[]} */ ([]));
  const faults = useSignal(/** @type {any[]} */ ([]));
  const stubs = useSignal(/** @type {any[]} */ ([]));
  const firings = useSignal(/** @type {any[]} */ ([]));
  const firedBefore = useSignal(/** @type {number | null} */ (null));
  const read = () => attempt(async () => {
    [script.value, faults.value, stubs.value] = await Promise.all(["script", "faults", "stubs"].map((one) => ask("GET", `${path}/${one}`)));
  });
  useEffect(() => {
    let isDue = false;
    firings.value = [];
    firedBefore.value = null;
    void attempt(async () => {
      const page = await ask("GET", `${path}/firings?last=${FIRINGS_MAX}`);
      firedBefore.value = page.count;
      firings.value = page.firings.reverse();
    });
    const stop = listen((events) => {
      isDue = true;
      const fired = events.filter((one) => one.kind === "script" || one.kind === "fault").map((one) => one.data);
      if (fired.length) firings.value = [...fired.reverse(), ...firings.value.filter((one) => one.number < fired[fired.length - 1].number)].slice(0, FIRINGS_MAX);
    });
    const timer = setInterval(() => { if (isDue && !document.hidden) { isDue = false; void read(); } }, READ_MS);
    void read();
    return () => { clearInterval(timer); stop(); };
  }, [path, epoch.value]);
  const add = (/** @type {string} */ what, /** @type {any} */ hint, /** @type {Record<string, string>} */ examples) => show(`Add ${what}`, html`<${TextForm} text=${Object.values(examples)[0]} label=${`${what} as JSON`} verb="Add" hint=${hint} examples=${examples}
    onSend=${async (/** @type {string} */ sent) => { await ask("POST", `${path}/${what === "a step" ? "script" : what === "a fault" ? "faults" : "stubs"}`, sent); tell(`${what} added`); await read(); }} />`);
  const addStep = () => add("a step", html`When: <code>after</code> a time, <code>at</code> an instant, <code>when</code> a client does something. What: a step, as in a scenario.`, EXAMPLES.steps());
  const addFault = () => add("a fault", FAULT_WORDS, EXAMPLES.faults());
  useKeys(mayChange() ? [
    { keys: "s", label: "add a step", run: addStep }, { keys: "f", label: "add a fault", run: addFault },
  ] : [], [path]);
  const remove = (/** @type {string} */ what) => attempt(async () => { await ask("DELETE", `${path}/${what}`); await read(); });
  const preset = (/** @type {any} */ event) => {
    const name = event.target.value;
    event.target.value = "";
    void attempt(async () => { await ask("POST", `${path}/faults`, { preset: name }); tell(`preset ${name} installed`); await read(); });
  };
  const may = mayChange();
  return html`<div class="columns">
    <section aria-labelledby="h-script"><header><h2 id="h-script">Script</h2>${may ? html`<button class="primary" onClick=${addStep} title="s">add a step</button>
      <button onClick=${() => attempt(async () => { const step = await toNextStep(place.value.sandbox); tell(step ? `${step} is carried out` : "no step waits for its time"); await read(); })}>run to next</button>
      <button onClick=${() => remove("script")} disabled=${!script.value.length}>clear</button>` : null}</header>
      ${script.value.length ? html`<table class="list"><thead><tr><th scope="col">step</th><th scope="col">does</th><th scope="col">state</th><th scope="col">next</th><th scope="col" class="num">fired</th></tr></thead>
        <tbody>${script.value.map((one) => html`<tr><th scope="row">${one.name}</th><td>${one.action}</td>
          <td class=${one.failed || one.refused ? "bad" : one.state === "done" ? "dim" : ""}>${one.failed || one.refused ? "✕ " : one.state === "done" ? "✓ " : ""}${one.state}${one.reason ? html`<br /><span class="bad">${one.reason}</span>` : null}</td>
          <td class="mono nowrap">${one.next ? html`<span class="dim">${one.next.slice(0, 10)}</span> ${timeOf(one.next)}` : "–"}</td><td class="num">${one.fired}</td></tr>`)}</tbody></table>`
        : html`<p class="teach">No step waits. A step such as <code>settle</code> or <code>fill</code> waits for a time, or for what a client does: a subscription, a request. What the exchange does by itself, such as <code>rebalancing</code>, is under “What fired”.</p>`}</section>
    <section aria-labelledby="h-faults"><header><h2 id="h-faults">Faults</h2>${may ? html`<button class="primary" onClick=${addFault} title="f">add a fault</button>
      <label class="inline"><span class="hidden">Preset</span><select onChange=${preset}><option value="">preset …</option>${PRESETS.map((one) => html`<option>${one}</option>`)}</select></label>
      <button onClick=${() => remove("faults")} disabled=${!faults.value.length}>clear</button>` : null}</header>
      ${faults.value.length ? html`<${Rules} rows=${faults.value} what="faults" may=${may} onRemove=${remove} />` : html`<p class="teach">Requests and frames cross the wire undisturbed. A fault answers 503, delays, cuts, or leaves a frame out, for those that match.</p>`}</section>
    <section aria-labelledby="h-stubs"><header><h2 id="h-stubs">Stubs</h2>${may ? html`<button onClick=${() => add("a stub", "The newest stub that matches a request answers it.", EXAMPLES.stubs())}>add a stub</button>
      <button onClick=${() => remove("stubs")} disabled=${!stubs.value.length}>clear</button>` : null}</header>
      ${stubs.value.length ? html`<${Rules} rows=${stubs.value} what="stubs" may=${may} onRemove=${remove} />` : html`<p class="teach">Every request is answered by the exchange. A stub is a fixed answer to requests, also to requests that the server does not emulate.</p>`}</section>
    <section class="full" aria-labelledby="h-firings"><header><h2 id="h-firings">What fired</h2><span class="dim">the newest ${FIRINGS_MAX}</span></header>
      ${firings.value.length ? html`<table class="list"><thead><tr><th scope="col">exchange time</th><th scope="col">kind</th><th scope="col">name</th><th scope="col">detail</th></tr></thead>
        <tbody>${firings.value.map((one) => html`<tr key=${one.number}><td class="mono">${timeOf(one.at)}</td><td class=${one.kind === "finding" ? "bad" : ""}>${one.kind}</td><th scope="row">${one.name}</th><td class="mono wrap">${one.detail.request ? html`<a href=${addressOf({ screen: "requests", query: { n: String(one.detail.request) } })}>request ${one.detail.request}</a> ` : null}${wordsOf(Object.fromEntries(Object.entries(one.detail).filter(([name]) => name !== "request")))}</td></tr>`)}</tbody></table>`
        : firedBefore.value === null ? html`<p class="teach">Reading …</p>` : html`<p class="teach">Nothing fired ${firedBefore.value ? "since the journal was cleared" : "yet"}. Steps of the script and faults are listed here as they take effect.</p>`}</section>
    ${may ? html`<${LogCard} path=${path} />` : null}
  </div>`;
}

/** @param {{rows: any[], what: string, may: boolean, onRemove: (what: string) => void}} props */
function Rules(props) {
  return html`<table class="list"><thead><tr><th scope="col">name</th><th scope="col">rule</th><th scope="col" class="num">matched</th><th scope="col" class="num">${props.what === "faults" ? "fired" : "answered"}</th>${props.may ? html`<th scope="col"><span class="hidden">actions</span></th>` : null}</tr></thead>
    <tbody>${props.rows.map((one) => html`<tr key=${one.name}><th scope="row">${one.name}</th><td class="mono wrap">${ruleOf(one, props.what)}</td>
      <td class="num">${one.matched}</td><td class="num">${one.fired ?? one.answered}${isSpent(one) ? html` <em class="tag">spent</em>` : null}</td>
      ${props.may ? html`<td class="num"><button aria-label=${`Remove ${one.name}`} onClick=${() => props.onRemove(`${props.what}/${encodeURIComponent(one.name)}`)}>remove</button></td>` : null}</tr>`)}</tbody></table>`;
}

/** Whether a rule has fired as often as it may. @param {any} one */
function isSpent(one) {
  return (one.times && (one.fired ?? one.answered) >= one.times) || (one.match?.nth && one.matched >= one.match.nth);
}

/** @param {Record<string, any>} fields */
function wordsOf(fields) {
  return Object.entries(fields).map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ");
}

/** @param {any} one @param {string} what */
function ruleOf(one, what) {
  if (what === "stubs") return `${one.request} → ${one.status}${one.times ? `, ${one.times} times` : ""}`;
  return `${wordsOf(one.match ?? {}) || "everything"} → ${wordsOf(one.then ?? {})}${one.times ? `, ${one.times} times` : ""}`;
}
