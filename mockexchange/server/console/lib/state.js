// @ts-check
// What all screens share: the server's description, its sandboxes, and the accounts of the chosen one.
import { signal } from "@preact/signals";
import { ask, sandboxPath } from "./api.js";

/** @type {import("@preact/signals").Signal<any>} */
export const info = signal(null);
/** @type {import("@preact/signals").Signal<any[]>} */
export const sandboxes = signal([]);
/** @type {import("@preact/signals").Signal<any[]>} */
export const accounts = signal([]);
export const hasToken = signal(false);

/** Whether the role of this token changes anything: what a viewer may not do is not offered. */
export function mayChange() {
  return info.value?.role !== "viewer";
}

/** Whether it may make a sandbox: one of any name, or its own if that is not there. */
export function mayMake() {
  const own = info.value?.sandbox;
  return mayChange() && !(own && sandboxOf(own));
}

export async function readServer() {
  [info.value, sandboxes.value] = await Promise.all([ask("GET", "/info"), ask("GET", "/sandboxes")]);
}

export async function readSandboxes() {
  sandboxes.value = await ask("GET", "/sandboxes");
}

/** @param {string} name */
export async function readAccounts(name) {
  accounts.value = await ask("GET", `${sandboxPath(name)}/accounts`);
}

/** @param {string} name */
export function sandboxOf(name) {
  return sandboxes.value.find((one) => one.id === name);
}

/** @param {string} name */
export function originOf(name) {
  const found = sandboxOf(name);
  return found ? new URL(found.base_url).origin : location.origin;
}
