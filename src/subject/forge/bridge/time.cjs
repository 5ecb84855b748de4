'use strict';
// Virtual time: the app's `Date`, timers and clocks under gonogo's time. Time stands still while the app works and
// moves when gonogo says so. It creeps a little for a program that only reads the clock in a loop, which would
// otherwise wait for ever.
const { AsyncResource } = require('node:async_hooks');
const timers = require('node:timers');
const timersPromises = require('node:timers/promises');
const { performance } = require('node:perf_hooks');
const { promisify } = require('node:util');

const real = {
  Date, setTimeout, clearTimeout, setInterval, clearInterval, setImmediate,
  format: Object.getOwnPropertyDescriptor(Intl.DateTimeFormat.prototype, 'format').get,
  formatToParts: Intl.DateTimeFormat.prototype.formatToParts,
};

/** So many readings of one instant are free; then time creeps by a millisecond per as many again. */
const FREE_READINGS = 1_000;
const LONGEST_MS = 2 ** 31 - 1;

let now = 0;
let beginning = 0;
let readings = 0;
let made = 0;
/** Pending timers, by due time, then by age. */
const pending = [];
let firing = false;
let moved = () => {};

function read() {
  if (++readings > FREE_READINGS) { now += 1; readings = 0; }
  return now;
}

function insert(timer) {
  let at = pending.length;
  while (at > 0 && pending[at - 1].due > timer.due) at -= 1;
  pending.splice(at, 0, timer);
}

class Timer {
  constructor(callback, delay, args, repeats) {
    if (typeof callback !== 'function') {
      throw Object.assign(new TypeError(`The "callback" argument must be of type function. Received ${typeof callback}`),
        { code: 'ERR_INVALID_ARG_TYPE' });
    }
    const ms = Math.trunc(Number(delay));
    this.delay = ms >= 1 && ms <= LONGEST_MS ? ms : 1;
    this.repeats = repeats;
    this.id = ++made;
    this.referenced = true;
    // The callback belongs to the invocation that set the timer.
    const scope = new AsyncResource('Timeout');
    this.run = () => scope.runInAsyncScope(callback, undefined, ...args);
    this.start();
  }
  start() { this.due = now + this.delay; insert(this); }
  stop() { const at = pending.indexOf(this); if (at >= 0) pending.splice(at, 1); }
  ref() { this.referenced = true; return this; }
  unref() { this.referenced = false; return this; }
  hasRef() { return this.referenced; }
  refresh() { this.stop(); this.start(); return this; }
  close() { this.stop(); return this; }
  [Symbol.toPrimitive]() { return this.id; }
}
if (Symbol.dispose) Timer.prototype[Symbol.dispose] = Timer.prototype.stop;

function clear(handle) {
  if (handle instanceof Timer) return handle.stop();
  if (handle !== null && typeof handle === 'object') return real.clearTimeout(handle);
  const timer = pending.find((t) => t.id === Number(handle));
  return timer && timer.stop();
}

/** Fires what is due, one timer a turn of the event loop, as Node does. */
function fire() {
  const timer = pending[0];
  if (!timer || timer.due > now) { firing = false; moved(); return; }
  pending.shift();
  if (timer.repeats) { timer.due = now + timer.delay; insert(timer); }
  real.setImmediate(fire);
  timer.run();
}

/** Moves time to `ms` and fires what is due then. Time goes back only when `force`d: between invocations. */
function set(ms, force) {
  if (ms > now || force) { now = ms; readings = 0; }
  if (!firing && pending.length > 0 && pending[0].due <= now) { firing = true; real.setImmediate(fire); }
}

function later(ms, value, options = {}) {
  return new Promise((resolve, reject) => {
    const { signal } = options;
    const stopped = () => Object.assign(new Error('The operation was aborted', { cause: signal.reason }),
      { name: 'AbortError', code: 'ABORT_ERR' });
    if (signal?.aborted) { reject(stopped()); return; }
    const timer = new Timer(resolve, ms, [value], false);
    signal?.addEventListener('abort', () => { timer.stop(); reject(stopped()); }, { once: true });
  });
}

async function* ticks(ms, value, options) {
  for (;;) yield await later(ms, value, options);
}

function installTimers() {
  const setTimeout = (callback, delay, ...args) => new Timer(callback, delay, args, false);
  const setInterval = (callback, delay, ...args) => new Timer(callback, delay, args, true);
  Object.defineProperty(setTimeout, promisify.custom, { value: later });
  for (const home of [globalThis, timers]) {
    Object.assign(home, { setTimeout, setInterval, clearTimeout: clear, clearInterval: clear });
  }
  timersPromises.setTimeout = later;
  timersPromises.setInterval = ticks;
  timersPromises.scheduler.wait = (ms, options) => later(ms, undefined, options);
  AbortSignal.timeout = (ms) => {
    const controller = new AbortController();
    const why = () => new DOMException('The operation was aborted due to timeout', 'TimeoutError');
    new Timer(() => controller.abort(why()), ms, [], false);
    return controller.signal;
  };
}

function installDate() {
  function VirtualDate(...parts) {
    if (!new.target) return new real.Date(read()).toString();
    return Reflect.construct(real.Date, parts.length === 0 ? [read()] : parts, new.target);
  }
  Object.setPrototypeOf(VirtualDate, real.Date);
  Object.defineProperty(VirtualDate, 'prototype', { value: real.Date.prototype, writable: false });
  Object.defineProperty(VirtualDate, 'name', { value: 'Date' });
  Object.defineProperty(VirtualDate, 'length', { value: 7 });
  Object.defineProperty(VirtualDate, 'now', { value: () => read(), configurable: true, writable: true });
  real.Date.prototype.constructor = VirtualDate;
  globalThis.Date = VirtualDate;
  const formats = Intl.DateTimeFormat.prototype;
  Object.defineProperty(formats, 'format', {
    configurable: true,
    get() { const format = real.format.call(this); return (date = read()) => format(date); },
  });
  formats.formatToParts = function (date = read()) { return real.formatToParts.call(this, date); };
}

function installClocks() {
  const elapsed = () => read() - beginning;
  Object.defineProperty(performance, 'now', { value: elapsed, configurable: true, writable: true });
  Object.defineProperty(performance, 'timeOrigin', { get: () => beginning, configurable: true });
  process.uptime = () => elapsed() / 1_000;
  const hrtime = (since) => {
    const ms = elapsed();
    let [s, ns] = [Math.floor(ms / 1_000), Math.floor((ms % 1_000) * 1e6)];
    if (since) { s -= since[0]; ns -= since[1]; if (ns < 0) { s -= 1; ns += 1e9; } }
    return [s, ns];
  };
  hrtime.bigint = () => BigInt(Math.floor(elapsed())) * 1_000_000n;
  process.hrtime = hrtime;
}

/** Puts the app under virtual time that begins at `ms`; `whenMoved` is called after timers have fired. */
function install(ms, whenMoved) {
  now = beginning = ms;
  moved = whenMoved;
  installDate();
  installTimers();
  installClocks();
}

module.exports = {
  install, set, real, later,
  now: () => now,
  /** Lets time creep by what something takes. */
  spend: (ms) => set(now + ms),
  /** When the next timer is due; `undefined` without one. */
  next: () => pending[0]?.due,
  isFiring: () => firing,
};
