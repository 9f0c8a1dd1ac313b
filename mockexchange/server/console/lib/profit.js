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
  if (Math.abs(amount) < 0.00005) return "0.00";
  return (amount < 0 ? "−" : "") + Math.abs(amount).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 4 });
}
