// @ts-check
// The frame above every screen: sandbox, clock, connection, screens.
import { useEffect } from "preact/hooks";
import { live, silentSince } from "../lib/feed.js";
import { countOf } from "../lib/format.js";
import { html } from "../lib/html.js";
import { addressOf, go, place } from "../lib/router.js";
import { sandboxes, sandboxOf } from "../lib/state.js";
import { nextTheme, theme } from "../lib/theme.js";
import { offered } from "../screens/screens.js";
import { ClockBar } from "./clock_bar.js";
import { showHelp } from "./help.js";

const WORDS = /** @type {Record<string, string>} */ ({ live: "live", waiting: "connecting", paused: "paused" });

function Live() {
  const { state, rate, lost } = live.value;
  return html`<span class=${`live ${state}`} title="the event stream of this sandbox">
    <i aria-hidden="true"></i>${WORDS[state] ?? state}${rate ? ` ${countOf(rate)}/s` : ""}${lost ? html` <b class="bad">${countOf(lost)} lost</b>` : ""}</span>`;
}

/** @param {{screen: any}} props */
export function Header(props) {
  const { sandbox } = place.value;
  const shown = sandboxOf(sandbox);
  useEffect(() => document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" }), [props.screen]);
  const names = sandboxes.value.map((one) => one.id);
  if (!names.includes(sandbox)) names.push(sandbox);
  return html`<a class="skip" href="#main" onClick=${(/** @type {Event} */ event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>to the content</a>
  <header class="top">
    <div class="bar">
      <a class="brand" href=${addressOf({ screen: "requests", query: {} })}>mockexchange</a>
      <label class="sandbox"><span class="hidden">Sandbox</span>
        <select value=${sandbox} onChange=${(/** @type {any} */ event) => go({ sandbox: event.target.value, screen: props.screen.name })}>
          ${names.map((name) => html`<option value=${name} selected=${name === sandbox}>${name}</option>`)}</select></label>
      ${shown ? html`<span class="dim facts" title="scenario and API date">${shown.scenario} · ${shown.api_date}</span>` : null}
      ${shown ? html`<${ClockBar} />` : null}
      <span class="push"></span>${shown ? html`<${Live} />` : null}
      <button class="plain" onClick=${nextTheme} title=${`theme: ${theme.value}`} aria-label=${`Theme: ${theme.value}`}>${theme.value === "dark" ? "☾" : theme.value === "light" ? "☀" : "◐"}</button>
      <button class="plain" onClick=${showHelp} title="keys (?)" aria-label="Help and keys">?</button>
    </div>
    <nav aria-label="Screens">${offered().map((one) => html`<a href=${addressOf({ screen: one.name, query: {} })}
      aria-current=${one.name === props.screen.name ? "page" : undefined} title=${`g ${one.key}`} data-title=${one.title}>${one.title}</a>`)}</nav>
    ${silentSince.value ? html`<p class="broken" role="alert">✕ The server has not answered since ${silentSince.value}; this page tries again. What it shows is of before.</p>` : null}
    ${shown?.broken ? html`<p class="broken" role="alert">✕ ${shown.broken}</p>` : null}
  </header>`;
}
