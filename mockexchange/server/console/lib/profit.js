// @ts-check
// Profit of positions at their last price, for people to look at; exact amounts are in the rows.

/** @param {any} row @returns {number | null} */
export function profitOf(row) {
  if ("size" in row) return Number(row.total);
  const quantity = Number(row.quantity);
  const closed = Number(row.realized) - Number(row.fees);
  if (row.price === null || !quantity) return closed;
  const price = quantity > 0 ? Number(row.price) : 1 - Number(row.price);
  return closed + Math.abs(quantity) * price - Number(row.cost);
}

/** The sums by currency. @param {any[]} rows */
export function sumsOf(rows) {
  /** @type {Record<string, {currency: string, profit: number, realized: number, fees: number}>} */
  const sums = {};
  for (const row of rows) {
    const currency = row.currency ?? "USD";
    sums[currency] ??= { currency, profit: 0, realized: 0, fees: 0 };
    sums[currency].profit += profitOf(row) ?? 0;
    sums[currency].realized += Number(row.realized ?? 0);
    sums[currency].fees += Number(row.fees ?? 0);
  }
  return Object.values(sums);
}

/** @param {number} amount */
export function money(amount) {
  if (Math.abs(amount) < 0.00005) return "0.0000";
  return (amount < 0 ? "-" : "") + Math.abs(amount).toLocaleString("en-US", { minimumFractionDigits: 4, maximumFractionDigits: 4 });
}

const LONG_WAIT = 0.8;

/** Whether most of the time between the first change and the last is one wait. @param {number[]} times */
export function hasLongWait(times) {
  const waits = times.slice(1).map((at, place) => at - times[place]);
  return times.length > 3 && Math.max(...waits) > LONG_WAIT * (times[times.length - 1] - times[0]);
}

/** The instant at a place between two changes, which are counted from 0. @param {number[]} times @param {number} place */
export function instantAt(times, place) {
  const low = Math.max(0, Math.min(times.length - 1, Math.floor(place)));
  const high = Math.min(times.length - 1, low + 1);
  return times[low] + (times[high] - times[low]) * Math.max(0, Math.min(1, place - low));
}

/** The place of an instant; not a number if it is before the first change or after the last. @param {number[]} times @param {number} at */
export function placeOf(times, at) {
  const high = times.findIndex((one) => one >= at);
  if (high < 0 || !(at >= times[0])) return Number.NaN;
  return high === 0 || times[high] === at ? high : high - 1 + (at - times[high - 1]) / (times[high] - times[high - 1]);
}

/**
 * Fills, the oldest first, with the position after each: counted back from what is held now, or was when it settled.
 * @param {any[]} fills
 * @param {any[]} positions
 * @param {any[]} settlements
 */
export function withPositions(fills, positions, settlements) {
  const keyOf = (/** @type {any} */ row) => `${row.book} ${row.instrument}`;
  /** In hundredths. @type {Map<string, number>} */
  const held = new Map();
  for (const row of positions) held.set(keyOf(row), hundredths(row.quantity));
  for (const row of settlements) held.set(keyOf(row), hundredths(row.held));
  return [...fills].reverse().map((row) => {
    const now = held.get(keyOf(row));
    if (now === undefined || !("side" in row)) return row;
    held.set(keyOf(row), now - ((row.side === "yes") === (row.action === "buy") ? 1 : -1) * hundredths(row.count));
    const { side, action, count, ...rest } = row;
    return { side, action, count, "position after": (now / 100).toFixed(2), ...rest };
  }).reverse();
}

/** @param {string | undefined} text */
function hundredths(text) {
  return Math.round(Number(text ?? 0) * 100);
}
