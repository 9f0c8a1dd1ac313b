// @ts-check
// The clock in the header: exchange time, and what moves it.
import { useEffect, useState } from "preact/hooks";
import { clock, moveClock, nowOf, readClock, setClock, toNextStep } from "../lib/clock.js";
import { epoch, listen, silentSince } from "../lib/feed.js";
import { html } from "../lib/html.js";
import { useKeys } from "../lib/keys.js";
import { place } from "../lib/router.js";
import { mayChange } from "../lib/state.js";
import { attempt, attemptRead, tell } from "./dialog.js";

const TICK_MS = 100;

export function ClockBar() {
  const name = place.value.sandbox;
  const [, tick] = useState(0);
  useEffect(() => {
    void attemptRead(() => readClock(name));
    return listen((events) => {
      for (const one of events) if (one.kind === "clock") setClock(one.data);
    });
  }, [name, epoch.value]);
  const isStill = clock.value.mode === "paused";
  const isSilent = silentSince.value !== "";
  useEffect(() => {
    if (isStill || isSilent) return undefined;
    const timer = setInterval(() => tick((count) => count + 1), TICK_MS);
    return () => clearInterval(timer);
  }, [isStill, isSilent]);
  const run = (/** @type {string} */ mode) => attempt(() => moveClock(name, { run: mode }));
  const advance = (/** @type {string} */ by) => attempt(() => moveClock(name, { advance: by }));
  const next = () => attempt(async () => {
    const step = await toNextStep(name);
    tell(step ? `${step} is carried out` : "the script has no step that waits for its time");
  });
  const pause = () => run(isStill ? "real" : "paused");
  useKeys(mayChange() ? [
    { keys: "space", label: "pause the clock, or let it run", run: pause },
    { keys: "n", label: "go to the next step of the script", run: next },
  ] : [], [name, isStill]);
  const now = nowOf(clock.value);
  return html`<div class="clock" role="group" aria-label="Exchange clock">
    <time title="exchange time" datetime=${now}>${now ? html`<span class="dim day">${now.slice(0, 10)} </span>${now.slice(11, 23)}` : "…"}</time>
    <span class=${`mode ${isStill ? "still" : ""}`}>${clock.value.mode}</span>
    ${mayChange() ? html`<span class="buttons">
      <button onClick=${pause} aria-label=${isStill ? "Run the clock in real time" : "Pause the clock"} title=${isStill ? "run (space)" : "pause (space)"}>${isStill ? "▶" : "❚❚"}</button>
      <button onClick=${() => advance("1s")} title="advance by a second">+1s</button>
      <button onClick=${() => advance("1m")} title="advance by a minute">+1m</button>
      <button onClick=${next} title="to the next step of the script (n)">next</button>
      <button onClick=${() => run("10x")} aria-pressed=${clock.value.mode === "10x"} title="ten times as fast">10x</button>
      <button onClick=${() => run("real")} aria-pressed=${clock.value.mode === "real"} title="the wall clock">real</button>
    </span>` : null}
  </div>`;
}
