// Orders by kalshi-typescript, of the second generation: the tasks and answers of neutral.py, in Node. The argument is the
// directory that has the client.

import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(join(process.argv[2], "package.json"));
const axios = require("axios");
const { Configuration, OrderGroupsApi, OrdersApi } = require("kalshi-typescript");

const row = (shape) => (found) =>
  Object.fromEntries(Object.entries(shape).map(([name, where]) => [name, plain(found[where])]));
const plain = (value) => (typeof value === "boolean" || typeof value === "number" ? String(value) : value ?? null);
const item = (shape) => (entry) =>
  entry.error ? { refused: entry.error.code } : { refused: null, ...row(shape)(entry) };

const ORDER = row({
  order: "order_id",
  client_order: "client_order_id",
  status: "status",
  yes_price: "yes_price_dollars",
  filled: "fill_count_fp",
  remaining: "remaining_count_fp",
});
const ANSWER = { order: "order_id", client_order: "client_order_id", filled: "fill_count", remaining: "remaining_count" };
const PLACED = row(ANSWER);
const TAKEN = row({ ...ANSWER, average: "average_fill_price" });
const CHANGED = row({ order: "order_id", remaining: "remaining_count" });
const REDUCED = { order: "order_id", reduced: "reduced_by" };
const GROUP = row({ auto_cancel: "is_auto_cancel_enabled", orders: "orders" });

const body = ({ market, time_in_force = "good_till_canceled", ...order }) => ({
  ticker: market,
  side: "bid",
  time_in_force,
  self_trade_prevention_type: "taker_at_cross",
  ...order,
});

const METHODS = {
  order: async ({ orders }, { order }) => [(await orders.getOrder(order)).data.order].map(ORDER),
  orders: async ({ orders }, { market }) => (await orders.getOrders(market)).data.orders.map(ORDER),
  v2_place: async ({ orders }, { order }) => [PLACED((await orders.createOrderV2(body(order))).data)],
  v2_take: async ({ orders }, { order }) => [TAKEN((await orders.createOrderV2(body(order))).data)],
  v2_ask: async ({ orders }, { order }) => [PLACED((await orders.createOrderV2(body(order))).data)],
  v2_ask_take: async ({ orders }, { order }) => [TAKEN((await orders.createOrderV2(body(order))).data)],
  v2_repeat: async ({ orders }, { order }) => [PLACED((await orders.createOrderV2(body(order))).data)],
  v2_amend: async ({ orders }, { order, market, ...change }) =>
    [CHANGED((await orders.amendOrderV2(order, { ticker: market, side: "bid", ...change })).data)],
  v2_decrease: async ({ orders }, { order, to }) =>
    [CHANGED((await orders.decreaseOrderV2(order, { reduce_to: to })).data)],
  v2_cancel: async ({ orders }, { order }) => [row(REDUCED)((await orders.cancelOrderV2(order)).data)],
  v2_batch_place: async ({ orders }, { batch }) =>
    (await orders.batchCreateOrdersV2({ orders: batch.map(body) })).data.orders.map(item(ANSWER)),
  v2_batch_cancel: async ({ orders }, { batch }) =>
    (await orders.batchCancelOrdersV2({ orders: batch.map((order_id) => ({ order_id })) })).data.orders.map(item(REDUCED)),
  cancel_all: async ({ orders }) => void (await orders.cancelAllOrders()),
  group_create: async ({ groups }, { limit }) =>
    [row({ group: "order_group_id" })((await groups.createOrderGroup({ contracts_limit: limit })).data)],
  group: async ({ groups }, { group }) => [GROUP((await groups.getOrderGroup(group)).data)],
  groups: async ({ groups }) => (await groups.getOrderGroups()).data.order_groups.map(row({ group: "id" })),
  group_limit: async ({ groups }, { group, limit }) =>
    void (await groups.updateOrderGroupLimit(group, { contracts_limit: limit })),
  group_trigger: async ({ groups }, { group }) => void (await groups.triggerOrderGroup(group)),
  group_reset: async ({ groups }, { group }) => void (await groups.resetOrderGroup(group)),
  group_delete: async ({ groups }, { group }) => void (await groups.deleteOrderGroup(group)),
};

const called = new Set();

/** A client that notes the names of its calls. */
const watched = (client) =>
  new Proxy(client, {
    get(target, name) {
      const found = target[name];
      if (typeof found !== "function") return found;
      called.add(name);
      return found.bind(target);
    },
  });

const clients = new Map();

function connect({ base_url, key_id, private_key_path }) {
  const name = `${base_url} ${key_id}`;
  if (!clients.has(name)) {
    const configuration = new Configuration({ basePath: base_url, apiKey: key_id, privateKeyPath: private_key_path });
    // On the shared axios, the first account would sign for the others, too.
    const orders = watched(new OrdersApi(configuration, undefined, axios.create()));
    clients.set(name, { orders, groups: watched(new OrderGroupsApi(configuration, undefined, axios.create())) });
  }
  return clients.get(name);
}

/** Calls of queue positions are no writes, and the tables of reads have them for other clients. */
const offered = () =>
  [OrdersApi, OrderGroupsApi]
    .flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype))
    .filter((name) => name !== "constructor" && !name.includes("Queue"));

async function perform(task) {
  if (task.task === "untried") return { rows: offered().filter((call) => !called.has(call)).map((call) => ({ call })) };
  if (!(task.task in METHODS)) return { unsupported: true };
  try {
    return { rows: (await METHODS[task.task](connect(task), task.arguments)) ?? [{}] };
  } catch (error) {
    return { error: `${error.name}: ${error.message}`, status: error.response?.status ?? null };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const task = JSON.parse(line);
  process.stdout.write(`${JSON.stringify({ id: task.id, ...(await perform(task)) })}\n`);
}
