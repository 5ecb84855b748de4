'use strict';
// The ways out of the process. What the manifest allows goes to the mocked platform's proxy by fetch or node:http(s);
// everything else is refused with the platform's error, and the platform is told of the attempt.
const path = require('node:path');
const { urlToHttpOptions } = require('node:url');
const runtime = require('./runtime.cjs');
const time = require('./time.cjs');
const transport = require('./transport.cjs');

let app;
let allowed = [];

function entryOf(text) {
  if (text === '*') return { any: true };
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`);
    return { protocol: url.protocol, host: decodeURIComponent(url.hostname).toLowerCase() };
  } catch {
    return {};
  }
}

/** Whether the manifest allows this protocol and host; paths do not count. */
function allows(protocol, host) {
  const name = host.toLowerCase();
  return allowed.some((entry) => entry.any || (entry.protocol === protocol
    && (entry.host === name || (entry.host?.startsWith('*.') && name.endsWith(entry.host.slice(1))))));
}

/** Tells the platform of an attempt and returns the error that it is refused with. */
function refuse(host, via, url = host) {
  const invocation = runtime.current();
  if (invocation) {
    const headers = { ...runtime.identity(invocation, 'app'), 'content-type': 'application/json' };
    const body = Buffer.from(JSON.stringify({ host, via }));
    transport.send('POST', '/gonogo/egress', headers, body).catch(() => {});
  }
  const error = new Error(`URL not included in the external fetch backend permissions: ${url}. `
    + 'Visit go.atlassian.com/forge-egress for more information.');
  return Object.assign(error, { name: 'REQUEST_EGRESS_ALLOWLIST_ERR', code: 'REQUEST_EGRESS_ALLOWLIST_ERR', status: 403 });
}

function proxied(protocol, host, below) {
  return { path: `/proxy/${host}${below}`, scheme: { 'x-gonogo-egress-scheme': protocol.replace(':', '') } };
}

async function guardedFetch(input, init = {}) {
  const isRequest = input instanceof Request;
  const url = new URL(isRequest ? input.url : String(input));
  if (url.protocol === 'data:' || url.protocol === 'blob:') return realFetch(input, init);
  if (!allows(url.protocol, url.hostname)) throw refuse(url.host, 'fetch', url.href);
  const asked = isRequest
    ? { method: input.method, headers: input.headers, body: input.body && Buffer.from(await input.arrayBuffer()), signal: input.signal, ...init }
    : init;
  const invocation = runtime.demand();
  const { path: below, scheme } = proxied(url.protocol, url.host, url.pathname + url.search);
  // The app's own credentials stay with its request; the platform knows the caller by the other headers.
  const { authorization, ...identity } = runtime.identity(invocation, 'app');
  return runtime.call(invocation, below, asked, { ...identity, ...scheme }, url.href);
}

let realFetch;

function optionsOf(defaultProtocol, args) {
  const [first, second, third] = args;
  const isAddress = typeof first === 'string' || first instanceof URL;
  const options = isAddress ? urlToHttpOptions(new URL(first)) : { ...first };
  let callback = isAddress ? third : second;
  if (isAddress && typeof second === 'function') callback = second;
  else if (isAddress) Object.assign(options, second);
  const protocol = options.protocol ?? defaultProtocol;
  const host = String(options.hostname ?? options.host ?? 'localhost').replace(/^\[|\]$/g, '');
  return { options, callback, protocol, host };
}

function headersOf(headers) {
  if (!Array.isArray(headers)) return { ...headers };
  const pairs = Array.isArray(headers[0]) ? headers : headers.flatMap((_, at) => (at % 2 ? [] : [[headers[at], headers[at + 1]]]));
  return Object.fromEntries(pairs);
}

/** `request` of node:http or node:https for the app. */
function guardedRequest(defaultProtocol, ...args) {
  const { options, callback, protocol, host } = optionsOf(defaultProtocol, args);
  const usual = protocol === 'https:' ? 443 : 80;
  const port = Number(options.port ?? usual);
  const place = port === usual ? host : `${host}:${port}`;
  const below = options.path ?? '/';
  const permitted = allows(protocol, host);
  const error = permitted ? undefined : refuse(place, protocol.replace(':', ''), `${protocol}//${place}${below}`);
  const invocation = permitted ? runtime.demand() : undefined;
  const { path: target, scheme } = proxied(protocol, place, below);
  const { authorization, ...identity } = invocation ? runtime.identity(invocation, 'app') : {};
  const headers = { ...headersOf(options.headers), ...identity, ...scheme, host: place };
  if (options.auth) headers.authorization ??= `Basic ${Buffer.from(options.auth).toString('base64')}`;
  const detour = permitted ? transport.detour(target, headers) : { ...transport.detour(target, {}), agent: refusing(error) };
  const done = transport.begin();
  const request = transport.request({ ...detour, method: options.method, signal: options.signal }, callback);
  request.on('response', (answer) => {
    const moment = Number(answer.headers['x-gonogo-now']);
    if (moment) time.set(moment);
  });
  request.on('close', done);
  if (invocation) invocation.calls += 1;
  return request;
}

/** An agent whose connections fail before they begin. */
function refusing(error) {
  const net = require('node:net');
  const agent = new (require('node:http').Agent)();
  agent.createConnection = () => {
    const socket = new net.Socket();
    process.nextTick(() => socket.destroy(error));
    return socket;
  };
  return agent;
}

function guardHttp() {
  for (const [name, protocol] of [['http', 'http:'], ['https', 'https:']]) {
    const module = require(`node:${name}`);
    module.request = (...args) => guardedRequest(protocol, ...args);
    module.get = (...args) => { const request = guardedRequest(protocol, ...args); request.end(); return request; };
  }
}

function guardSockets() {
  const { Socket } = require('node:net');
  Socket.prototype.connect = function (...args) {
    const first = Array.isArray(args[0]) ? args[0][0] : args[0];
    const options = first !== null && typeof first === 'object' ? first : { port: first, host: typeof args[1] === 'string' ? args[1] : 'localhost' };
    const host = options.path ? `unix:${options.path}` : `${options.host ?? 'localhost'}`;
    const error = refuse(host, 'socket', `${host}${options.port ? `:${options.port}` : ''}`);
    process.nextTick(() => this.destroy(error));
    return this;
  };
}

/** Modules that are rarely asked for are guarded when they are, so that a start does not load them. */
const LATER = {
  dgram(dgram) {
    for (const name of ['send', 'connect']) {
      dgram.Socket.prototype[name] = function (...args) {
        const host = args.find((arg, at) => at > 0 && typeof arg === 'string') ?? 'localhost';
        process.nextTick(() => this.emit('error', refuse(host, 'dgram')));
      };
    }
  },
  dns(dns) {
    const asks = /^(lookup|resolve|reverse)/;
    const guard = (home, promises) => {
      for (const name of Object.getOwnPropertyNames(home)) {
        if (!asks.test(name) || typeof home[name] !== 'function') continue;
        const original = home[name];
        home[name] = function (host, ...rest) {
          if (host === 'localhost') return original.call(this, host, ...rest);
          const error = refuse(String(host), 'dns');
          if (promises) return Promise.reject(error);
          process.nextTick(rest.at(-1), error);
          return undefined;
        };
      }
    };
    guard(dns, false);
    guard(dns.Resolver.prototype, false);
    guard(dns.promises, true);
    guard(dns.promises.Resolver.prototype, true);
  },
  child_process(processes) {
    for (const name of ['spawn', 'exec', 'execFile', 'fork', 'spawnSync', 'execSync', 'execFileSync']) {
      processes[name] = (command) => {
        throw refuse(`program:${path.basename(String(command).split(' ')[0])}`, 'child_process', String(command));
      };
    }
  },
  worker_threads(workers) {
    workers.Worker = class Worker {
      constructor(file) { throw refuse('worker thread', 'worker_threads', String(file)); }
    };
  },
};

function guardLater() {
  const Module = require('node:module');
  const load = Module._load;
  const guarded = new Set();
  const guard = (request) => {
    const name = String(request).replace(/^node:/, '').split('/')[0];
    const guardOne = Object.hasOwn(LATER, name) ? LATER[name] : undefined;
    if (!guardOne || guarded.has(name)) return;
    guarded.add(name);
    guardOne(load(`node:${name}`));
    Module.syncBuiltinESMExports();
  };
  Module._load = function (request, ...rest) { guard(request); return load.call(this, request, ...rest); };
  const builtin = process.getBuiltinModule;
  if (builtin) process.getBuiltinModule = (name) => { guard(name); return builtin.call(process, name); };
  process.binding = (name) => { throw refuse(`binding:${name}`, 'binding'); };
  // A dynamic import finds a module as it was when first loaded.
  return () => { for (const name of Object.keys(LATER)) guard(name); };
}

/** Installs the guard; the app's bundle may be loaded after it. Returns what guards the rest at once. */
function install(config) {
  app = config;
  allowed = app.egress.map(entryOf);
  realFetch = globalThis.fetch;
  globalThis.fetch = guardedFetch;
  guardHttp();
  guardSockets();
  return guardLater();
}

module.exports = { install };
