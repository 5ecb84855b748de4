'use strict';
// One invocation after another: loads the handler, calls it, says how it ended. Time is asked for when nothing but
// timers is left; whatever kills the process is told first, in words.
const { randomBytes } = require('node:crypto');
const Module = require('node:module');
const { inspect } = require('node:util');
const places = require('./places.cjs');
const runtime = require('./runtime.cjs');
const time = require('./time.cjs');
const transport = require('./transport.cjs');
const wire = require('./wire.cjs');
const work = require('./work.cjs');

/** Forge's limit on what a function may answer. */
const ANSWER_BYTES = 5 * 1024 * 1024;
const LOG_LINES = 500;
const LOG_CHARS = 4_000;
/** How long, in real time, answers to calls that nobody waits for are awaited after the handler has returned. */
const DRAIN_MS = 2_000;

let app;
let bundle;
let current;
let logs = [];
let flush = () => {};
/** Number of the request for time that has not been answered. */
let waiting;
let requests = 0;

function log(level, text) {
  if (logs.length < LOG_LINES) logs.push({ level, text: text.length > LOG_CHARS ? `${text.slice(0, LOG_CHARS)}…` : text });
}

function described(error) {
  const isError = error !== null && typeof error === 'object';
  const name = isError ? String(error.name ?? error.constructor?.name ?? 'Error') : typeof error;
  const message = isError ? String(error.message ?? inspect(error)) : String(error);
  return { name, message: message.slice(0, LOG_CHARS), at: places.placeOf(error) };
}

function words(error) {
  const { name, message, at } = described(error);
  return `${name}: ${message}${at ? ` (${at})` : ''}`;
}

/** Loads a file as what Node itself was asked to run: without a parent, outside of everybody's cache. */
function load(file) {
  const own = new Module(file, undefined);
  own.load(file);
  return own.exports;
}

/** The handler, loaded when first asked for. */
function handlerOf({ file, export: name }) {
  bundle ??= load(app.bundle);
  const handlers = bundle[file]();
  const handler = handlers?.[name] ?? handlers?.default?.[name];
  if (typeof handler !== 'function') throw new TypeError(`${file} exports no function ${JSON.stringify(name)}`);
  return handler;
}

/** The answer as the platform passes it on: JSON, of a bounded size. */
function ended(value) {
  const text = JSON.stringify(value);
  if (text === undefined) return { kind: 'returned', value: null };
  const bytes = Buffer.byteLength(text);
  if (bytes > ANSWER_BYTES) {
    return { kind: 'died', how: `it answered ${bytes} bytes; the platform takes at most ${ANSWER_BYTES}` };
  }
  return { kind: 'returned', value: JSON.parse(text) };
}

/** Says how the running invocation ended; the first saying counts. */
async function end(invocation, how) {
  if (current !== invocation) return;
  current = undefined;
  if (waiting !== undefined) { waiting = undefined; }
  const unfinished = how.kind === 'returned' ? transport.inFlight() : 0;
  transport.freeze();
  await drained();
  flush();
  const said = logs;
  logs = [];
  wire.send({ id: invocation.request, result: { end: how, logs: said, calls: invocation.calls, unfinished, now: time.now() } });
}

/** Calls that nobody waits for have left the process already; their answers come before the end is said. */
function drained() {
  return new Promise((resolve) => {
    let left = DRAIN_MS;
    const look = () => {
      if (transport.inFlight() === 0 || left <= 0) { resolve(); return; }
      left -= 1;
      time.real.setTimeout.call(globalThis, look, 1);
    };
    look();
  });
}

/** Looks, after a moment, whether nothing but time can help the invocation. */
let looking = false;
let quiet = 0;
function poke() {
  quiet = 0;
  if (looking || !current) return;
  looking = true;
  time.real.setImmediate(look);
}

/** Turns of the event loop with nothing to do before the app counts as idle: when a timer is what it waits for, and
 * when nothing is, for then it may be at work where nobody sees it. The latter turns take a millisecond each. */
const QUIET_TURNS = 2;
const QUIET_TURNS_WITHOUT_TIMER = 100;
function look() {
  looking = false;
  const invocation = current;
  if (!invocation || waiting !== undefined) return;
  if (time.now() >= invocation.deadlineMs) { end(invocation, { kind: 'timedOut' }); return; }
  if (time.isFiring() || transport.inFlight() > 0) return;
  if (work.isBusy()) {
    quiet = 0;
    looking = true;
    time.real.setTimeout.call(globalThis, look, 1);
    return;
  }
  quiet += 1;
  const timed = time.next() !== undefined;
  looking = quiet < (timed ? QUIET_TURNS : QUIET_TURNS_WITHOUT_TIMER);
  if (looking) {
    if (timed) time.real.setImmediate(look); else time.real.setTimeout.call(globalThis, look, 1);
    return;
  }
  quiet = 0;
  waiting = ++requests;
  const until = Math.min(time.next() ?? invocation.deadlineMs, invocation.deadlineMs);
  wire.send({ id: waiting, method: 'wait', params: { until } });
}

/** Takes the answer to a request for time. */
function answered(id, now) {
  if (id !== waiting) return;
  waiting = undefined;
  time.set(now);
  poke();
}

/** Runs a handler; its end is said by `end`. */
function invoke(request, params) {
  const invocation = {
    request, id: params.id, function: params.function, installation: params.installation,
    moduleKey: params.moduleKey, moduleType: params.moduleType, deadlineMs: params.deadlineMs,
    contextAri: `ari:cloud:jira::site/${params.installation.cloudId}`,
    traceId: randomBytes(8).toString('hex'), calls: 0,
  };
  invocation.runtime = runtime.runtimeOf(invocation);
  time.set(params.now, true);
  runtime.run(invocation);
  current = invocation;
  transport.thaw();
  runtime.invocations.run(invocation, () => run(invocation, params.args));
  poke();
}

async function run(invocation, args) {
  let handler;
  try {
    handler = handlerOf(invocation.function);
  } catch (error) {
    const { name, message, at } = described(error);
    await end(invocation, { kind: 'loadFailed', message: `${name}: ${message}`, at });
    return;
  }
  let how;
  try {
    how = ended(await handler(...args));
  } catch (error) {
    how = { kind: 'threw', ...described(error) };
    log('error', places.stackOf(error) ?? inspect(error));
  }
  await end(invocation, how);
}

/** The process cannot go on: says so for the running invocation, then ends. */
async function die(how, status = 1) {
  if (current) await end(current, { kind: 'died', how });
  else await drained();
  reallyExit.call(process, status);
}

const { reallyExit } = process;

function guardProcess() {
  process.on('uncaughtException', (error) => die(`an exception that nobody caught: ${words(error)}`));
  process.on('unhandledRejection', (error) => die(`a rejection that nobody handled: ${words(error)}`));
  process.exit = (code = process.exitCode ?? 0) => {
    die(`it called process.exit(${code})`, Number(code) || 0);
    // What follows the call must not run: nothing unwinds past this, and the process ends meanwhile.
    throw new Error('the process is ending');
  };
  process.reallyExit = process.exit;
  process.abort = () => { die('it called process.abort()'); throw new Error('the process is ending'); };
  process.kill = (pid, signal) => {
    if (signal === 0) return true;
    if (pid === process.pid) { die(`it sent itself ${signal ?? 'SIGTERM'}`); return true; }
    throw Object.assign(new Error('kill EPERM'), { code: 'EPERM', syscall: 'kill' });
  };
}

function guardConsole() {
  const { format } = require('node:util');
  for (const level of ['log', 'info', 'warn', 'error', 'debug', 'trace']) {
    console[level] = (...parts) => log(level, format(...parts));
  }
  console.dir = (value, options) => log('log', inspect(value, options));
  console.table = (value) => log('log', inspect(value));
}

function install(config) {
  app = config;
  places.install(config);
  guardProcess();
  guardConsole();
  flush = wire.capture(log);
}

module.exports = { install, invoke, answered, poke, leave: () => reallyExit.call(process, 0) };
