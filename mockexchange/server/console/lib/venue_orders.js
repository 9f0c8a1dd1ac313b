// @ts-check
// Orders as requests of a venue, which the server signs and sends: what a client of that account would have sent.
import { ask } from "./api.js";
import { info, sandboxOf } from "./state.js";

const SECOND_GENERATION_FROM = "2026-04-22";

/** @typedef {{account: string, name: string, isBuy: boolean, count: string, price: string, life: string, isPostOnly: boolean}} WantedOrder */

/** The words for how long an order rests, as each venue spells them. @type {Record<string, string[]>} */
export const LIVES = {
  kalshi: ["good_till_canceled", "immediate_or_cancel", "fill_or_kill"],
  deribit: ["good_til_cancelled", "good_til_day", "immediate_or_cancel", "fill_or_kill"],
};

/** @param {string} venue */
function prefixOf(venue) {
  return info.value.venues.find((/** @type {any} */ one) => one.name === venue).prefix;
}

/** Whether the venue's second generation of order entry exists at the sandbox's date: 2026-04 is the day before it. @param {string} sandbox */
function isSecond(sandbox) {
  return (sandboxOf(sandbox)?.api_date ?? "compat") >= SECOND_GENERATION_FROM;
}

/** @param {string} sandbox @param {string} venue @param {WantedOrder} order */
function placing(sandbox, venue, order) {
  if (venue === "deribit") {
    const query = new URLSearchParams({ instrument_name: order.name, amount: order.count, type: "limit", price: order.price, time_in_force: order.life, ...(order.isPostOnly ? { post_only: "true" } : {}) });
    return { method: "GET", target: `${prefixOf(venue)}/private/${order.isBuy ? "buy" : "sell"}?${query}` };
  }
  const common = { ticker: order.name, time_in_force: order.life, client_order_id: `console-${Date.now().toString(36)}`, ...(order.isPostOnly ? { post_only: true } : {}) };
  const body = isSecond(sandbox)
    ? { ...common, side: order.isBuy ? "bid" : "ask", count: order.count, price: order.price, self_trade_prevention_type: "taker_at_cross" }
    : { ...common, side: "yes", action: order.isBuy ? "buy" : "sell", count: Number(order.count), type: "limit", yes_price_dollars: order.price };
  return { method: "POST", target: `${prefixOf(venue)}/portfolio/${isSecond(sandbox) ? "events/" : ""}orders`, body: JSON.stringify(body) };
}

/** @param {string} sandbox @param {string} venue @param {string} id @param {string} book */
function canceling(sandbox, venue, id, book) {
  if (venue === "deribit") return { method: "GET", target: `${prefixOf(venue)}/private/cancel?order_id=${encodeURIComponent(id)}` };
  return { method: "DELETE", target: `${prefixOf(venue)}/portfolio/${isSecond(sandbox) ? "events/" : ""}orders/${encodeURIComponent(id)}${/^[1-9]/.test(book) ? `?subaccount=${book}` : ""}` };
}

/** Send a request as an account, and return its row of the journal with the venue's words if it was refused. @param {string} path @param {string} account @param {any} request */
async function send(path, account, request) {
  const row = await ask("POST", `${path}/call`, { account, ...request });
  if (row.status < 400) return { ...row, words: "" };
  const entry = await ask("GET", `${path}/journal/${row.number}?redact=true`);
  return { ...row, words: row.diagnosis ? [row.refusal, row.diagnosis].filter(Boolean).join(": ") : wordsOf(entry.answer) };
}

/** @param {string} path @param {string} sandbox @param {string} venue @param {WantedOrder} order */
export function place(path, sandbox, venue, order) {
  return send(path, order.account, placing(sandbox, venue, order));
}

/** @param {string} path @param {string} sandbox @param {string} venue @param {string} account @param {any} order */
export function cancel(path, sandbox, venue, account, order) {
  return send(path, account, canceling(sandbox, venue, order.id, order.book ?? ""));
}

/** The venue's words for its refusal. @param {string | null} answer */
function wordsOf(answer) {
  try {
    const { error } = JSON.parse(answer ?? "");
    return [error.code, error.message, error.details, error.data?.reason].filter(Boolean).map(String).filter((one, at, all) => all.indexOf(one) === at).join(": ");
  } catch {
    return answer ?? "";
  }
}
