// @ts-check
// Native dialogs, short notes, and text to copy.
import { signal } from "@preact/signals";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../lib/api.js";
import { html } from "../lib/html.js";

/** @type {import("@preact/signals").Signal<{title: string, body: any, wide?: boolean} | null>} */
export const open = signal(null);
/** @type {import("@preact/signals").Signal<{text: string, isBad: boolean} | null>} */
export const note = signal(null);
let noteTimer = 0;
/** A browser says as a TypeError that nobody answered. */
const NO_ANSWER = "the server does not answer";

/** @param {string} text @param {boolean} [isBad] */
export function tell(text, isBad = false) {
  note.value = { text, isBad };
  clearTimeout(noteTimer);
  noteTimer = window.setTimeout(() => {
    note.value = null;
  }, isBad ? 12_000 : 4_000);
}

/** Do something, and show the error if it fails. @template T @param {() => Promise<T>} work */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    tell(wordsOf(error), true);
    return undefined;
  }
}

/** What went wrong, in words. @param {unknown} error */
export function wordsOf(error) {
  return error instanceof TypeError ? NO_ANSWER : error instanceof Error ? error.message : String(error);
}

/** Read something of a sandbox, and show the error if it fails, but not that the sandbox was deleted meanwhile. @template T @param {() => Promise<T>} read */
export function attemptRead(read) {
  return attempt(() => read().catch((error) => {
    if (!(error instanceof ApiError && error.code === "unknown_sandbox")) throw error;
  }));
}

/** @param {string} title @param {any} body @param {boolean} [wide] */
export function show(title, body, wide = false) {
  open.value = { title, body, wide };
}

export function close() {
  open.value = null;
}

/** @param {string} text @param {string} what */
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    tell(`${what} copied`);
  } catch {
    show(what, html`<textarea class="code" readonly rows="12" aria-label=${what}>${text}</textarea>`);
  }
}

/** @param {string} name @param {string} type @param {string} text */
export function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}

export function Dialog() {
  const node = /** @type {{current: HTMLDialogElement | null}} */ (useRef(null));
  const shown = open.value;
  useLayoutEffect(() => {
    if (shown) node.current?.showModal();
  }, [shown]);
  if (!shown) return null;
  return html`<dialog ref=${node} class=${shown.wide ? "wide" : ""} onClose=${close} aria-labelledby="dialog-title">
    <header><h2 id="dialog-title">${shown.title}</h2>
      <button class="plain" aria-label="Close" onClick=${close}>✕</button></header>
    <div class="dialog-body">${shown.body}</div>
  </dialog>`;
}

export function Note() {
  return html`<div class="notes" role="status">${note.value
    ? html`<p class=${note.value.isBad ? "note bad" : "note"}>${note.value.isBad ? "✕ " : "✓ "}${note.value.text}
        <button class="plain" aria-label="Dismiss" onClick=${() => { note.value = null; }}>✕</button></p>`
    : null}</div>`;
}

/**
 * A form with one text of JSON or YAML, and a button.
 * What the server says against it stands below the text; examples are texts to begin with.
 * @param {{text: string, label: string, verb: string, hint?: any, examples?: Record<string, string>, onSend: (text: string) => Promise<unknown>}} props
 */
export function TextForm(props) {
  const field = /** @type {{current: HTMLTextAreaElement | null}} */ (useRef(null));
  const [problem, say] = useState("");
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      await props.onSend(field.current?.value ?? "");
      close();
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
      field.current?.focus();
    }
  };
  const take = (/** @type {string} */ text) => {
    if (field.current) field.current.value = text;
    say("");
    field.current?.focus();
  };
  return html`<form onSubmit=${send}>
    ${props.hint ? html`<p class="dim">${props.hint}</p>` : null}
    ${props.examples ? html`<p class="examples" role="group" aria-label="examples"><span class="dim">such as</span> ${Object.entries(props.examples).map(([name, text]) => html`<button type="button" onClick=${() => take(text)}>${name}</button> `)}</p>` : null}
    <textarea class="code" ref=${field} rows=${props.examples ? 9 : 14} spellcheck=${false} aria-label=${props.label} aria-invalid=${problem !== ""}>${props.text}</textarea>
    ${problem ? html`<p class="bad" role="alert">✕ ${problem}</p>` : null}
    <div class="actions"><button class="primary">${props.verb}</button>
      <button type="button" onClick=${close}>Cancel</button></div>
  </form>`;
}
