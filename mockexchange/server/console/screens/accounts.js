// @ts-check
// One account: cash, positions with profit and loss, orders, its history, and steps that change it.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { ask, sandboxPath } from "../lib/api.js";
import { before } from "../lib/clock.js";
import { epoch, listen } from "../lib/feed.js";
import { html } from "../lib/html.js";
import { useKeys } from "../lib/keys.js";
import { money, profitOf, sumsOf, withPositions } from "../lib/profit.js";
import { addressOf, place, refine } from "../lib/router.js";
import { accounts, info, mayChange, mayMake, sandboxOf } from "../lib/state.js";
import { attempt } from "../parts/dialog.js";
import { showFork } from "../parts/make_form.js";
import { Plot } from "../parts/plot.js";
import { showStep } from "../parts/step_form.js";
import { Table } from "../parts/table.js";

const READ_MS = 400;
const POINTS = 600;
const LISTS = ["fills", "orders", "settlements", "deposits", "withdrawals", "transfers", "shard_transfers", "trades"];
const LAST = ["id", "order", "client_order_id", "group"];
const STEPS = ["fill", "deposit", "settle", "price"];

export function Accounts() {
  const { sandbox, query } = place.value;
  const path = sandboxPath(sandbox);
  const name = accounts.value.some((one) => one.name === query.a) ? query.a : accounts.value[0]?.name ?? "";
  const positions = useSignal(/** @type {any[]} */ ([]));
  const isRead = useSignal(false);
  const ledger = useSignal(/** @type {any} */ ({}));
  const series = useSignal(/** @type {any[]} */ ([]));
  useReading(path, name, positions, ledger, series, isRead);
  const account = accounts.value.find((one) => one.name === name);
  const only = query.i ?? "";
  const step = (/** @type {string} */ kind, /** @type {any} */ known = {}) => showStep(path, kind, { account: name, market: only, ...known });
  useKeys([
    ...accounts.value.slice(0, 9).map((one, at) => ({ keys: String(at + 1), label: `account ${one.name}`, run: () => refine({ a: one.name }) })),
    ...(mayChange() ? [{ keys: "s", label: "a step for the account", run: () => step("fill") }] : []),
  ], [accounts.value, name, only]);
  if (!account) return html`<div class="empty"><h2>No accounts</h2><p>This scenario has none.${mayChange() ? " A step makes one:" : ""}</p>${mayChange() ? html`<pre>mockexchange do 'account: {account: alice}'</pre>` : null}</div>`;
  const lists = LISTS.filter((one) => ledger.value[one]);
  const list = lists.includes(query.l) ? query.l : lists[0];
  const isOfOnly = (/** @type {any} */ row) => !only || (Object.values(row).includes(only) && (!query.b || row.book === undefined || row.book === query.b));
  const fills = useMemo(() => withPositions(ledger.value.fills ?? [], positions.value, ledger.value.settlements ?? []), [ledger.value, positions.value]);
  const found = (/** @type {string} */ kind) => (kind === "fills" ? fills : ledger.value[kind]).filter(isOfOnly);
  const sums = sumsOf(positions.value);
  return html`<div class="tools" role="group" aria-label="Accounts">
      ${accounts.value.map((one, at) => html`<button aria-pressed=${one.name === name} title=${at < 9 ? String(at + 1) : ""} onClick=${() => refine({ a: one.name })}>${one.name} <span class="dim">${one.venue}</span></button>`)}
      ${mayChange() ? html`<span class="push"></span><a class="button" href=${addressOf({ screen: "orders", query: { a: name, m: only } })} title="the order book, and orders of this account">orders of ${name}</a>${STEPS.map((kind) => html`<button onClick=${() => step(kind)}>${kind} …</button>`)}` : null}</div>
    <div class="account">
      <section class="card" aria-label="Cash"><header><h2>Cash</h2>${sums.length < 2 ? html`<span class="dim">${sums[0]?.currency ?? ""}</span>` : null}</header><${Cash} ledger=${ledger.value} sums=${sums} /></section>
      <section class="card plot-card" aria-label="Profit and loss"><header><h2>Profit and loss</h2><${Currencies} series=${series.value} chosen=${query.c ?? ""} /><span class="dim">over exchange time: drag to zoom, double click for all</span></header>${series.value.length ? html`<${Plot} samples=${samplesOf(series.value, query.c ?? "")} />` : html`<p class="teach">${isRead.value ? "Nothing has changed this account yet." : "Reading …"}</p>`}</section>
      <section class="card full" aria-label="Positions"><header><h2>Positions</h2><span class="dim">${positions.value.length}</span></header>
        ${positions.value.length ? html`<${Table} label="Positions" rows=${held(positions.value, ledger.value.settlements ?? [])} leave=${["account", "event", "traded", "settled", "isSettled"]} last=${["updated_at"]}
            link=${{ key: "instrument", title: "its orders, fills and settlements", onClick: showHistory }}
            act=${mayChange() ? (/** @type {any} */ row) => (row.event && !row.isSettled ? html`<button onClick=${() => step("settle", { market: row.instrument, result: "yes" })}>settle</button>` : null) : undefined} />`
          : !isRead.value ? html`<p class="teach">Reading …</p>` : html`<p class="teach">No position. ${mayChange() ? html`A fill opens one: <button class="link" onClick=${() => step("fill")}>fill …</button>, or` : "Opened by a fill:"} an order of a client that is matched.</p>`}</section>
      <section class="card full" aria-label="History"><header><h2>History</h2>${only ? html`<button onClick=${() => refine({ i: "", b: "" })} aria-label=${`of ${only} only: show all`} title="show all">${only}${query.b ? ` · subaccount ${query.b}` : ""} ✕</button>` : null}${lists.map((one) => html`<button aria-pressed=${one === list} onClick=${() => refine({ l: one })}>${one.replace("_", " ")} <span class="dim">${found(one).length}</span></button>`)}</header>
        ${list && found(list).length ? html`<${Table} label=${list} rows=${[...found(list)].reverse().slice(0, 500).map(inOrder)} leave=${only ? ["instrument", ...(query.b ? ["book"] : [])] : []} last=${LAST}
            act=${actOf(list, sandbox, (row) => step("cancel", { order: row.id }))} />`
          : !isRead.value ? html`<p class="teach">Reading …</p>` : html`<p class="teach">No ${list ? list.replace("_", " ") : "history"}${only ? ` of ${only}` : " yet"}.</p>`}</section>
      ${account.keys.length ? html`<section class="card full" aria-label="Keys"><header><h2>Keys</h2><span class="dim">${account.keys.length}</span></header><${Table} label="Keys of the account" rows=${account.keys.map((/** @type {any} */ one) => keyRow(one, sandbox))} leave=${[]} last=${[]} /></section>` : null}
    </div>`;
}

/** What can be done with a row of the history. @param {string} list @param {string} sandbox @param {(row: any) => void} onCancel */
function actOf(list, sandbox, onCancel) {
  if (list === "fills" && mayMake() && !info.value.sandbox) return (/** @type {any} */ row) => html`<button title="another sandbox, as it was before this fill" onClick=${() => showFork(sandbox, before(row.at))}>fork before</button>`;
  if (list !== "orders" || !mayChange()) return undefined;
  return (/** @type {any} */ row) => (row.status === "resting" ? html`<button onClick=${() => onCancel(row)}>cancel</button>` : null);
}

/** What led to a position: fills of its instrument, the newest first. @param {string} instrument @param {any} row */
function showHistory(instrument, row) {
  refine({ i: instrument, b: row.book ?? "", l: "fills" });
  requestAnimationFrame(() => document.querySelector("section[aria-label=History]")?.scrollIntoView({ block: "nearest" }));
}

/** A key as a row; without a date of its own it has that of the sandbox. @param {any} key @param {string} sandbox */
function keyRow(key, sandbox) {
  const { key: name, key_id: id, scopes, subaccount, api_date: date, can_sign: canSign } = key;
  return { key: name, "key id": id, "API date": date ?? sandboxOf(sandbox)?.api_date ?? "", of: date ? "the key" : "the sandbox", scopes: scopes.join(", "), subaccount: subaccount ?? "all", "signs here": canSign };
}

/** What a reader looks for first; names of things are last. @param {any} row */
function inOrder(row) {
  const { at, book, instrument, ...rest } = row;
  return { at, ...(book === undefined ? {} : { book }), ...(instrument === undefined ? {} : { instrument }), ...rest };
}

/** Positions as rows: those that are open first; a settled one has its result and no price any more. @param {any[]} rows @param {any[]} settlements */
function held(rows, settlements) {
  const isOpen = (/** @type {any} */ row) => !row.settled && Number(row.quantity ?? row.size) !== 0;
  return [...rows].sort((left, right) => Number(isOpen(right)) - Number(isOpen(left)) || Number(left.settled ?? false) - Number(right.settled ?? false)).map((row) => {
    if (!("settled" in row)) return withProfit(row);
    const paid = settlements.find((one) => one.instrument === row.instrument && one.book === row.book);
    return { ...withProfit(row), price: row.settled ? null : row.price, result: row.settled ? `settled ${paid?.result ?? ""}`.trim() : "", isSettled: row.settled };
  });
}

/** @param {any} row */
function withProfit(row) {
  const profit = profitOf(row);
  const amount = "size" in row ? { size: row.size } : { quantity: row.quantity };
  return { instrument: row.instrument, book: row.book, ...amount, "profit and loss": profit === null ? null : money(profit), ...row };
}

/** @param {{ledger: any, sums: any}} props */
function Cash(props) {
  const { ledger, sums } = props;
  const rows = ledger.summaries ?? Object.keys(ledger.cash ?? {}).map((book) => ({ book: book || "main", cash: ledger.cash[book], reserved: ledger.reserved[book] }));
  return html`${rows.length ? html`<${Table} label="Cash by subaccount" rows=${rows} leave=${["account"]} last=${[]} />` : html`<p class="teach">Reading …</p>`}
    ${sums.map((/** @type {any} */ one) => html`<dl class="sums"><dt>profit and loss</dt><dd class=${one.profit < 0 ? "bad num" : "num"}>${money(one.profit)} ${one.currency}</dd><dt>realized</dt><dd class="num">${money(one.realized)}</dd><dt>fees</dt><dd class="num">${money(one.fees)}</dd></dl>`)}`;
}

/** @param {{series: any[], chosen: string}} props */
function Currencies(props) {
  if (props.series.length < 2) return props.series.length ? html`<span class="dim">${props.series[0].currency}</span>` : null;
  return html`${props.series.map((one) => html`<button aria-pressed=${one === chosenSeries(props.series, props.chosen)} onClick=${() => refine({ c: one.currency })}>${one.currency}</button>`)}`;
}

/** @param {any[]} series @param {string} currency */
function chosenSeries(series, currency) {
  return series.find((one) => one.currency === currency) ?? series[0];
}

/** @param {any[]} series @param {string} currency */
function samplesOf(series, currency) {
  return chosenSeries(series, currency).points.map((/** @type {any} */ one) => ({ at: Date.parse(one.at) / 1_000, profit: Number(one.worth) - Number(one.paid_in), realized: Number(one.realized), fees: Number(one.fees) }));
}

/** @param {string} path @param {string} name @param {any} positions @param {any} ledger @param {any} series @param {any} isRead */
function useReading(path, name, positions, ledger, series, isRead) {
  useEffect(() => {
    if (!name) return undefined;
    let isGone = false;
    let isDue = true;
    series.value = [];
    isRead.value = false;
    const read = () => attempt(async () => {
      isDue = false;
      const of = `${path}/accounts/${encodeURIComponent(name)}`;
      const [held, history, equity] = await Promise.all([ask("GET", `${of}/positions`), ask("GET", `${of}/ledger`), ask("GET", `${of}/equity?points=${POINTS}`)]);
      if (isGone) return;
      isRead.value = true;
      positions.value = held;
      ledger.value = history;
      series.value = equity.series;
    });
    const stop = listen((events) => {
      if (events.some((one) => one.kind === "command" || one.kind === "clock")) isDue = true;
    });
    const timer = setInterval(() => { if (isDue && !document.hidden) void read(); }, READ_MS);
    void read();
    return () => { isGone = true; clearInterval(timer); stop(); };
  }, [path, name, epoch.value]);
}
