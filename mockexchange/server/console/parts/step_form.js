// @ts-check
// Forms of steps, made from the scenario's schema, each with its line for `mockexchange do`.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { ApiError, ask } from "../lib/api.js";
import { doOf } from "../lib/format.js";
import { html } from "../lib/html.js";
import { place } from "../lib/router.js";
import { copy, close, show, tell } from "./dialog.js";

/** @type {any} */
let schema = null;
/** What can be chosen in a field: markets and instruments that are open. @type {Record<string, string[]>} */
let names = {};
/** Fields that a step need not have, and that people look for nevertheless. */
const SHOWN_TOO = ["action"];
/** A short text for a field that has no description of its own. @type {Record<string, string>} */
const EXAMPLES = { market: "such as KXRAIN-1", count: "10", price: "0.56", amount: "100", order: "the order's id" };

/** @param {string} path @param {string} kind @param {any} known */
export async function showStep(path, kind, known) {
  schema ??= await ask("GET", "/schema");
  names = Object.fromEntries(await Promise.all(["market", "instrument"].map(async (one) => [one, (await ask("GET", `${path}/${one}s`)).filter((/** @type {any} */ row) => row.status === "open" || row.open).map((/** @type {any} */ row) => row[one])])));
  show("Carry out a step, now", html`<${StepForm} path=${path} kind=${kind} known=${known} />`);
}

/** @param {any} node @returns {any} */
function resolved(node) {
  return node.$ref ? resolved(schema.$defs[node.$ref.split("/").pop()]) : node;
}

/** The steps that are one object of plain values. */
function kinds() {
  const steps = schema.properties.history.items.properties;
  return Object.keys(steps).filter((name) => resolved(steps[name]).properties);
}

/** @param {string} kind */
function fieldsOf(kind) {
  const step = resolved(schema.properties.history.items.properties[kind]);
  const required = new Set(step.required ?? []);
  return Object.entries(step.properties).map(([name, node]) => ({ name, node: resolved(node), isRequired: required.has(name) }))
    .sort((left, right) => Number(right.isRequired) - Number(left.isRequired));
}

/** @param {{path: string, kind: string, known: any}} props */
function StepForm(props) {
  const kind = useSignal(props.kind);
  const problem = useSignal("");
  const line = useSignal("");
  const form = /** @type {{current: HTMLFormElement | null}} */ (useRef(null));
  const values = () => {
    const given = Object.fromEntries([...new FormData(/** @type {HTMLFormElement} */ (form.current))].filter(([, value]) => value !== "").map(([name, value]) => [name, plain(String(value))]));
    if (["bid", "ask"].includes(given.side)) delete given.action; // they say it already
    return given;
  };
  const write = () => { line.value = doOf(kind.value, values(), place.value.sandbox); };
  useLayoutEffect(write, [kind.value]);
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    problem.value = "";
    try {
      const [outcome] = await ask("POST", `${props.path}/commands`, [{ [kind.value]: values() }]);
      if (outcome.refusal) problem.value = `refused: ${outcome.refusal.message}`;
      else {
        close();
        tell(`${kind.value}: ${paid(outcome.events) || happened(outcome.events) || "nothing changed"}`);
      }
    } catch (error) {
      problem.value = error instanceof ApiError ? `${(error.where ?? "").replace(/^\[0\]\.?\w*\.?/, "").replace(/(.)$/, "$1: ")}${error.plain}` : String(error);
    }
  };
  const fields = fieldsOf(kind.value);
  const isShown = (/** @type {any} */ one) => one.isRequired || one.name in props.known || SHOWN_TOO.includes(one.name);
  /** What is known of this kind of step: a settlement has no account. */
  const known = Object.fromEntries(Object.entries(props.known).filter(([name, value]) => value !== "" && fields.some((one) => one.name === name)));
  return html`<form class="fields" ref=${form} onSubmit=${send} onInput=${write}>
    <label>step <select value=${kind.value} onChange=${(/** @type {any} */ event) => { kind.value = event.target.value; problem.value = ""; }}>${kinds().map((name) => html`<option value=${name} selected=${name === kind.value}>${name}</option>`)}</select></label>
    ${fields.filter(isShown).map((one) => html`<${Field} key=${`${kind.value} ${one.name}`} ...${one} value=${known[one.name] ?? ""} />`)}
    ${fields.some((one) => !isShown(one)) ? html`<details><summary>more</summary><div class="fields">${fields.filter((one) => !isShown(one)).map((one) => html`<${Field} key=${`${kind.value} ${one.name}`} ...${one} value="" />`)}</div></details>` : null}
    ${problem.value ? html`<p class="bad" role="alert" ref=${(/** @type {HTMLElement | null} */ node) => node?.scrollIntoView({ block: "nearest" })}>✕ ${problem.value}</p>` : null}
    <pre class="line">${line.value || doOf(kind.value, known, place.value.sandbox)}</pre>
    <div class="actions"><button class="primary">Carry out</button><button type="button" onClick=${() => { write(); void copy(line.value, "command"); }}>copy the command</button><button type="button" onClick=${close}>Cancel</button></div></form>`;
}

/** @param {{name: string, node: any, isRequired: boolean, value: string}} props */
function Field(props) {
  const { node } = props;
  const choices = node.enum ?? node.anyOf?.find((/** @type {any} */ one) => resolved(one).enum)?.enum;
  const words = node.description ?? "";
  const list = names[props.name] ? `names-of-${props.name}` : undefined;
  return html`<label title=${words}>${props.name.replaceAll("_", " ")}${choices && choices.length < 20
    ? html`<select name=${props.name} required=${props.isRequired}>${props.isRequired || SHOWN_TOO.includes(props.name) ? null : html`<option value="">the default</option>`}${[...new Set(choices.map(String))].map((one) => html`<option value=${one} selected=${one === String(props.value)}>${one}</option>`)}</select>`
    : html`<input name=${props.name} defaultValue=${props.value} required=${props.isRequired} placeholder=${EXAMPLES[props.name] ?? words} list=${list} spellcheck=${false} />${list ? html`<datalist id=${list}>${names[props.name].map((one) => html`<option value=${one}></option>`)}</datalist>` : null}`}</label>`;
}

/** Objects and lists are written as JSON. @param {string} text */
function plain(text) {
  if (!/^[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What a settlement paid to whom; empty for other steps. @param {any[]} events */
function paid(events) {
  const settled = events.filter((one) => one.type === "position_settled");
  if (!settled.length) return "";
  const canceled = events.filter((one) => one.type === "order_canceled").length;
  return `${settled[0].result}: ${settled.map((one) => `${one.account}${/^[1-9]/.test(one.book) ? `/${one.book}` : ""} +${one.revenue}`).join(", ")}${canceled ? `; ${canceled} order${canceled > 1 ? "s" : ""} canceled` : ""}`;
}

/** What a step did, each kind of event once with its count. @param {any[]} events */
function happened(events) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const one of events) counts.set(one.type, (counts.get(one.type) ?? 0) + 1);
  return [...counts].map(([type, count]) => `${count > 1 ? `${count} × ` : ""}${type.replaceAll("_", " ")}`).join(", ");
}
