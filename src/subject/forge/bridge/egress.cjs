'use strict';
// The ways out of the process. What the manifest allows goes to the mocked platform's proxy by fetch or node:http(s);
// everything else is refused with the platform's error, and the platform is told of the attempt.
const path = require('node:path');
const { urlToHttpOptions } = require('node:url');
const answers = require('./answer.cjs');
const runtime = require('./runtime.cjs');
const time = require('./time.cjs');
const transport = require('./transport.cjs');

let app;
let realFetch;
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
  const read = (raw) => answers.responseOf(raw, url.href);
  return runtime.call(invocation, below, asked, { ...identity, ...scheme }, read);
}

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

/** The other ways out, each with what makes it refuse. */
const OTHERS = {
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
    const refused = (command) => {
      const name = String(command?.file ?? command).split(' ')[0];
      throw refuse(`program:${path.basename(name)}`, 'child_process', name);
    };
    for (const name of ['spawn', 'exec', 'execFile', 'fork', 'spawnSync', 'execSync', 'execFileSync']) {
      processes[name] = refused;
    }
    processes.ChildProcess.prototype.spawn = refused;
  },
  worker_threads(workers) {
    workers.Worker = class Worker {
      constructor(file) { throw refuse('worker thread', 'worker_threads', String(file)); }
    };
  },
};

function guardOthers() {
  for (const [name, guard] of Object.entries(OTHERS)) guard(require(`node:${name}`));
  process.binding = (name) => { throw refuse(`binding:${name}`, 'binding'); };
  // `import` finds what a module exported when it was loaded, unless it is told.
  require('node:module').syncBuiltinESMExports();
}

/** Installs the guard; the app's bundle may be loaded after it. */
function install(config) {
  app = config;
  allowed = app.egress.map(entryOf);
  realFetch = globalThis.fetch;
  globalThis.fetch = guardedFetch;
  guardHttp();
  guardSockets();
  guardOthers();
}

module.exports = { install };
