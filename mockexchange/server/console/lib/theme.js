// @ts-check
// Light, dark, or as the system has it.
import { signal } from "@preact/signals";

const KEPT = "mockexchange.theme";
export const theme = signal(localStorage.getItem(KEPT) ?? "auto");

export function startTheme() {
  document.documentElement.dataset.theme = theme.value;
}

export function nextTheme() {
  const order = ["auto", "light", "dark"];
  theme.value = order[(order.indexOf(theme.value) + 1) % order.length];
  localStorage.setItem(KEPT, theme.value);
  startTheme();
}
