// @ts-check
// Orders: the book of a market with one's own orders marked; orders are placed and canceled as an account.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask, sandboxPath } from "../lib/api.js";
import { epoch, listen } from "../lib/feed.js";
import { timeOf } from "../lib/format.js";
import { html } from "../lib/html.js";
import { useKeys } from "../lib/keys.js";
import { place, refine } from "../lib/router.js";
import { accounts, mayChange } from "../lib/state.js";
import { cancel, LIVES } from "../lib/venue_orders.js";
import { attempt, tell } from "../parts/dialog.js";
import { FilterLine } from "../parts/filter_line.js";
import { Grid } from "../parts/grid.js";
import { OrderBook, ownOrders } from "../parts/order_book.js";
import { OrderForm } from "../parts/order_form.js";
import { showStep } from "../parts/step_form.js";

const READ_LIST_MS = 2_000;
const READ_BOOK_MS = 300;
/** Commands that change which markets there are, or their status: the list is read with the book then. */
const STATUS = /(Settle|Close|Determine|Dispute|Finalize|Switch|List)Market|SwitchExchange|(List|Deliver)Contract/;

const COLUMNS = [
  { key: "id", title: "market", width: "minmax(9rem, 1fr)", cell: (/** @type {any} */ row) => html`<span title=${row.title}>${row.id}</span>` },
  { key: "status", title: "status", width: "4.6rem", cell: (/** @type {any} */ row) => (row.isOpen ? row.status : html`<span class="dim" title=${row.status}>${row.result ? `✓ ${row.result}` : row.status}</span>`) },
  { key: "bid", title: "bid", width: "3.9rem", isNumber: true, cell: (/** @type {any} */ row) => row.bid ?? "–" },
  { key: "ask", title: "ask", width: "3.9rem", isNumber: true, cell: (/** @type {any} */ row) => row.ask ?? "–" },
];

/** @param {any} row */
const idOf = (row) => row.id;

/** @param {any} row */
function ofMarket(row) {
  const status = row.status === "open" && !row.trading ? "paused" : row.result ? `${row.status} ${row.result}` : row.status;
  return { ...row, id: row.market, venue: "kalshi", collection: "markets", isOpen: row.status === "open", status };
}

/** @param {any} row */
function ofInstrument(row) {
  return { ...row, id: row.instrument, title: row.kind, venue: "deribit", collection: "instruments", isOpen: row.open, status: row.open ? "open" : "delivered" };
}

/** A row of the list with what the book, which is read more often, says of the market. @param {any} row @param {any} book */
function asItIsNow(row, book) {
  return row.collection === "markets" ? ofMarket({ ...row, ...book }) : ofInstrument({ ...row, ...book });
}

/** Accounts that can send orders to a venue. @param {string} venue */
function traders(venue) {
  return accounts.value.filter((one) => one.venue === venue && one.keys.some((/** @type {any} */ key) => key.can_sign));
}

export function Orders() {
  const { sandbox, query } = place.value;
  const path = sandboxPath(sandbox);
  const rows = useSignal(/** @type {any[] | null} */ (null));
  const book = useSignal(/** @type {any} */ (null));
  const filter = (query.q ?? "").toLowerCase();
  const all = (rows.value ?? []).map((row) => (row.id === book.value?.id ? asItIsNow(row, book.value) : row));
  const shown = all.filter((row) => `${row.id} ${row.title} ${row.status} ${row.event ?? ""}`.toLowerCase().includes(filter));
  const chosen = all.find((row) => row.id === query.m) ?? shown.find((row) => row.isOpen) ?? shown[0];
  const reread = useReading(path, rows, book, chosen);
  const step = (/** @type {number} */ by) => {
    const at = shown.findIndex((row) => row.id === (place.value.query.m ?? chosen?.id));
    const next = shown[Math.max(0, Math.min(shown.length - 1, at + by))];
    if (next) refine({ m: next.id });
  };
  useKeys([
    { keys: "j", label: "next market", run: () => step(1) },
    { keys: "k", label: "market above", run: () => step(-1) },
    ...(mayChange() ? [{ keys: "o", label: "to the order form", run: () => /** @type {any} */ (document.querySelector("[data-order]"))?.focus() }] : []),
  ], [shown, chosen?.id]);
  return html`<div class="tools"><${FilterLine} value=${query.q ?? ""} onChange=${(/** @type {string} */ text) => refine({ q: text })} hint="a part of a market's name, title or status" />
      <span class="push dim">${shown.length} of ${rows.value?.length ?? 0}</span></div>
    <div class="split has-detail orders-split">
      <${Grid} label="Markets" rows=${shown} columns=${COLUMNS} idOf=${idOf} selected=${chosen?.id ?? ""} onSelect=${(/** @type {string} */ id) => refine({ m: id })}
        empty=${rows.value ? html`<p>${rows.value.length ? "No market matches the filter." : html`This scenario has no market.${mayChange() ? html` A step makes one: <code>mockexchange do 'market: {market: RAIN-1, event: RAIN, series: RAIN}'</code>` : null}`}</p>` : "Reading …"} />
      <section class="market" aria-label="Market">${chosen && book.value?.id === chosen.id ? html`<${Market} key=${chosen.id} row=${chosen} book=${book.value} path=${path} sandbox=${sandbox} onDone=${reread} />` : null}</section>
    </div>`;
}

/** @param {{row: any, book: any, path: string, sandbox: string, onDone: () => void}} props */
function Market(props) {
  const { row, book, path, sandbox } = props;
  const price = useSignal(book.bid ?? book.price ?? book.mark ?? "0.50");
  const names = traders(row.venue).map((one) => one.name);
  const wanted = place.value.query.a ?? "";
  const account = names.includes(wanted) ? wanted : names[0] ?? "";
  const own = ownOrders(book, account);
  const may = mayChange();
  const mayOrder = may && account && LIVES[row.venue] && row.isOpen;
  const withdraw = (/** @type {any} */ order) => attempt(async () => {
    const answer = await cancel(path, sandbox, row.venue, account, order);
    tell(answer.status < 400 ? `canceled as ${account}` : `${answer.status} ${answer.words}`, answer.status >= 400);
    props.onDone();
  });
  const known = row.venue === "kalshi" ? { market: row.id } : { instrument: row.id };
  return html`<header><h2>${row.id}</h2><span class="dim">${row.title}</span><span class=${`tag ${row.isOpen ? "good" : "odd"}`}>${row.status}</span>
      <span class="push nowrap">${may && row.venue === "kalshi" ? html`<button onClick=${() => showStep(path, "price", { ...known, price: book.price ?? "0.50" })}>price …</button> ${["open", "closed"].includes(book.status) ? html`<button onClick=${() => showStep(path, "settle", { ...known, result: "yes" })}>settle …</button>` : null}` : null}</span></header>
    <p class="dim facts-line">${factsOf(book)}</p>
    <div class="tools as"><label>as <select value=${account} onChange=${(/** @type {any} */ event) => refine({ a: event.target.value })}>${names.map((one) => html`<option value=${one} selected=${one === account}>${one}</option>`)}</select></label>
      ${own.length ? html`<span>${own.length} open order${own.length > 1 ? "s" : ""} of ${account}</span>` : html`<span class="dim">${account ? `no open order of ${account} here` : "no account of this venue can sign"}</span>`}</div>
    ${mayOrder ? html`<${OrderForm} path=${path} sandbox=${sandbox} venue=${row.venue} name=${row.id} account=${account} price=${price.value} tick=${book.amount_min ?? "1"} onPrice=${(/** @type {string} */ text) => { price.value = text; }} onDone=${props.onDone} />`
      : row.isOpen ? null : html`<p class="teach">It is ${row.status}, so it takes no orders.</p>`}
    ${own.length ? html`<table class="list own-orders" aria-label="own orders"><thead><tr><th scope="col">own orders</th><th scope="col" class="num">price</th><th scope="col" class="num">${book.bids ? "amount" : "count"}</th><th scope="col">since</th>${may ? html`<th scope="col"><span class="hidden">actions</span></th>` : null}</tr></thead><tbody>${own.map((one) => html`<tr key=${one.id}><td class="own">● ${one.way}${nameOf(one) ? html` <span class="dim">${nameOf(one)}</span>` : null}</td><td class="num">${one.price}</td><td class="num">${one.remaining}</td><td class="mono dim nowrap" title=${one.id}><span class="day">${one.at.slice(0, 10)} </span>${timeOf(one.at)}</td>
      ${may ? html`<td class="num"><button onClick=${() => withdraw(one)} aria-label=${`Cancel ${one.way} ${one.remaining} at ${one.price}`}>cancel</button></td>` : null}</tr>`)}</tbody></table>` : null}
    <div class="scroll" tabindex="0" role="region" aria-label="Order book"><${OrderBook} shown=${book} account=${account} onPrice=${mayOrder ? (/** @type {string} */ text) => { price.value = text; } : null} /></div>`;
}

/** The subaccount of an order that is not of the main one. @param {any} order */
function nameOf(order) {
  return /^[1-9]/.test(order.book ?? "") ? `subaccount ${order.book}` : "";
}

/** @param {any} book */
function factsOf(book) {
  return book.market ? `event ${book.event} · volume ${book.volume} · open interest ${book.open_interest}${book.result ? ` · result ${book.result}` : ""}`
    : `mark ${book.mark} · index ${book.index} · ${book.currency} · tick ${book.tick}${book.expires_at ? ` · expires ${book.expires_at.slice(0, 10)}` : ""}`;
}

/** Read the list and the book of the chosen market, and again when a command was carried out. @param {string} path @param {any} rows @param {any} book @param {any} chosen */
function useReading(path, rows, book, chosen) {
  const readBook = async () => {
    if (!chosen) return;
    const found = await ask("GET", `${path}/${chosen.collection}/${encodeURIComponent(chosen.id)}`);
    book.value = { ...found, id: chosen.id };
  };
  useEffect(() => {
    let isDue = false;
    const read = () => attempt(async () => {
      isDue = false;
      const [markets, instruments] = await Promise.all([ask("GET", `${path}/markets`), ask("GET", `${path}/instruments`)]);
      rows.value = [...markets.map(ofMarket), ...instruments.map(ofInstrument)];
    });
    let readAt = 0;
    const stop = listen((events) => {
      const commands = events.filter((one) => one.kind === "command");
      if (commands.length) isDue = true;
      if (commands.some((one) => STATUS.test(one.data.command))) readAt = 0;
    });
    const timer = setInterval(() => {
      if (!isDue || document.hidden || performance.now() - readAt < READ_LIST_MS) return;
      readAt = performance.now();
      void read();
    }, READ_BOOK_MS);
    void read();
    return () => { stop(); clearInterval(timer); };
  }, [path, epoch.value]);
  useEffect(() => {
    let isDue = false;
    const stop = listen((events) => { if (events.some((one) => one.kind === "command")) isDue = true; });
    const timer = setInterval(() => { if (isDue && !document.hidden) { isDue = false; void attempt(readBook); } }, READ_BOOK_MS);
    void attempt(readBook);
    return () => { stop(); clearInterval(timer); };
  }, [path, chosen?.id, epoch.value]);
  return () => { void attempt(readBook); };
}
