// @ts-check
// Templates: htm bound to Preact. Values are text nodes, never markup.
import htm from "htm";
import { h } from "preact";

export const html = htm.bind(h);
