// @ts-check
// The order book of a market or a derivative: asks above bids, with the orders of accounts; one's own are marked.
import { html } from "../lib/html.js";

const LEVELS_MAX = 40;
const OTHERS_MAX = 4;

/** @typedef {{price: string, count: string, orders: any[]}} Level */

/** Both sides as prices of YES. @param {any} shown @returns {{bids: Level[], asks: Level[]}} */
export function sidesOf(shown) {
  if (shown.bids) return { bids: shown.bids.map(withCount), asks: shown.asks.map(withCount) };
  return { bids: shown.yes, asks: shown.no.map((/** @type {Level} */ one) => ({ ...one, price: (1 - Number(one.price)).toFixed(4) })) };
}

/** @param {any} level */
function withCount(level) {
  return { ...level, count: level.amount };
}

/** The orders of an account in a book, the newest first. @param {any} shown @param {string} account */
export function ownOrders(shown, account) {
  const { bids, asks } = sidesOf(shown);
  const of = (/** @type {Level[]} */ levels, /** @type {string} */ way) => levels.flatMap((level) => level.orders.filter((one) => one.account === account).map((one) => ({ ...one, price: level.price, way })));
  return [...of(asks, "sell"), ...of(bids, "buy")].sort((left, right) => right.at.localeCompare(left.at));
}

/** @param {{shown: any, account: string, onPrice: ((price: string) => void) | null}} props */
export function OrderBook(props) {
  const { bids, asks } = sidesOf(props.shown);
  const most = Math.max(1, ...[...bids, ...asks].map((one) => Number(one.count)));
  const row = (/** @type {Level} */ level, /** @type {string} */ way) => html`<tr key=${`${way} ${level.price}`} class=${way}>
    <td class="num">${props.onPrice ? html`<button class="link" onClick=${() => props.onPrice?.(level.price)} title="take this price into the form">${level.price}</button>` : html`<span class="price">${level.price}</span>`}</td>
    <td class="num"><span class="depth" style=${{ width: `${(100 * Number(level.count)) / most}%` }} aria-hidden="true"></span><span>${level.count}</span></td>
    <td><${Owners} orders=${level.orders} account=${props.account} /></td></tr>`;
  return html`<table class="list book"><thead><tr><th scope="col" class="num">price</th><th scope="col" class="num">${props.shown.bids ? "amount" : "count"}</th><th scope="col">orders of accounts</th></tr></thead>
    <tbody aria-label="asks">${asks.slice(0, LEVELS_MAX).reverse().map((one) => row(one, "ask"))}
      ${asks.length ? null : html`<tr><td colspan="3" class="dim">no asks</td></tr>`}</tbody>
    <tbody><tr class="spread"><td colspan="3">${spreadOf(bids, asks, props.shown)}</td></tr></tbody>
    <tbody aria-label="bids">${bids.length ? bids.slice(0, LEVELS_MAX).map((one) => row(one, "bid")) : html`<tr><td colspan="3" class="dim">no bids</td></tr>`}</tbody></table>`;
}

/** @param {Level[]} bids @param {Level[]} asks @param {any} shown */
function spreadOf(bids, asks, shown) {
  const last = shown.price ?? "none";
  if (!bids.length || !asks.length) return `last price ${last}`;
  const gap = Number((Number(asks[0].price) - Number(bids[0].price)).toFixed(8));
  return `last price ${last} · spread ${gap}`;
}

/** @param {{orders: any[], account: string}} props */
function Owners(props) {
  const own = props.orders.filter((one) => one.account === props.account);
  const others = props.orders.filter((one) => one.account !== props.account);
  return html`${own.map((one) => html`<span class="chip own" title=${one.id}>● ${ownerOf(one)} ${one.remaining}</span>`)}${others.slice(0, OTHERS_MAX).map((one) => html`<span class="chip" title=${one.id}>${ownerOf(one)} ${one.remaining}</span>`)}${others.length > OTHERS_MAX ? html`<span class="dim">and ${others.length - OTHERS_MAX} more</span>` : null}`;
}

/** The account of an order, with its subaccount if that is not the main one. @param {any} order */
function ownerOf(order) {
  return /^[1-9]/.test(order.book ?? "") ? `${order.account}/${order.book}` : order.account;
}
