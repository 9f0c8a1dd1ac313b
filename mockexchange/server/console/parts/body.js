// @ts-check
// A body as text: pretty or raw, large ones on demand. Text nodes only.
import { useSignal } from "@preact/signals";
import { pretty, sizeOf } from "../lib/format.js";
import { html } from "../lib/html.js";
import { copy } from "./dialog.js";

const SHOWN_MAX = 256 * 1024;

/** @param {{label: string, text: string | null | undefined, base64?: string, dropped?: [number, string]}} props */
export function Body(props) {
  const isRaw = useSignal(false);
  const isWhole = useSignal(false);
  if (props.dropped) return html`<p class="dim">${sizeOf(props.dropped[0])} that are no longer kept; SHA-256 ${props.dropped[1].slice(0, 16)}…</p>`;
  const text = props.base64 ?? props.text;
  if (!text) return html`<p class="dim">no body</p>`;
  const isCut = text.length > SHOWN_MAX && !isWhole.value;
  const part = isCut ? text.slice(0, SHOWN_MAX) : text;
  return html`<div class="body"><div class="body-tools"><span class="dim">${props.base64 ? "base64, " : ""}${sizeOf(text.length)}</span>
      <button aria-pressed=${!isRaw.value} onClick=${() => { isRaw.value = false; }}>pretty</button>
      <button aria-pressed=${isRaw.value} onClick=${() => { isRaw.value = true; }}>raw</button>
      <button onClick=${() => copy(text, props.label)}>copy</button></div>
    <pre tabindex="0" aria-label=${props.label}>${isRaw.value || props.base64 ? part : pretty(part)}</pre>
    ${isCut ? html`<button onClick=${() => { isWhole.value = true; }}>show all ${sizeOf(text.length)}</button>` : null}</div>`;
}
