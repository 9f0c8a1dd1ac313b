// Prints a line a position: npm start, or node positions.mjs

import { portfolioOf, positions, settings } from "./account.mjs";

try {
  for await (const row of positions(portfolioOf(settings()))) {
    console.log(`${row.ticker} ${row.position_fp} ${row.market_exposure_dollars}`);
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
