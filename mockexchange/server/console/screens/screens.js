// @ts-check
// The screens, in the order of the tabs. `key` follows g on the keyboard.
import { info } from "../lib/state.js";
import { Accounts } from "./accounts.js";
import { Orders } from "./orders.js";
import { Requests } from "./requests.js";
import { Sandboxes } from "./sandboxes.js";
import { Scenario } from "./scenario.js";
import { ScriptAndFaults } from "./script.js";
import { Streams } from "./streams.js";
import { Verify } from "./verify.js";

export const SCREENS = [
  { name: "requests", title: "Requests", key: "r", about: "what clients asked, and why one was refused", view: Requests },
  { name: "accounts", title: "Accounts", key: "a", about: "cash, positions, orders and profit; steps that change them", view: Accounts },
  { name: "orders", title: "Orders", key: "o", about: "the order book of a market; place and cancel as an account", view: Orders },
  { name: "streams", title: "Streams", key: "s", about: "WebSocket connections, their frames and the ones that are missing", view: Streams },
  { name: "script", title: "Script, faults", key: "f", about: "what happens by itself, what is disturbed, and what has happened", view: ScriptAndFaults },
  { name: "scenario", title: "Scenario", key: "y", about: "the text that the sandbox was made from; change it and start anew", view: Scenario },
  { name: "verify", title: "Verify", key: "v", about: "reports of mockexchange verify", view: Verify },
  { name: "sandboxes", title: "Sandboxes", key: "x", about: "all sandboxes of this server: make, fork, reset, delete", view: Sandboxes },
];

/** The screens that have something for this token: reports are for those who see the whole server. */
export function offered() {
  return SCREENS.filter((one) => one.name !== "verify" || !info.value.sandbox);
}
