// @ts-check
// A limit order as an account: a request that the server signs. What the venue answers stays below it.
import { useSignal } from "@preact/signals";
import { html } from "../lib/html.js";
import { addressOf } from "../lib/router.js";
import { LIVES, place } from "../lib/venue_orders.js";
import { attempt } from "./dialog.js";

/** @param {{path: string, sandbox: string, venue: string, name: string, account: string, price: string, tick: string, onPrice: (price: string) => void, onDone: () => void}} props */
export function OrderForm(props) {
  const answer = useSignal(/** @type {any} */ (null));
  const isBuy = useSignal(true);
  const send = (/** @type {any} */ event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.target));
    void attempt(async () => {
      answer.value = await place(props.path, props.sandbox, props.venue, {
        account: props.account, name: props.name, isBuy: isBuy.value, count: String(values.count), price: String(values.price),
        life: String(values.life), isPostOnly: "post_only" in values,
      });
      props.onDone();
    });
  };
  return html`<form class="order-form" onSubmit=${send} aria-label="Order">
    <div class="pair" role="group" aria-label="side"><button type="button" aria-pressed=${isBuy.value} onClick=${() => { isBuy.value = true; }}>buy${props.venue === "kalshi" ? " YES" : ""}</button><button type="button" aria-pressed=${!isBuy.value} onClick=${() => { isBuy.value = false; }}>sell${props.venue === "kalshi" ? " YES" : ""}</button></div>
    <label>${props.venue === "kalshi" ? "count" : "amount"} <input name="count" inputmode="decimal" required defaultValue=${props.venue === "kalshi" ? "1" : props.tick} size="7" data-order /></label>
    <label>price <input name="price" inputmode="decimal" required size="9" value=${props.price} onInput=${(/** @type {any} */ event) => props.onPrice(event.target.value)} /></label>
    <label><span class="hidden">rests</span><select name="life">${LIVES[props.venue].map((one) => html`<option value=${one}>${one.replaceAll("_", " ")}</option>`)}</select></label>
    <label class="check"><input type="checkbox" name="post_only" /> post only</label>
    <button class="primary">Place as ${props.account}</button>
    <${Answered} answer=${answer.value} /></form>`;
}

/** What the venue answered, with the request to look at. @param {{answer: any}} props */
export function Answered(props) {
  const { answer } = props;
  if (!answer) return null;
  const isBad = answer.status >= 400;
  return html`<p class=${`answered ${isBad ? "bad" : "good"}`} role="status">${isBad ? "✕" : "✓"} ${answer.status} ${isBad ? answer.words : answer.operation} · <a href=${addressOf({ screen: "requests", query: { n: String(answer.number) } })}>request #${answer.number}</a></p>`;
}
