// @ts-check
// The empty journal teaches: how a client gets here.
import { html } from "../lib/html.js";
import { place } from "../lib/router.js";
import { accounts, info, mayChange, sandboxOf } from "../lib/state.js";
import { copy } from "./dialog.js";

/** @param {{isCleared: boolean}} props */
export function NoRequests(props) {
  const title = props.isCleared ? "No requests since the journal was cleared" : "No requests yet";
  const shown = sandboxOf(place.value.sandbox);
  const first = accounts.value.find((one) => one.keys.some((/** @type {any} */ key) => key.can_sign));
  const where = place.value.sandbox === "default" ? "" : ` --sandbox ${place.value.sandbox}`;
  const lines = first
    ? [place.value.sandbox === "default" ? `eval "$(mockexchange env --account ${first.name})"` : "", `mockexchange call ${first.name} GET ${first.venue === info.value.venues[0].name ? "/portfolio/balance" : "/private/get_positions?currency=BTC"}${where}`].filter(Boolean).join("\n")
    : `mockexchange do 'account: {account: alice}'${where}`;
  if (!mayChange()) return html`<h2>${title}</h2><p>Requests appear here as soon as a client sends one${shown ? html` to <code>${shown.base_url}</code>` : ""}.</p>`;
  return html`<h2>${title}</h2>
    <p>Requests appear here as soon as a client sends one${shown ? html` to <code>${shown.base_url}</code>` : ""}. Point yours here, or send the first one from a terminal:</p>
    <pre>${lines}</pre><p><button onClick=${() => copy(lines, "lines")}>copy</button></p>
    <p class="dim">A refused request says here why: the words are a diagnosis, not the venue's error.</p>`;
}
