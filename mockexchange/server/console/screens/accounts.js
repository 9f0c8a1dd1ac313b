// @ts-check
// One account: cash, positions with profit and loss, orders, its history, and steps that change it.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask, sandboxPath } from "../lib/api.js";
import { epoch, listen } from "../lib/feed.js";
import { html } from "../lib/html.js";
import { bind } from "../lib/keys.js";
import { money, profitOf, sumsOf } from "../lib/profit.js";
import { place, refine } from "../lib/router.js";
import { accounts, mayChange, sandboxOf } from "../lib/state.js";
import { attempt } from "../parts/dialog.js";
import { Plot } from "../parts/plot.js";
import { showStep } from "../parts/step_form.js";
import { Table } from "../parts/table.js";

const READ_MS = 400;
const POINTS = 600;
const LISTS = ["fills", "orders", "settlements", "deposits", "withdrawals", "transfers", "shard_transfers", "trades"];
const STEPS = ["fill", "place", "cancel", "deposit", "settle", "price"];

export function Accounts() {
  const { sandbox, query } = place.value;
  const path = sandboxPath(sandbox);
  const name = accounts.value.some((one) => one.name === query.a) ? query.a : accounts.value[0]?.name ?? "";
  const positions = useSignal(/** @type {any[]} */ ([]));
  const ledger = useSignal(/** @type {any} */ ({}));
  const series = useSignal(/** @type {any[]} */ ([]));
  useReading(path, name, positions, ledger, series);
  const account = accounts.value.find((one) => one.name === name);
  const step = (/** @type {string} */ kind, /** @type {any} */ known = {}) => showStep(path, kind, { account: name, ...known });
  useEffect(() => bind([
    ...accounts.value.slice(0, 9).map((one, at) => ({ keys: String(at + 1), label: `account ${one.name}`, run: () => refine({ a: one.name }) })),
    ...(mayChange() ? [{ keys: "s", label: "a step for the account", run: () => step("fill") }] : []),
  ]), [accounts.value, name]);
  if (!account) return html`<div class="empty"><h2>No accounts</h2><p>This scenario has none.${mayChange() ? " A step makes one:" : ""}</p>${mayChange() ? html`<pre>mockexchange do account account=alice</pre>` : null}</div>`;
  const lists = LISTS.filter((one) => ledger.value[one]);
  const list = lists.includes(query.l) ? query.l : lists[0];
  const only = query.i ?? "";
  const found = (/** @type {string} */ kind) => (only ? ledger.value[kind].filter((/** @type {any} */ row) => Object.values(row).includes(only)) : ledger.value[kind]);
  const sums = sumsOf(positions.value);
  return html`<div class="tools" role="group" aria-label="Accounts">
      ${accounts.value.map((one, at) => html`<button aria-pressed=${one.name === name} title=${at < 9 ? String(at + 1) : ""} onClick=${() => refine({ a: one.name })}>${one.name} <span class="dim">${one.venue}</span></button>`)}
      ${mayChange() ? html`<span class="push"></span>${STEPS.map((kind) => html`<button onClick=${() => step(kind)}>${kind} …</button>`)}` : null}</div>
    <div class="account">
      <section class="card" aria-label="Cash"><header><h2>Cash</h2></header><${Cash} ledger=${ledger.value} sums=${sums} /></section>
      <section class="card plot-card" aria-label="Profit and loss"><header><h2>Profit and loss</h2><${Currencies} series=${series.value} chosen=${query.c ?? ""} /><span class="dim">over exchange time</span></header>${series.value.length ? html`<${Plot} samples=${samplesOf(series.value, query.c ?? "")} />` : html`<p class="teach">Nothing has changed this account yet.</p>`}</section>
      <section class="card full" aria-label="Positions"><header><h2>Positions</h2><span class="dim">${positions.value.length}</span></header>
        ${positions.value.length ? html`<${Table} label="Positions" rows=${positions.value.map(withProfit)} leave=${["account", "event", "traded"]} last=${["updated_at"]}
            link=${{ key: "instrument", title: "its orders, fills and settlements", onClick: showHistory }}
            act=${mayChange() ? (/** @type {any} */ row) => (row.event && !row.settled ? html`<button onClick=${() => step("settle", { market: row.instrument, result: "yes" })}>settle</button>` : null) : undefined} />`
          : html`<p class="teach">No position. ${mayChange() ? html`A fill opens one: <button class="link" onClick=${() => step("fill")}>fill …</button>, or` : "Opened by a fill:"} an order of a client that is matched.</p>`}</section>
      <section class="card full" aria-label="History"><header><h2>History</h2>${only ? html`<button onClick=${() => refine({ i: "" })} aria-label=${`of ${only} only: show all`} title="show all">${only} ✕</button>` : null}${lists.map((one) => html`<button aria-pressed=${one === list} onClick=${() => refine({ l: one })}>${one.replace("_", " ")} <span class="dim">${found(one).length}</span></button>`)}</header>
        ${list && found(list).length ? html`<${Table} label=${list} rows=${[...found(list)].reverse().slice(0, 500)} leave=${[]} last=${[]}
            act=${list === "orders" && mayChange() ? (/** @type {any} */ row) => (row.status === "resting" ? html`<button onClick=${() => step("cancel", { order: row.id })}>cancel</button>` : null) : undefined} />`
          : html`<p class="teach">No ${list ? list.replace("_", " ") : "history"}${only ? ` of ${only}` : " yet"}.</p>`}</section>
      ${account.keys.length ? html`<section class="card full" aria-label="Keys"><header><h2>Keys</h2><span class="dim">${account.keys.length}</span></header><${Table} label="Keys of the account" rows=${account.keys.map((/** @type {any} */ one) => keyRow(one, sandbox))} leave=${[]} last=${[]} /></section>` : null}
    </div>`;
}

/** What led to a position: fills of its instrument, the newest first. @param {string} instrument */
function showHistory(instrument) {
  refine({ i: instrument, l: "fills" });
  requestAnimationFrame(() => document.querySelector("section[aria-label=History]")?.scrollIntoView({ block: "nearest" }));
}

/** A key as a row; without a date of its own it has that of the sandbox. @param {any} key @param {string} sandbox */
function keyRow(key, sandbox) {
  const { key: name, key_id: id, scopes, subaccount, api_date: date, can_sign: canSign } = key;
  return { key: name, "key id": id, "API date": date ?? sandboxOf(sandbox)?.api_date ?? "", of: date ? "the key" : "the sandbox", scopes: scopes.join(", "), subaccount: subaccount ?? "all", "signs here": canSign };
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

/** @param {string} path @param {string} name @param {any} positions @param {any} ledger @param {any} series */
function useReading(path, name, positions, ledger, series) {
  useEffect(() => {
    if (!name) return undefined;
    let isGone = false;
    let isDue = true;
    series.value = [];
    const read = () => attempt(async () => {
      isDue = false;
      const of = `${path}/accounts/${encodeURIComponent(name)}`;
      const [held, history, equity] = await Promise.all([ask("GET", `${of}/positions`), ask("GET", `${of}/ledger`), ask("GET", `${of}/equity?points=${POINTS}`)]);
      if (isGone) return;
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
