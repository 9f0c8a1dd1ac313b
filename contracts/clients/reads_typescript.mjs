// Every read of kalshi-typescript, whose calls have the names of the operations: the tasks and answers of reads.py. The
// argument is the directory that has the client.

import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(join(process.argv[2], "package.json"));
const axios = require("axios");
const client = require("kalshi-typescript");
const TEXTS = ["market_tickers"];

const calls = new Map();
for (const [title, api] of Object.entries(client)) {
  if (!title.endsWith("Api")) continue;
  for (const name of Object.getOwnPropertyNames(api.prototype)) calls.set(name.toLowerCase(), { title, name });
}

/** The names of a call's parameters, as on the wire. */
function parametersOf(call) {
  const listed = /\(([^)]*)\)/.exec(call.toString())[1].split(",").map((name) => name.trim());
  return listed.slice(0, -1).map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

const parts = new Map();

function partOf(title, { base_url, key_id, private_key_path }) {
  const name = `${title} ${base_url} ${key_id}`;
  if (!parts.has(name)) {
    const configuration = new client.Configuration({ basePath: base_url, apiKey: key_id, privateKeyPath: private_key_path });
    parts.set(name, new client[title](configuration, undefined, axios.create()));
  }
  return parts.get(name);
}

async function perform(task) {
  const found = calls.get(task.task);
  if (!found) return { unsupported: true };
  try {
    const part = partOf(found.title, task);
    const given = parametersOf(part[found.name]).map((name) =>
      TEXTS.includes(name) ? task.arguments[name]?.join(",") : task.arguments[name]);
    return { rows: [{ read: (await part[found.name](...given)).data }] };
  } catch (error) {
    return { error: `${error.name}: ${error.message}`, status: error.response?.status ?? null };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const task = JSON.parse(line);
  process.stdout.write(`${JSON.stringify({ id: task.id, ...(await perform(task)) })}\n`);
}
