// @ts-check
// Frames by lane: a lane for each subscription of a stream, and one for what concerns the stream as a whole.

/** @typedef {{key: string, connection: number, sid: number | null, channel: string, label: string}} Lane */

/** @param {any} frame */
export function laneKeyOf(frame) {
  return frame.sid !== null ? `${frame.connection}/${frame.sid}` : frame.channel ? `${frame.connection}/${frame.channel}` : `${frame.connection}`;
}

/**
 * The lanes of frames: the newest stream first, its own lane before those of its subscriptions.
 * @param {any[]} frames
 * @returns {Lane[]}
 */
export function lanesOf(frames) {
  /** @type {Map<string, Lane>} */
  const lanes = new Map();
  for (const frame of frames) {
    const key = laneKeyOf(frame);
    const known = lanes.get(key);
    if (!known) lanes.set(key, { key, connection: frame.connection, sid: frame.sid, channel: frame.channel, label: "" });
    else if (!known.channel && frame.channel) known.channel = frame.channel;
  }
  const sorted = [...lanes.values()].sort((a, b) => b.connection - a.connection || rankOf(a) - rankOf(b) || a.channel.localeCompare(b.channel));
  for (const lane of sorted) {
    const isWhole = lane.key === String(lane.connection);
    lane.label = isWhole ? `stream ${lane.connection}` : `${lane.sid === null ? "" : `sid ${lane.sid} `}${lane.channel}`;
  }
  return sorted;
}

/** @param {Lane} lane */
function rankOf(lane) {
  return lane.key === String(lane.connection) ? -1 : lane.sid ?? Number.MAX_SAFE_INTEGER;
}
