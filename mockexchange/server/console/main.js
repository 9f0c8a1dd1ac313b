// @ts-check
// The console: the token, the frame around the screens, and the screen that the address names.
import { signal } from "@preact/signals";
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { hasKept, isLink, keepToken, onForgotten, openLink } from "./lib/api.js";
import { epoch, listen, stopWatching, watch } from "./lib/feed.js";
import { html } from "./lib/html.js";
import { useKeys } from "./lib/keys.js";
import { go, isNamed, place } from "./lib/router.js";
import { hasToken, info, mayMake, readAccounts, readSandboxes, readServer, sandboxes, sandboxOf } from "./lib/state.js";
import { startTheme } from "./lib/theme.js";
import { attempt, attemptRead, close, Dialog, Note, tell, wordsOf } from "./parts/dialog.js";
import { Header } from "./parts/header.js";
import { showHelp } from "./parts/help.js";
import { showMake } from "./parts/make_form.js";
import { offered, SCREENS } from "./screens/screens.js";

/** Whether the server did not take the token that this tab had. */
const wasRefused = signal(false);
/** Why the link that was opened gave no token; empty if it did. */
const linkProblem = signal("");
const isOpening = signal(false);
startTheme();
if (isLink()) void followLink();
else hasToken.value = hasKept();
onForgotten(() => {
  stopWatching();
  linkProblem.value = "";
  wasRefused.value = true;
  hasToken.value = false;
});

/** Exchange the code of the link. A tab that has a token already goes on with it if the code is spent. */
async function followLink() {
  isOpening.value = true;
  linkProblem.value = "";
  try {
    await openLink();
    stopWatching(); // as another token, maybe
  } catch (error) {
    linkProblem.value = wordsOf(error);
    if (hasKept()) tell(`${linkProblem.value}. This tab goes on with the token that it has.`, true);
  }
  isOpening.value = false;
  hasToken.value = hasKept();
}

/** Asks for the token: the address had no code or a spent one, or the server has another token now. */
function TokenForm() {
  const send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    keepToken(String(new FormData(form).get("token")).trim());
    const isGood = await attempt(async () => {
      await readServer();
      return true;
    });
    if (isGood) hasToken.value = true;
  };
  return html`<main class="welcome"><h1>mockexchange console</h1>
    ${linkProblem.value ? html`<p class="bad" role="alert">✕ ${linkProblem.value}</p>` : wasRefused.value ? html`<p class="bad" role="alert">✕ The server does not take the token that this tab had. If it was started anew, it has another one.</p>` : null}
    <p>This page needs the token of the control API. The shortest way is the terminal:</p>
    <pre>mockexchange console</pre>
    <form onSubmit=${send}><label>Token <input name="token" type="password" autocomplete="off" required autofocus /></label>
      <button class="primary">Open</button></form>
    <p class="dim">It is in the ready file as <code>control_token</code>, or what MOCKEXCHANGE_TOKEN was, or one that you were given. This tab keeps it until it is closed.</p>
    <${Note} /></main>`;
}

function Console() {
  useEffect(() => {
    void attempt(async () => {
      await readServer();
      if (info.value.sandbox && !isNamed()) go({ sandbox: info.value.sandbox, screen: place.value.screen });
    });
  }, []);
  return info.value ? html`<${Frame} />` : html`<main class="welcome"><p>Reading …</p><${Note} /></main>`;
}

/** The header, and the screen of a sandbox that there is and that the token sees. */
function Frame() {
  const { sandbox, screen } = place.value;
  const isKnown = Boolean(sandboxOf(sandbox));
  useEffect(() => {
    if (isKnown) watch(sandbox);
    else {
      stopWatching();
      void attempt(readSandboxes); // it may be new
    }
  }, [sandbox, isKnown]);
  useEffect(() => {
    if (!isKnown) return undefined;
    void attemptRead(() => readAccounts(sandbox));
    return listen((events) => {
      if (events.some((one) => one.kind === "command" && /Account|Key|OpenBook/.test(one.data.command))) {
        void attemptRead(() => readAccounts(sandbox));
      }
    });
  }, [sandbox, isKnown, epoch.value]);
  useEffect(() => {
    if (epoch.value > 1) void attempt(readServer);
  }, [epoch.value]);
  useKeys([
    { keys: "?", label: "this list", run: showHelp },
    { keys: "/", label: "to the filter", run: () => document.querySelector(/** @type {any} */ ("[data-filter]"))?.focus() },
    ...offered().map((one) => ({ keys: `g ${one.key}`, label: one.title, run: () => go({ screen: one.name }) })),
  ], []);
  const shown = SCREENS.find((one) => one.name === screen) ?? SCREENS[0];
  useEffect(() => {
    document.title = `${shown.title} · ${sandbox} · mockexchange`;
  }, [shown, sandbox]);
  return html`<${Header} screen=${shown} />
    <main id="main" class=${`screen ${shown.name}`} tabindex="-1">
      <h1 class="hidden">${shown.title}</h1>
      ${isKnown || shown.name === "sandboxes" ? html`<${shown.view} key=${`${sandbox} ${shown.name}`} />` : html`<${UnknownSandbox} name=${sandbox} />`}
    </main><${Dialog} /><${Note} />`;
}

/** @param {{name: string}} props */
function UnknownSandbox(props) {
  const own = info.value.sandbox;
  if (own && own !== props.name) return html`<div class="empty"><h2>This token is for the sandbox “${own}” alone</h2><p><a href=${`#/s/${encodeURIComponent(own)}/requests`}>Open it</a></p></div>`;
  if (own) return html`<div class="empty"><h2>There is no sandbox “${own}” yet</h2><p>It is the one that this token is for.</p>${mayMake() ? html`<p><button class="primary" onClick=${showMake}>make it …</button></p>` : null}</div>`;
  return html`<div class="empty"><h2>There is no sandbox “${props.name}”</h2>
    <p>It was deleted, or the link is from another server. Here are:</p>
    <ul>${sandboxes.value.map((one) => html`<li><a href=${`#/s/${encodeURIComponent(one.id)}/requests`}>${one.id}</a></li>`)}</ul></div>`;
}

function App() {
  if (isOpening.value) return html`<main class="welcome"><p>Reading …</p></main>`;
  return hasToken.value ? html`<${Console} />` : html`<${TokenForm} />`;
}

addEventListener("hashchange", () => {
  close();
  if (isLink()) void followLink().then(() => dispatchEvent(new HashChangeEvent("hashchange")));
});

render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
