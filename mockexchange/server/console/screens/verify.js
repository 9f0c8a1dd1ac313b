// @ts-check
// Verify: the last reports of verifications, verdicts with the failed first, and the command that made them.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask } from "../lib/api.js";
import { countOf } from "../lib/format.js";
import { html } from "../lib/html.js";
import { useKeys } from "../lib/keys.js";
import { addressOf, place, refine } from "../lib/router.js";
import { info, mayChange, originOf } from "../lib/state.js";
import { attempt, copy } from "../parts/dialog.js";

const READ_MS = 2_000;
const OUTCOMES = ["", "broken", "not judged", "kept"];
const RANK = /** @type {Record<string, number>} */ ({ broken: 0, "not judged": 1, kept: 2 });
const MARKS = /** @type {Record<string, [string, string]>} */ ({ broken: ["✕", "bad"], "not judged": ["–", "odd"], kept: ["✓", "good"] });

export function Verify() {
  const { sandbox, query } = place.value;
  const reports = useSignal(/** @type {any[] | null} */ (null));
  const report = useSignal(/** @type {any} */ (null));
  const chosen = (reports.value ?? []).some((one) => one.report === query.r) ? query.r : reports.value?.[0]?.report ?? "";
  const at = (reports.value ?? []).find((one) => one.report === chosen)?.at;
  const isForAll = !info.value.sandbox;
  useEffect(() => {
    if (!isForAll) return undefined;
    const read = () => attempt(async () => { reports.value = await ask("GET", "/reports"); });
    const timer = setInterval(() => { if (!document.hidden) void read(); }, READ_MS);
    void read();
    return () => clearInterval(timer);
  }, []);
  useEffect(() => {
    report.value = null;
    if (chosen) void attempt(async () => { report.value = await ask("GET", `/reports/${encodeURIComponent(chosen)}`); });
  }, [chosen, at]);
  const step = (/** @type {number} */ by) => {
    const all = reports.value ?? [];
    const place = all.findIndex((one) => one.report === chosen);
    const next = all[Math.max(0, Math.min(all.length - 1, place + by))];
    if (next) refine({ r: next.report });
  };
  useKeys([
    { keys: "j", label: "next rule", run: () => toRule(1) },
    { keys: "k", label: "rule above", run: () => toRule(-1) },
    { keys: "]", label: "older report", run: () => step(1) },
    { keys: "[", label: "newer report", run: () => step(-1) },
    { keys: "f", label: "verdicts: all, broken, not judged, kept", run: () => refine({ only: OUTCOMES[(OUTCOMES.indexOf(place.value.query.only ?? "") + 1) % OUTCOMES.length] }) },
    { keys: "c", label: "copy the command", run: () => { if (report.value) void copy(report.value.command, "command"); } },
  ], [reports.value, chosen]);
  if (!isForAll) return html`<div class="empty"><h2>Reports are for the whole server</h2><p>This token is for the sandbox “${info.value.sandbox}” alone.</p></div>`;
  if (!reports.value) return html`<div class="empty">Reading …</div>`;
  if (!reports.value.length) return html`<${NoReports} sandbox=${sandbox} />`;
  return html`<div class="tools"><label>report <select value=${chosen} onChange=${(/** @type {any} */ event) => refine({ r: event.target.value })}>${reports.value.map((one) => html`<option value=${one.report} selected=${one.report === chosen}>${one.report} · ${one.broken ? `${one.broken} broken` : "nothing broken"} · ${one.title}</option>`)}</select></label>
      <${Only} value=${query.only ?? ""} /><span class="push dim">${reports.value.length} of at most 20 kept</span></div>
    ${report.value ? html`<${Report} report=${report.value} only=${query.only ?? ""} />` : html`<div class="empty">Reading …</div>`}`;
}

/** Focus a rule's line, which Enter opens and closes. @param {number} by */
function toRule(by) {
  const lines = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".report details.rule > summary")]);
  const rule = document.activeElement?.closest("details.rule")?.querySelector("summary");
  const at = lines.indexOf(/** @type {HTMLElement} */ (rule));
  lines[at < 0 ? 0 : Math.max(0, Math.min(lines.length - 1, at + by))]?.focus();
}

/** @param {{value: string}} props */
function Only(props) {
  return html`<span class="pair" role="group" aria-label="verdicts" title="f">${OUTCOMES.map((one) => html`<button aria-pressed=${one === props.value} onClick=${() => refine({ only: one })}>${one || "all"}</button>`)}</span>`;
}

/** @param {{sandbox: string}} props */
function NoReports(props) {
  const lines = `mockexchange verify server ${originOf(props.sandbox)} --report mock:\nmockexchange verify client --command 'python client.py' --report mock:`;
  return html`<div class="empty"><h2>No reports yet</h2><p>A verification holds a server, or a client, against the API documents. With <code>--report mock:</code> its report comes here:</p>
    ${mayChange() ? html`<pre>${lines}</pre><p><button onClick=${() => copy(lines, "lines")}>copy</button></p>` : null}<p class="dim">The newest 20 are kept until the server stops.</p></div>`;
}

/** @param {{report: any, only: string}} props */
function Report(props) {
  const { report, only } = props;
  const sorted = [...report.rules].sort((left, right) => RANK[left.outcome] - RANK[right.outcome] || left.rule.localeCompare(right.rule));
  const shown = sorted.filter((one) => !only || one.outcome === only);
  const count = (/** @type {string} */ outcome) => report.rules.filter((/** @type {any} */ one) => one.outcome === outcome).length;
  return html`<div class="scroll grow report" tabindex="0" role="region" aria-label="report">
    <header><h2>${report.title}</h2>
      <p>${["broken", "not judged", "kept"].map((one) => html`<span class=${`tag ${MARKS[one][1]}`}>${MARKS[one][0]} ${countOf(count(one))} ${one}</span>`)}</p>
      ${report.cut_short ? html`<p class="bad">✕ The run ended before its end: ${report.cut_short}</p>` : null}
      ${report.left_out ? html`<p class="dim">${countOf(report.left_out)} further findings were left out: --report html:FILE has all.</p>` : null}
      ${report.command ? html`<p class="command"><code>${report.command}</code> <button onClick=${() => copy(report.command, "command")} title="c">copy</button></p>` : null}</header>
    ${shown.map((one) => html`<${Rule} key=${one.rule} rule=${one} />`)}
    ${only ? null : (report.tables ?? []).map((/** @type {any} */ table) => html`<details><summary>${table.title}</summary><table class="list"><thead><tr>${table.header.map((/** @type {string} */ name) => html`<th scope="col">${name}</th>`)}</tr></thead>
      <tbody>${table.rows.map((/** @type {string[]} */ row) => html`<tr>${row.map((cell) => html`<td class="mono wrap">${cell}</td>`)}</tr>`)}</tbody></table></details>`)}</div>`;
}

/** @param {{rule: any}} props */
function Rule(props) {
  const { rule } = props;
  const [mark, tone] = MARKS[rule.outcome];
  const numbers = [rule.broken ? `${countOf(rule.broken)} broken` : "", rule.not_judged ? `${countOf(rule.not_judged)} not judged` : "", rule.kept ? `${countOf(rule.kept)} kept` : ""].filter(Boolean).join(", ");
  return html`<details class="rule" open=${rule.outcome === "broken"}><summary><b class=${tone}>${mark}</b> <code>${rule.rule}</code> <span>${rule.says}</span> <span class="dim">${numbers}</span></summary>
    ${[...(rule.findings ?? []), ...(rule.notes ?? [])].map((/** @type {any} */ one, at) => html`<${Finding} key=${at} finding=${one} isNote=${at >= (rule.findings ?? []).length} />`)}
    ${Object.entries(rule.reasons ?? {}).map(([why, subjects]) => html`<p class="odd">– ${why}: <span class="dim">${/** @type {string[]} */ (subjects).slice(0, 8).join(", ")}${/** @type {string[]} */ (subjects).length > 8 ? " …" : ""}</span></p>`)}</details>`;
}

/** @param {{finding: any, isNote: boolean}} props */
function Finding(props) {
  const { finding } = props;
  const target = finding.where.match(/^[A-Z]+ (\/[^\s?]*)/)?.[1];
  return html`<dl class=${props.isNote ? "finding" : "finding bad-edge"}>
    ${finding.where ? html`<dt>where</dt><dd>${target ? html`<a href=${addressOf({ screen: "requests", query: { q: `"${target}"` } })} title="requests of this sandbox with this path">${finding.where}</a>` : finding.where}</dd>` : null}
    <dt>seen</dt><dd class="wrap-lines">${finding.seen}</dd><dt>expected</dt><dd class="wrap-lines">${finding.expected}</dd>
    ${finding.place ? html`<dt>place</dt><dd class="dim">${finding.place}</dd>` : null}
    ${finding.reproduction ? html`<dt>reproduce</dt><dd><pre>${finding.reproduction}</pre><button onClick=${() => copy(finding.reproduction, "command")}>copy</button></dd>` : null}</dl>`;
}
