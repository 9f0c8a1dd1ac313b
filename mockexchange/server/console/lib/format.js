// @ts-check
// Texts of times, sizes, bodies and commands.

/** @param {string} instant */
export function timeOf(instant) {
  const [whole, fraction = ""] = instant.slice(11, -1).split(".");
  return `${whole}.${fraction.slice(0, 3).padEnd(3, "0")}`;
}

/** @param {number} micros */
export function latencyOf(micros) {
  if (micros < 1_000) return `${micros} µs`;
  return micros < 10_000_000 ? `${(micros / 1_000).toFixed(micros < 10_000 ? 1 : 0)} ms` : `${(micros / 1e6).toFixed(1)} s`;
}

/** @param {number} bytes */
export function sizeOf(bytes) {
  return bytes < 1_024 ? `${bytes} B` : bytes < 1_048_576 ? `${(bytes / 1_024).toFixed(1)} kB` : `${(bytes / 1_048_576).toFixed(1)} MB`;
}

/** How long something was not used. @param {number} micros */
export function idleOf(micros) {
  const seconds = Math.floor(micros / 1_000_000);
  if (seconds < 60) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3_600)} h`;
}

const GROUPED = new Intl.NumberFormat("en-US");

/** @param {number} count */
export function countOf(count) {
  return GROUPED.format(count);
}

/** A count with its noun: 1 request, 2 requests. @param {number} count @param {string} noun */
export function counted(count, noun) {
  return `${countOf(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** How many rows match, of how many that are kept, and how many there were since the start. @param {import("./rows.js").Listed} listed @param {string} noun */
export function scopeOf(listed, noun) {
  const { first, count, kept, matching, isRead } = listed;
  if (!isRead) return "…";
  const shown = matching < kept ? `${countOf(matching)} of ${counted(kept, noun)}` : counted(kept, noun);
  return first > 1 && count ? `${shown} kept · ${countOf(count)} since the start` : shown;
}

/** That no row is so. @param {import("./rows.js").Listed} listed @param {number} count of how many @param {string} noun @param {string} words */
export function noneOf(listed, count, noun, words) {
  return `no ${noun} ${words}, of ${counted(count, noun)}${listed.first > 1 ? "; earlier ones are not kept" : ""}`;
}

/** The words for a frame's gap; empty without one. @param {any} row */
export function gapOf(row) {
  if (!row.missing) return "";
  if (row.missing < 0) return `seq ${row.seq} came before`;
  return row.missing === 1 ? `seq ${row.seq - 1} is missing` : `seq ${row.seq - row.missing} to ${row.seq - 1} are missing`;
}

/**
 * Indent JSON without touching its numbers: digits stay as they were sent.
 * @param {string} text
 */
export function pretty(text) {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  let out = "";
  let depth = 0;
  for (let place = 0; place < text.length; place += 1) {
    const char = text[place];
    if (char === '"') {
      const end = endOfString(text, place);
      out += text.slice(place, end);
      place = end - 1;
    } else if (char === "{" || char === "[") {
      const next = text.slice(place + 1).match(/^\s*([}\]])/);
      if (next) {
        out += char + next[1];
        place += next[0].length;
      } else {
        depth += 1;
        out += `${char}\n${"  ".repeat(depth)}`;
      }
    } else if (char === "}" || char === "]") {
      depth -= 1;
      out += `\n${"  ".repeat(depth)}${char}`;
    } else if (char === ",") out += `,\n${"  ".repeat(depth)}`;
    else if (char === ":") out += ": ";
    else if (!/\s/.test(char)) out += char;
  }
  return out;
}

/** @param {string} text @param {number} start */
function endOfString(text, start) {
  for (let place = start + 1; place < text.length; place += 1) {
    if (text[place] === "\\") place += 1;
    else if (text[place] === '"') return place + 1;
  }
  return text.length;
}

/** @param {string} text */
export function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

const NOT_REPEATED = new Set(["host", "content-length", "connection", "accept-encoding"]);

/** @param {any} entry @param {string} origin */
export function curlOf(entry, origin) {
  const headers = entry.headers.filter((/** @type {string[]} */ one) => !NOT_REPEATED.has(one[0].toLowerCase()));
  const parts = ["curl", "-X", entry.method, quoted(origin + entry.target)];
  for (const [name, value] of headers) parts.push("\\\n  -H", quoted(`${name}: ${value}`));
  if (entry.body) parts.push("\\\n  --data-raw", quoted(entry.body));
  return parts.join(" ");
}

/** @param {any} entry */
export function callOf(entry) {
  const body = entry.body ? ` --json ${quoted(entry.body)}` : "";
  return `mockexchange call ${quoted(entry.account ?? "ACCOUNT")} ${entry.method} ${quoted(entry.target)}${body}`;
}

/** @param {any} entry */
export function pythonOf(entry) {
  const body = entry.body ? `, ${JSON.stringify(entry.body)}` : "";
  const args = [entry.account ?? "ACCOUNT", entry.method, entry.target].map((one) => JSON.stringify(one)).join(", ");
  return `import mockexchange\n\nwith mockexchange.connect() as exchange:\n    request = exchange.call(${args}${body})\n    print(request.status, request.answer)\n`;
}

/** The command that carries out a step, as YAML on one line. @param {string} kind @param {Record<string, any>} fields @param {string} sandbox */
export function doOf(kind, fields, sandbox) {
  const words = Object.entries(fields).map(([name, value]) => `${name}: ${isPlain(value) ? value : JSON.stringify(value)}`);
  return `mockexchange do ${quoted(`${kind}: {${words.join(", ")}}`)}${sandbox === "default" ? "" : ` --sandbox ${quoted(sandbox)}`}`;
}

/** Whether YAML reads a text as itself without quotes. @param {any} value */
function isPlain(value) {
  return typeof value === "string" && /^[A-Za-z0-9][\w.\/-]*$/.test(value);
}
