// @ts-check
// The keyboard: one map of keys to actions. None acts in a field, and all can be switched off (WCAG 2.1.4).
import { signal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";

const OFF = "mockexchange.keys";

/** @typedef {{keys: string, label: string, run: () => void}} Binding */

/** @type {Map<string, Binding>} */
const bindings = new Map();
let first = "";
export const areOn = signal(localStorage.getItem(OFF) !== "off");

/** @param {boolean} isOn */
export function switchKeys(isOn) {
  areOn.value = isOn;
  localStorage.setItem(OFF, isOn ? "on" : "off");
}

/**
 * Bind keys while a view is shown. A key acts on what is on the screen: bindings change with it, not a frame later.
 * @param {Binding[]} added
 * @param {any[]} inputs what the bindings depend on
 */
export function useKeys(added, inputs) {
  useLayoutEffect(() => bind(added), inputs);
}

/** Bind keys until the returned function is called. @param {Binding[]} added */
function bind(added) {
  for (const one of added) bindings.set(one.keys, one);
  return () => {
    for (const one of added) if (bindings.get(one.keys) === one) bindings.delete(one.keys);
  };
}

export function bound() {
  return [...bindings.values()];
}

addEventListener("keydown", (event) => {
  if (!areOn.value || event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
  if (document.querySelector("dialog[open]")) return; // Escape closes it by itself
  const keys = first ? `${first} ${event.key}` : event.key === " " ? "space" : event.key;
  first = "";
  if (keys === "g") {
    first = "g";
    return;
  }
  if (keys === "space" && event.target instanceof HTMLElement && event.target.closest("button, a, summary")) return;
  if (keys === "Enter" && event.target instanceof HTMLElement && event.target.closest("button, a, summary")) return;
  const found = bindings.get(keys);
  if (found) {
    event.preventDefault();
    found.run();
  }
});

/** @param {EventTarget | null} target */
function isField(target) {
  return target instanceof HTMLElement && Boolean(target.closest("input:not([type=checkbox]), textarea, select"));
}
