// @ts-check
// The instant of exchange time that the plot and the timeline point at, in microseconds; null for none.
import { signal } from "@preact/signals";

/** @type {import("@preact/signals").Signal<number | null>} */
export const pointed = signal(null);
