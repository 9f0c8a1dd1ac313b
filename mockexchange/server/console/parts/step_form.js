// @ts-check
// Forms of steps, made from the scenario's schema, each with its line for `mockexchange do`.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { ask } from "../lib/api.js";
import { quoted } from "../lib/format.js";
import { html } from "../lib/html.js";
import { place } from "../lib/router.js";
import { copy, close, show, tell } from "./dialog.js";

/** @type {any} */
let schema = null;

/** @param {string} path @param {string} kind @param {any} known */
export async function showStep(path, kind, known) {
  schema ??= await ask("GET", "/schema");
  show("A step, now", html`<${StepForm} path=${path} kind=${kind} known=${known} />`);
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
  const values = () => Object.fromEntries([...new FormData(/** @type {HTMLFormElement} */ (form.current))].filter(([, value]) => value !== "").map(([name, value]) => [name, plain(String(value))]));
  const write = () => { line.value = commandOf(kind.value, values()); };
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    problem.value = "";
    try {
      const [outcome] = await ask("POST", `${props.path}/commands`, [{ [kind.value]: values() }]);
      if (outcome.refusal) problem.value = `refused: ${outcome.refusal.message}`;
      else {
        close();
        tell(`${kind.value}: ${happened(outcome.events) || "nothing changed"}`);
      }
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
  };
  const fields = fieldsOf(kind.value);
  return html`<form class="fields" ref=${form} onSubmit=${send} onInput=${write}>
    <label>Step <select value=${kind.value} onChange=${(/** @type {any} */ event) => { kind.value = event.target.value; problem.value = ""; }}>${kinds().map((name) => html`<option value=${name} selected=${name === kind.value}>${name}</option>`)}</select></label>
    ${fields.filter((one) => one.isRequired || one.name in props.known).map((one) => html`<${Field} key=${`${kind.value} ${one.name}`} ...${one} value=${props.known[one.name] ?? ""} />`)}
    ${fields.some((one) => !one.isRequired && !(one.name in props.known)) ? html`<details><summary>more</summary><div class="fields">${fields.filter((one) => !one.isRequired && !(one.name in props.known)).map((one) => html`<${Field} key=${`${kind.value} ${one.name}`} ...${one} value="" />`)}</div></details>` : null}
    ${problem.value ? html`<p class="bad" role="alert">✕ ${problem.value}</p>` : null}
    <pre class="line">${line.value || commandOf(kind.value, props.known)}</pre>
    <div class="actions"><button class="primary">Carry out</button><button type="button" onClick=${() => { write(); void copy(line.value, "command"); }}>copy the command</button><button type="button" onClick=${close}>Cancel</button></div></form>`;
}

/** @param {{name: string, node: any, isRequired: boolean, value: string}} props */
function Field(props) {
  const { node } = props;
  const choices = node.enum ?? node.anyOf?.find((/** @type {any} */ one) => resolved(one).enum)?.enum;
  const words = node.description ?? "";
  return html`<label title=${words}>${props.name.replaceAll("_", " ")}${choices && choices.length < 20
    ? html`<select name=${props.name} required=${props.isRequired}>${props.isRequired ? null : html`<option value=""></option>`}${[...new Set(choices.map(String))].map((one) => html`<option value=${one} selected=${one === String(props.value)}>${one}</option>`)}</select>`
    : html`<input name=${props.name} defaultValue=${props.value} required=${props.isRequired} placeholder=${words} spellcheck=${false} />`}</label>`;
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

/** @param {string} kind @param {any} values */
function commandOf(kind, values) {
  const words = Object.entries(values).map(([name, value]) => quoted(`${name}=${typeof value === "object" ? JSON.stringify(value) : value}`));
  const where = place.value.sandbox === "default" ? "" : ` --sandbox ${place.value.sandbox}`;
  return `mockexchange do ${kind} ${words.join(" ")}${where}`;
}

/** What a step did, each kind of event once with its count. @param {any[]} events */
function happened(events) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const one of events) counts.set(one.type, (counts.get(one.type) ?? 0) + 1);
  return [...counts].map(([type, count]) => `${count > 1 ? `${count} × ` : ""}${type.replaceAll("_", " ")}`).join(", ");
}
