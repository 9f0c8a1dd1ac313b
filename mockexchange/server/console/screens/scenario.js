// @ts-check
// The scenario of a sandbox as text: checked by the server as it is typed, compared with what runs, started anew.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { ask, sandboxPath } from "../lib/api.js";
import { epoch } from "../lib/feed.js";
import { counted, pretty } from "../lib/format.js";
import { html } from "../lib/html.js";
import { useKeys } from "../lib/keys.js";
import { diffLines } from "../lib/line_diff.js";
import { place } from "../lib/router.js";
import { mayChange, readSandboxes } from "../lib/state.js";
import { attempt, close, show, tell } from "../parts/dialog.js";
import { goToLine, Problems, YamlEditor } from "../parts/yaml_editor.js";

const CHECK_AFTER_MS = 600;

/** What was typed and not started yet, by sandbox: another screen does not lose it. @type {Map<string, string>} */
const drafts = new Map();

export function Scenario() {
  const { sandbox } = place.value;
  const path = sandboxPath(sandbox);
  const running = useSignal(/** @type {any} */ (null));
  const text = useSignal("");
  const known = useSignal(/** @type {any[]} */ ([]));
  const checked = useSignal(/** @type {any} */ (null));
  const isDiff = useSignal(false);
  const field = /** @type {{current: HTMLTextAreaElement | null}} */ (useRef(null));
  useEffect(() => {
    void attempt(async () => {
      const shown = await ask("GET", `${path}/scenario?redact=true`);
      running.value = { ...shown, text: shown.kind === "object" ? pretty(shown.text) : shown.text };
      text.value = drafts.get(sandbox) ?? running.value.text ?? "";
      known.value = await ask("GET", "/scenarios");
    });
  }, [path, epoch.value]);
  const isChanged = running.value !== null && text.value !== (running.value.text ?? "");
  const check = () => attempt(async () => {
    const sent = text.value;
    const found = await ask("POST", "/scenarios/check", { scenario: asText(sent) });
    if (sent === text.value) checked.value = found;
  });
  useEffect(() => {
    if (!text.value.trim()) return undefined;
    const timer = setTimeout(check, CHECK_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text.value]);
  const edit = (/** @type {string} */ next) => { text.value = next; checked.value = null; drafts.set(sandbox, next); };
  const revert = () => { drafts.delete(sandbox); text.value = running.value.text ?? ""; };
  const open = (/** @type {any} */ event) => {
    const name = event.target.value;
    event.target.value = "";
    void attempt(async () => edit((await ask("GET", `/scenarios/${name.split("/").map(encodeURIComponent).join("/")}`)).text));
  };
  const start = () => show(`Start ${sandbox} anew?`, html`<${Sure} onStart=${async () => {
    await ask("PUT", `${path}/scenario`, { scenario: asText(text.value) });
    drafts.delete(sandbox);
    await readSandboxes();
    tell(`${sandbox} began anew`);
  }} />`);
  useKeys([
    { keys: "e", label: "into the text", run: () => field.current?.focus() },
    { keys: "d", label: "difference to what runs", run: () => { isDiff.value = !isDiff.value; } },
    ...(mayChange() ? [{ keys: "s", label: "start anew", run: start }] : []),
  ], [path]);
  const problems = checked.value?.errors ?? [];
  if (!running.value) return html`<div class="empty">Reading …</div>`;
  return html`<div class="tools">
      <label>open <select onChange=${open}><option value="">a scenario …</option>${known.value.map((one) => html`<option value=${one.name}>${one.name}${one.title ? ` – ${one.title}` : ""}</option>`)}</select></label>
      <button aria-pressed=${isDiff.value} disabled=${!isChanged} onClick=${() => { isDiff.value = !isDiff.value; }} title="d">diff to what runs</button>
      <button disabled=${!isChanged} onClick=${revert} title="show the text of what runs again">discard edits</button>
      ${mayChange() ? html`<button class="primary" disabled=${!checked.value?.ok} onClick=${start} title="play this text from its beginning in place of what runs (s)">start anew</button>` : null}
      <span class="push" role="status">${statusOf(checked.value, problems)}</span></div>
    ${running.value.hidden ? html`<p class="strip odd">! Secrets are hidden here.${mayChange() ? " Write them again before you start anew, or leave them out to have them drawn." : ""}</p>` : null}
    ${running.value.counts_from ? html`<p class="strip dim">Dates such as +7d count from ${running.value.counts_from}.</p>` : null}
    ${running.value.text === null ? html`<p class="strip odd">! What runs is a file of JSON lines that is too long to show.</p>` : null}
    ${isDiff.value && isChanged ? html`<${Difference} left=${running.value.text ?? ""} right=${text.value} />`
      : html`<${YamlEditor} text=${text.value} problems=${problems} label="scenario" onChange=${edit} onCheck=${check} fieldRef=${field} />`}
    ${problems.length ? html`<${Problems} problems=${problems} onGo=${(/** @type {number} */ line) => { isDiff.value = false; setTimeout(() => goToLine(field.current, line)); }} />` : null}`;
}

/** A text of one line would be the name of a scenario. @param {string} text */
function asText(text) {
  return text.includes("\n") ? text : `${text}\n`;
}

/** @param {any} checked @param {any[]} problems */
function statusOf(checked, problems) {
  if (!checked) return html`<span class="dim">checking …</span>`;
  if (problems.length) return html`<b class="bad">✕ ${counted(problems.length, "error")}</b>`;
  const { accounts, markets, instruments, commands, script_steps: steps } = checked.scenario;
  return html`<span class="good">✓ ${[counted(accounts, "account"), markets ? counted(markets, "market") : "", instruments ? counted(instruments, "instrument") : "", counted(commands, "command"), steps ? `${counted(steps, "step")} of the script` : ""].filter(Boolean).join(", ")}</span>`;
}

/** @param {{onStart: () => Promise<void>}} props */
function Sure(props) {
  const act = () => attempt(async () => { await props.onStart(); close(); });
  return html`<p>This text is played from its beginning. The journal, added faults, stubs and keys are removed, streams are closed; the port stays, and so do the keys of accounts that stay.</p>
    <div class="actions"><button class="primary" onClick=${act}>Start anew</button><button onClick=${close}>Cancel</button></div>`;
}

const SIGNS = /** @type {Record<string, string>} */ ({ same: " ", less: "−", more: "+", gap: "⋯" });

/** @param {{left: string, right: string}} props */
function Difference(props) {
  const rows = diffLines(props.left, props.right);
  if (!rows) return html`<p class="teach">The texts are too long to compare.</p>`;
  return html`<div class="scroll grow" tabindex="0" role="region" aria-label="difference to what runs"><table class="line-diff"><tbody>${rows.map((row, at) => html`<tr key=${at} class=${row.kind}>
    <td class="num dim">${row.kind === "less" || row.kind === "same" ? row.left : ""}</td><td class="num dim">${row.kind === "more" || row.kind === "same" ? row.right : ""}</td><td>${SIGNS[row.kind]} ${row.text}</td></tr>`)}</tbody></table></div>`;
}
