// @ts-check
// The rows of a list that match a filter, newest first, page by page. The server filters and counts them: over all that
// it keeps, whatever the page has read.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { ask } from "./api.js";
import { epoch, listen } from "./feed.js";
import { countOf } from "./format.js";

const PAGE_ROWS = 200;
const ROWS_MAX = 10_000;
/** How long a filter rests before it is asked for, and the least time between two questions about new rows. */
const REST_MS = 150;

/**
 * `count` is of all since the start, `kept` of all that the server keeps, `matching` of those that match the filter;
 * `counts` has what else a page counts. `isRead`: whether all this is of the filter that the screen has now.
 * @typedef {{rows: any[], first: number, count: number, kept: number, matching: number, counts: Record<string, any>, isRead: boolean, problem: string}} Listed
 */

/** @type {Listed} */
const NOTHING = { rows: [], first: 1, count: 0, kept: 0, matching: 0, counts: {}, isRead: false, problem: "" };

/** One list of one filter: asks for its pages one after the other, and for new rows when an event tells of them. */
class Reader {
  /** @param {string} path @param {"journal" | "frames"} what @param {string} filter @param {string} group @param {any} listed */
  constructor(path, what, filter, group, listed) {
    this.address = `${path}/${what}?short=true&filter=${encodeURIComponent(filter)}${group ? `&group=${group}` : ""}`;
    this.what = what === "journal" ? "entries" : "frames";
    this.listed = listed;
    this.isGone = false;
    /** The newest number that is shown; Infinity unless the list is held still. */
    this.ceiling = Infinity;
    this.isStarted = false;
    /** The lowest number of an event since the last question; Infinity without one. */
    this.told = Infinity;
    this.timer = 0;
    /** The questions of this list, one after the other. @type {Promise<void>} */
    this.queue = Promise.resolve();
  }

  /** Ask a question after those before it. @param {() => Promise<void>} question */
  then(question) {
    this.queue = this.queue.then(async () => {
      try {
        if (!this.isGone) await question();
      } catch (error) {
        if (!this.isGone) this.listed.value = { ...this.listed.value, rows: [], isRead: false, problem: /** @type {Error} */ (error).message };
      }
    });
    return this.queue;
  }

  /** @param {string} range */
  async page(range) {
    const until = this.ceiling < Infinity && !range.includes("before=") ? `&before=${this.ceiling + 1}` : "";
    const page = await ask("GET", `${this.address}&${range}${until}`);
    return { ...page, rows: page[this.what].reverse() };
  }

  /** @param {any} page @param {any[]} rows */
  show(page, rows) {
    if (this.isGone) return;
    const { first, count, kept, matching } = page;
    const known = rows.filter((row) => row.number >= first).slice(0, ROWS_MAX); // others were cleared
    this.listed.value = { rows: known, first, count, kept, matching, counts: page, isRead: true, problem: "" };
  }

  start() {
    return this.then(() => this.newest());
  }

  async newest() {
    const page = await this.page(`last=${PAGE_ROWS}`);
    this.isStarted = true;
    this.show(page, page.rows);
  }

  /** Ask for the rows that events told of, soon; after an answer that took long, less soon. @param {number} number */
  tell(number) {
    this.told = Math.min(this.told, number);
    if (!this.timer && this.ceiling === Infinity) this.later(0);
  }

  /** @param {number} wait */
  later(wait) {
    this.timer = window.setTimeout(async () => {
      const began = performance.now();
      await this.then(() => this.fresh());
      this.timer = 0;
      if (this.told < Infinity && !this.isGone && this.ceiling === Infinity) this.later(Math.max(REST_MS, performance.now() - began));
    }, wait);
  }

  async fresh() {
    if (!this.isStarted || this.ceiling < Infinity) return; // the first page will have them, or they come when the list is released
    const known = this.listed.value.rows;
    const after = Math.min(this.told - 1, known[0]?.number ?? 0);
    this.told = Infinity;
    const page = await this.page(`after=${after}&last=${ROWS_MAX}`);
    this.show(page, [...page.rows, ...known.filter((/** @type {any} */ row) => row.number <= after)]);
  }

  /** Read older rows, down to a number, or another page of them. @param {number} [number] */
  older(number) {
    return this.then(async () => {
      const { rows, matching } = this.listed.value;
      const oldest = rows[rows.length - 1]?.number ?? 0;
      if (rows.length >= Math.min(matching, ROWS_MAX) || (number !== undefined && number >= oldest)) return;
      const page = await this.page(`before=${oldest}&${number === undefined ? `last=${PAGE_ROWS}` : `after=${number - 1}`}`);
      this.show(page, [...rows, ...page.rows]);
    });
  }

  /** Show nothing newer than a number, or with Infinity all again. @param {number} ceiling */
  hold(ceiling) {
    const before = this.ceiling;
    this.ceiling = ceiling;
    if (before < ceiling) this.tell(before + 1);
  }

  end() {
    this.isGone = true;
    clearTimeout(this.timer);
  }
}

/**
 * The rows of a sandbox's journal or frames that match a filter. `isHeld` keeps the list still; with
 * `isOff` nothing is asked for.
 * @param {string} path @param {"journal" | "frames"} what @param {string} filter @param {{group?: string, isHeld?: boolean, isOff?: boolean}} [given]
 */
export function useRows(path, what, filter, given = {}) {
  const listed = useSignal(NOTHING);
  const place = useRef("");
  const reader = /** @type {{current: Reader | null}} */ (useRef(null));
  const group = given.group ?? "";
  const ceiling = useRef(Infinity);
  useEffect(() => {
    const here = `${path} ${epoch.value}`;
    const isRefined = place.current === here;
    place.current = here;
    listed.value = isRefined ? { ...listed.value, rows: [], isRead: false } : NOTHING;
    const one = new Reader(path, what, filter, group, listed);
    one.ceiling = ceiling.current;
    reader.current = one;
    if (given.isOff) return undefined;
    const kind = what === "journal" ? "request" : "frame";
    const stop = listen((events) => {
      const numbers = events.filter((event) => event.kind === kind).map((event) => event.data.number);
      if (numbers.length) one.tell(Math.min(...numbers));
    });
    const timer = setTimeout(() => one.start(), isRefined ? REST_MS : 0);
    return () => {
      one.end();
      clearTimeout(timer);
      stop();
    };
  }, [path, what, filter, group, epoch.value, given.isOff]);
  useEffect(() => {
    ceiling.current = given.isHeld ? listed.value.count : Infinity;
    reader.current?.hold(ceiling.current);
  }, [given.isHeld]);
  return { listed, older: (/** @type {number} */ number) => reader.current?.older(number), more: () => reader.current?.older(), again: () => reader.current?.start() };
}

/**
 * Ask for the newest row that matches both filters, and how many of all that are kept match the first.
 * @param {string} path @param {"journal" | "frames"} what @param {string} filter @param {string} term
 */
export async function newestOf(path, what, filter, term) {
  const page = await ask("GET", `${path}/${what}?short=true&last=1&filter=${encodeURIComponent(`${filter} ${term}`.trim())}`);
  return { row: page[what === "journal" ? "entries" : "frames"][0], page };
}

/** One of the counts of all rows that are kept; dots while it is not known. @param {Listed} listed @param {string} name */
export function countsOf(listed, name) {
  return name in listed.counts ? countOf(listed.counts[name]) : "…";
}

/** Whether a request was refused, or cut off before its answer. @param {any} row */
export function isRefused(row) {
  return row.status >= 400 || row.status === 0;
}
