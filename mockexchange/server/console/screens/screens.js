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
  { name: "requests", title: "Requests", key: "r", view: Requests },
  { name: "accounts", title: "Accounts", key: "a", view: Accounts },
  { name: "orders", title: "Orders", key: "o", view: Orders },
  { name: "streams", title: "Streams", key: "s", view: Streams },
  { name: "script", title: "Script, faults", key: "f", view: ScriptAndFaults },
  { name: "scenario", title: "Scenario", key: "y", view: Scenario },
  { name: "verify", title: "Verify", key: "v", view: Verify },
  { name: "sandboxes", title: "Sandboxes", key: "x", view: Sandboxes },
];

/** The screens that have something for this token: reports are for those who see the whole server. */
export function offered() {
  return SCREENS.filter((one) => one.name !== "verify" || !info.value.sandbox);
}
