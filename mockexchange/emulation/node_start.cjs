// Loaded first by Node children of `mockexchange run` (NODE_OPTIONS=--require): the guard, for Node.
//
// Every connection of Node's, whatever library makes it, goes through net.Socket.prototype.connect. There a real host is
// refused and told to the parent, and an emulated one becomes our port, also where a library knows nothing of proxies.
// It runs in whatever Node the child is, so it needs no package and nothing newer than Node 16.
"use strict";

const fs = require("node:fs");
const net = require("node:net");
const tls = require("node:tls");
const workers = require("node:worker_threads");
const { domainToASCII } = require("node:url");
const { syncBuiltinESMExports } = require("node:module");

const settings = JSON.parse(process.env.MOCKEXCHANGE_RUN_CHILD);
const emulated = new Set(settings.names);

function isBelow(name, domains) {
  return domains.some((domain) => name === domain || name.endsWith("." + domain));
}

// A name as resolvers map it: fullwidth letters, other dots and soft hyphens are spellings of the same host.
function spelt(host) {
  const name = String(host || "");
  return (domainToASCII(name.replace(/[.\u3002\uff0e\uff61]+$/, "")) || name).toLowerCase().replace(/\.+$/, "");
}

function placeOf(name) {
  for (const [venue, { domains, demo_domains: demos }] of Object.entries(settings.venues)) {
    if (isBelow(name, demos)) return { venue, kind: "demo" };
    if (isBelow(name, domains)) return { venue, kind: "production" };
  }
  return null;
}

function tell(kind, words) {
  fs.appendFileSync(settings.report, JSON.stringify({ kind, pid: process.pid, words }) + "\n");
}

// The whole stack: between a program and its socket there are often more frames than Node shows.
function wholeStack() {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  const { stack } = new Error();
  Error.stackTraceLimit = before;
  return stack;
}

// The program's own line, for the message: the first of the stack that is neither Node's nor a package's.
function placeInProgram(stack) {
  for (const line of stack.split("\n").slice(1)) {
    const found = /\(?((?:file:\/\/)?[^()]+):(\d+):\d+\)?$/.exec(line.trim().replace(/^at /, ""));
    if (found && !/node:|node_modules|node_start\.cjs/.test(found[1])) {
      return found[1].split(/[\\/]/).slice(-2).join("/") + ":" + found[2];
    }
  }
  return "";
}

// The client that is on the stack.
function clientOf(stack) {
  const steps = stack.replace(/\\/g, "/");
  return settings.packages.find(({ folder }) => steps.includes(`node_modules/${folder}/`)) || null;
}

// The only one that is loaded. Promises cut stacks, so it may have been that one.
function onlyLoaded() {
  const files = Object.keys(require.cache).map((file) => file.replace(/\\/g, "/"));
  const loaded = settings.packages.filter(({ folder }) =>
    files.some((file) => file.includes(`node_modules/${folder}/`)),
  );
  return loaded.length === 1 ? loaded[0] : null;
}

function unknownAdvice(kind) {
  const loaded = onlyLoaded();
  return settings.advice[kind] + (loaded ? `; dialled perhaps for ${loaded.client}, which is loaded: ${loaded.advice}` : "");
}

function refuse(name, port, place) {
  const stack = wholeStack();
  const known = clientOf(stack);
  const advice = known ? known.advice : unknownAdvice(place.kind);
  const dial = { host: name, port: port || null, client: known ? known.client : null, advice, place: placeInProgram(stack) };
  tell("dial", { ...place, ...dial });
  const where = dial.place ? ` (${dial.place})` : "";
  const error = new Error(`RealVenueReached: ${name}:${port}; ${advice}${where}`);
  error.code = "REAL_VENUE_REACHED";
  return error;
}

// What was given is connect(options) or connect(port, host).
function optionsOf(given) {
  if (given[0] !== null && typeof given[0] === "object") return given[0];
  return { port: given[0], host: typeof given[1] === "string" ? given[1] : undefined };
}

// Sockets whose dial was refused: it is told once.
const refusedSockets = new WeakSet();
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function guarded(...values) {
  const given = Array.isArray(values[0]) ? values[0] : values; // net.connect hands on a list
  const options = optionsOf(given);
  // By address, TLS still names the host.
  const names = [spelt(options.host || options.hostname), spelt(options.servername)];
  const name = names.find((one) => placeOf(one) !== null) || names[0];
  const place = placeOf(name);
  if (place === null) return connect.apply(this, values);
  if (emulated.has(name)) {
    const listener = given.find((value) => typeof value === "function");
    const here = { ...options, host: "127.0.0.1", port: settings.port };
    return connect.call(this, here, ...(listener ? [listener] : []));
  }
  const error = refuse(name, Number(options.port), place);
  refusedSockets.add(this);
  process.nextTick(() => this.destroy(error));
  return this;
};

// A TLS socket that a program makes itself learns the host's name here, and sends it when it greets.
const { setServername } = tls.TLSSocket.prototype;
tls.TLSSocket.prototype.setServername = function guarded(host) {
  const name = spelt(host);
  const place = placeOf(name);
  if (place === null || emulated.has(name)) return setServername.call(this, host);
  if (!refusedSockets.has(this)) this.destroy(refuse(name, null, place));
};

// TLS over a socket that is connected already: to an address, or through a proxy that is not ours.
const tlsConnect = tls.connect;
tls.connect = function guarded(...given) {
  const options = given.find((value) => value !== null && typeof value === "object") || {};
  const name = spelt(options.servername || options.host);
  const place = options.socket ? placeOf(name) : null;
  if (place === null || emulated.has(name)) return tlsConnect.apply(this, given);
  const error = refuse(name, Number(options.port), place);
  const refused = new tls.TLSSocket(new net.Socket());
  options.socket.destroy();
  process.nextTick(() => refused.destroy(error));
  return refused;
};

// A worker with an environment of its own would start without this file.
const { NODE_OPTIONS, MOCKEXCHANGE_RUN_CHILD } = process.env;
workers.Worker = class Worker extends workers.Worker {
  constructor(file, options = {}) {
    const isOwn = options.env !== null && typeof options.env === "object";
    super(file, isOwn ? { ...options, env: { ...options.env, NODE_OPTIONS, MOCKEXCHANGE_RUN_CHILD } } : options);
  }
};
syncBuiltinESMExports();

tell("node", {});
