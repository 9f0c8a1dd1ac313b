// A suite as one would write it for a program of one's own: one server for the file, a fresh sandbox for each test.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { portfolioOf, positions, readReadyFile, settings } from "./account.mjs";

const SCENARIO = `
scenario: node
accounts: {alice: {cash: 1000}, bob: {cash: 1000}}
markets: {RAIN-26: {event: RAIN, series: RAIN, price: 0.40}}
`;
const START_ATTEMPTS_MAX = 300;

let folder, server, ready, sandbox;

/** A server that runs already: that of a service container, or of `mockexchange run`, or of a ready file. */
function running({ MOCKEXCHANGE_URL: url, MOCKEXCHANGE_TOKEN: token, MOCKEXCHANGE_READY_FILE: readyFile }) {
  if (url) return { control_url: `${url.replace(/(\/_mock)?\/*$/, "")}/_mock`, control_token: token };
  return readyFile && readReadyFile(readyFile);
}

/** A server of our own. */
async function started() {
  const readyFile = join(folder, "ready.json");
  let failure = "it is still starting";
  server = spawn("mockexchange", ["serve", "--port", "0", "--ready-file", readyFile, "--quiet"], { stdio: "inherit" });
  server.on("error", ({ message }) => (failure = `${message}: is mockexchange installed, and on your PATH?`));
  server.on("exit", (code) => (failure = `it ended with exit code ${code}`));
  for (let attempt = 0; !existsSync(readyFile); attempt += 1) {
    const mayWait = attempt < START_ATTEMPTS_MAX && server.exitCode === null;
    assert.ok(mayWait, `the server did not start: ${failure}`);
    await pause(50);
  }
  return readReadyFile(readyFile);
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "mockexchange-"));
  ready = running(process.env) || (await started());
});

after(async () => {
  if (server?.pid && server.kill("SIGTERM")) await once(server, "exit");
  rmSync(folder, { recursive: true });
});

/** The control API: JSON in and out, a bearer token. */
async function control(method, path, body) {
  const answer = await fetch(`${ready.control_url}/${path}`, {
    method,
    headers: { Authorization: `Bearer ${ready.control_token}`, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const told = answer.status === 204 ? null : await answer.json();
  assert.ok(answer.ok, JSON.stringify(told));
  return told;
}

beforeEach(async () => {
  sandbox = await control("POST", "sandboxes", { scenario: SCENARIO, api_date: "latest" });
});

afterEach(() => control("DELETE", `sandboxes/${sandbox.id}`));

/** What happens at the exchange. A step that it refuses is told with status 200, and fails the test here. */
async function steps(...each) {
  const outcomes = await control("POST", `sandboxes/${sandbox.id}/commands`, each);
  const refused = outcomes.filter(({ refusal }) => refusal);
  assert.equal(refused.length, 0, JSON.stringify(refused));
  return outcomes;
}

function portfolio(name) {
  const { key_id: apiKey, private_key_pem: privateKeyPem } = sandbox.accounts.find((account) => account.name === name);
  return portfolioOf({ basePath: sandbox.base_url, apiKey, privateKeyPem });
}

const alice = () => portfolio("alice");

async function rowsOf(portfolio) {
  const rows = [];
  for await (const row of positions(portfolio)) rows.push(row);
  return rows;
}

test("a fill is a position", async () => {
  await steps({ fill: { account: "alice", market: "RAIN-26", side: "yes", action: "buy", count: 10, price: 0.4 } });
  const [row, ...others] = await rowsOf(alice());
  assert.deepEqual([row.ticker, row.position_fp, others.length], ["RAIN-26", "10.00", 0]);
});

test("every page is walked, with a signature that the exchange accepts", async () => {
  const markets = Array.from({ length: 120 }, (_, number) => `M-${number}`);
  await steps(
    ...markets.map((market) => ({ market: { market, event: "E", series: "S", price: 0.5 } })),
    ...markets.map((market) => ({ fill: { account: "alice", market, side: "yes", action: "buy", count: 1, price: 0.5 } })),
  );
  assert.equal((await rowsOf(alice())).length, 120);
  const entries = await control("GET", `sandboxes/${sandbox.id}/journal`);
  assert.deepEqual(entries.map(({ status }) => status), [200, 200]);
});

test("two accounts sign for themselves", async () => {
  const portfolios = [alice(), portfolio("bob")];
  for (const each of portfolios) await each.getBalance();
  const entries = await control("GET", `sandboxes/${sandbox.id}/journal`);
  assert.deepEqual(entries.map(({ account }) => account), ["alice", "bob"]);
});

test("a step that cannot be fails the test that asked for it", async () => {
  const fill = { account: "alice", market: "NOPE", side: "yes", action: "buy", count: 10, price: 0.4 };
  await assert.rejects(steps({ fill }), /unknown_market/);
});

test("an exchange that is out of order is an error, not an empty page", async () => {
  await control("POST", `sandboxes/${sandbox.id}/faults`, [{ then: { status: 503 } }]);
  await assert.rejects(rowsOf(alice()), ({ response }) => response.status === 503);
});

test("the variables that `mockexchange env` sets come before the ready file", () => {
  const variables = { KALSHI_API_BASE_URL: "http://h/p", KALSHI_API_KEY_ID: "id", KALSHI_PRIVATE_KEY_PATH: "k.pem" };
  assert.deepEqual(settings(variables), { basePath: "http://h/p", apiKey: "id", privateKeyPath: "k.pem" });
});
