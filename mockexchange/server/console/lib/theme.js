// @ts-check
// Light, dark, or as the system has it.
import { computed, signal } from "@preact/signals";

const KEPT = "mockexchange.theme";
export const theme = signal(localStorage.getItem(KEPT) ?? "auto");

const system = matchMedia("(prefers-color-scheme: dark)");
const isSystemDark = signal(system.matches);
system.addEventListener("change", () => { isSystemDark.value = system.matches; });

/** The theme that is seen; what is drawn with colours is drawn anew when it changes. */
export const seenTheme = computed(() => (theme.value === "auto" ? (isSystemDark.value ? "dark" : "light") : theme.value));

export function startTheme() {
  document.documentElement.dataset.theme = theme.value;
}

export function nextTheme() {
  const order = ["auto", "light", "dark"];
  theme.value = order[(order.indexOf(theme.value) + 1) % order.length];
  localStorage.setItem(KEPT, theme.value);
  startTheme();
}
