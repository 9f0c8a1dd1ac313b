// @ts-check
// Texts to begin with, for what is added as JSON: steps of the script, faults and stubs.

/** @param {any} value */
function text(value) {
  return JSON.stringify(value, null, 2);
}

export const EXAMPLES = {
  steps: () => ({
    "a message": text({ after: "5s", announce: { message: "Hello." } }),
    "settle a market": text({ after: "1h", settle: { market: "KXRAINNYC-25NOV05-T1", result: "yes" } }),
    "when a client subscribes": text({ when: { subscribed: { channel: "fill" } }, after: "1s", announce: { message: "Hello." } }),
  }),
  faults: () => ({
    "the next request fails": text({ name: "once", times: 1, then: { status: 503 } }),
    "the third of an operation fails": text({ name: "third", match: { operation: "GetPositions", nth: 3 }, then: { status: 503 } }),
    "slow answers": text({ name: "slow", match: { account: "alice" }, then: { delay: "2s" } }),
    "a cut connection": text({ name: "cut", match: { probability: 0.1 }, then: { reset: true } }),
    "a frame that is missing": text({ name: "hole", match: { channel: "orderbook_delta", nth: 2 }, then: { gap: true } }),
    "frames in another order": text({ name: "swapped", match: { channel: "fill", every: 5 }, then: { reorder: true } }),
    "a stream that closes": text({ name: "closed", times: 1, then: { close: 1011 } }),
  }),
  stubs: () => ({
    "an answer as JSON": text({ request: "GET /trade-api/v2/milestones", json: { milestones: [], cursor: "" } }),
    "an error, once": text({ request: "POST /trade-api/v2/portfolio/orders", status: 503, times: 1, text: "" }),
  }),
};
