// @ts-check
// The filter line: words, and terms such as account:alice or is:refused, all of which have to match.

/** @typedef {{key: string, value: string, isNot: boolean}} Term */

const KEYS = ["account", "op", "status", "method", "venue", "channel", "kind", "conn", "stream", "sid", "stub", "fault", "is", "body", "dir", "n"];

/**
 * @param {string} text
 * @returns {Term[]}
 */
export function parseFilter(text) {
  const words = text.match(/-?[a-z]+:"[^"]*"|"[^"]*"|\S+/gi) ?? [];
  return words.map((word) => {
    const isNot = word.startsWith("-") && word.length > 1;
    const bare = isNot ? word.slice(1) : word;
    const colon = bare.indexOf(":");
    const key = colon > 0 ? bare.slice(0, colon).toLowerCase() : "";
    const isKey = KEYS.includes(key);
    const value = (isKey ? bare.slice(colon + 1) : bare).replace(/^"|"$/g, "").toLowerCase();
    return { key: isKey ? key : "", value, isNot };
  });
}

/** @param {any} row */
export function isRefused(row) {
  return row.status >= 400 || row.status === 0;
}

/** @type {Record<string, (row: any, value: string) => boolean>} */
const TESTS = {
  account: (row, value) => same(row.account, value),
  op: (row, value) => has(row.operation, value),
  status: (row, value) => (value.endsWith("xx") ? String(row.status)[0] === value[0] : String(row.status) === value),
  method: (row, value) => same(row.method, value),
  venue: (row, value) => same(row.venue, value),
  channel: (row, value) => same(row.channel, value),
  kind: (row, value) => same(row.kind, value),
  dir: (row, value) => same(row.direction, value),
  conn: (row, value) => String(row.connection) === value,
  stream: (row, value) => String(row.connection) === value,
  sid: (row, value) => String(row.sid) === value,
  stub: (row, value) => has(row.stub, value),
  fault: (row, value) => has(row.fault, value),
  body: () => true, // the server searches bodies
  n: (row, value) => inRange(row.number, value),
  is: (row, value) =>
    value === "refused" ? isRefused(row) : value === "gap" ? Boolean(row.missing) : value === "finding" ? Boolean(row.findings?.length) : Boolean(row[value]),
};

/**
 * @param {any} row
 * @param {Term[]} terms
 */
export function matches(row, terms) {
  return terms.every((term) => {
    const found = term.key ? TESTS[term.key](row, term.value) : hasWord(row, term.value);
    return found !== term.isNot;
  });
}

/** Whether a number is that one, or within bounds such as 3-9, -9 or 3-. @param {number} number @param {string} value */
function inRange(number, value) {
  const [, low, dash, high] = value.match(/^(\d*)(-?)(\d*)$/) ?? [];
  if (low === undefined) return false;
  return dash ? number >= Number(low) && (high === "" || number <= Number(high)) : number === Number(low);
}

/** @param {any} row @param {string} value */
function hasWord(row, value) {
  return [row.target, row.operation, row.account, row.diagnosis, row.refusal, row.kind, row.channel, row.note, row.name]
    .some((text) => has(text, value));
}

/** @param {unknown} text @param {string} value */
function has(text, value) {
  return typeof text === "string" && text.toLowerCase().includes(value);
}

/** @param {unknown} text @param {string} value */
function same(text, value) {
  return typeof text === "string" && text.toLowerCase() === value;
}
