// Where the exchange is and who we are there: the KALSHI_* variables, as `mockexchange env --client kalshi-typescript` or
// `mockexchange run --client kalshi-typescript` set them, or else the ready file of a running server.

import { createPrivateKey } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import axios from "axios";
import { Configuration, PortfolioApi } from "kalshi-typescript";

/** The client signs with RSA keys only. */
const isRsa = (path) => createPrivateKey(readFileSync(path)).asymmetricKeyType === "rsa";

export function defaultReadyFile(environment = process.env) {
  const cache = environment.XDG_CACHE_HOME || join(homedir(), ".cache");
  const folder = join(environment.XDG_RUNTIME_DIR || cache, "mockexchange");
  return environment.MOCKEXCHANGE_READY_FILE || join(folder, "ready.json");
}

export function readReadyFile(path) {
  if (!existsSync(path)) throw new Error(`no server is running, there is no ${path}: mockexchange serve`);
  return JSON.parse(readFileSync(path, "utf8"));
}

/** What a ready file says of its first account on Kalshi that this client can sign for. */
export function fromReadyFile(path) {
  const { accounts, venues } = readReadyFile(path);
  const account = accounts.find(
    ({ venue, kind, private_key_path: key }) => venue === "kalshi" && kind === "member" && key && isRsa(key),
  );
  if (!account) throw new Error(`${path} names no member of Kalshi with an RSA key`);
  return { basePath: venues.kalshi.base_url, apiKey: account.key_id, privateKeyPath: account.private_key_path };
}

export function settings(environment = process.env) {
  const { KALSHI_API_BASE_URL, KALSHI_API_KEY_ID, KALSHI_PRIVATE_KEY_PATH } = environment;
  if (!KALSHI_API_BASE_URL) return fromReadyFile(defaultReadyFile(environment));
  return { basePath: KALSHI_API_BASE_URL, apiKey: KALSHI_API_KEY_ID, privateKeyPath: KALSHI_PRIVATE_KEY_PATH };
}

/** Every portfolio gets an axios of its own: on the shared one, the first account would sign for the second, too. */
export const portfolioOf = (parameters) =>
  new PortfolioApi(new Configuration(parameters), undefined, axios.create());

/** All positions, page by page. */
export async function* positions(portfolio) {
  let cursor;
  do {
    const { data } = await portfolio.getPositions(cursor, 100);
    yield* data.market_positions;
    cursor = data.cursor;
  } while (cursor);
}
