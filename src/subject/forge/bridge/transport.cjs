'use strict';
// HTTP to the mocked platform: the only way out of the process. Knows what is in flight, tells virtual time apart
// from answers, and holds answers back while the instance is frozen between invocations.
const http = require('node:http');
const net = require('node:net');
const time = require('./time.cjs');

// Taken before anything is guarded.
const request = http.request;
const connect = net.Socket.prototype.connect;

let platform;
let prefix;
let agent;
let frozen = true;
let inFlight = 0;
const held = [];
let changed = () => {};

/** A platform that never answers is given up by Node's own fetch after so long. */
const HEADERS_TIMEOUT_MS = 300_000;

function install({ baseUrl, instance }, whenChanged) {
  platform = new URL(baseUrl);
  // By its path the platform knows whose request it is.
  prefix = `/instance/${encodeURIComponent(instance)}`;
  changed = whenChanged;
  agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  agent.createConnection = (options) => {
    const socket = new net.Socket();
    socket.setNoDelay(true);
    return connect.call(socket, { host: platform.hostname, port: Number(platform.port) });
  };
}

/** Hands something to the app: at once, or when the next invocation begins. */
function deliver(give) {
  if (frozen) held.push(give); else give();
}

function freeze() { frozen = true; }
function thaw() { frozen = false; for (const give of held.splice(0)) give(); }

/** Something that the app waits for has begun; call what it returns once, when it has ended. */
function begin() {
  inFlight += 1;
  let open = true;
  return () => { if (open) { open = false; inFlight -= 1; changed(); } };
}

function failed(cause, message = 'fetch failed') {
  return new TypeError(message, { cause });
}

/**
 * Sends a request and resolves with `{status, statusText, headers, body, broken}` once all of it has come, or as much
 * of it as will. Rejects as fetch does.
 */
function send(method, path, headers, body, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) { reject(signal.reason); return; }
    const done = begin();
    const finish = (settle, value) => { deliver(() => settle(value)); done(); };
    const options = { host: platform.hostname, port: platform.port, agent, method, path: prefix + path, headers };
    if (body && body.length) options.headers['content-length'] = body.length;
    const sent = request(options, (answer) => {
      const moment = Number(answer.headers['x-gonogo-now']);
      if (answer.headers['x-gonogo-hang']) {
        answer.resume();
        done();
        hang(reject, signal);
        return;
      }
      const chunks = [];
      let whole = false;
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('end', () => { whole = true; });
      answer.on('error', () => {});
      answer.on('close', () => {
        if (moment) time.set(moment);
        finish(resolve, {
          status: answer.statusCode, statusText: answer.statusMessage, headers: answer.rawHeaders,
          body: Buffer.concat(chunks), broken: !whole || !answer.complete,
        });
      });
    });
    sent.on('error', (error) => finish(reject, failed(error)));
    signal?.addEventListener('abort', () => {
      sent.on('error', () => {});
      sent.destroy();
      done();
      reject(signal.reason);
    }, { once: true });
    sent.end(body);
  });
}

/** An answer that never comes: nothing is in flight any more, and only virtual time can end it. */
function hang(reject, signal) {
  const cause = Object.assign(new Error('Headers Timeout Error'), { code: 'UND_ERR_HEADERS_TIMEOUT' });
  time.later(HEADERS_TIMEOUT_MS, undefined, { signal }).then(
    () => reject(failed(cause)), () => reject(signal.reason));
}

/** Options that lead a request of `node:http` to the mocked platform instead. */
function detour(path, headers) {
  return { protocol: 'http:', host: platform.hostname, hostname: platform.hostname, port: platform.port, agent, path: prefix + path, headers };
}

module.exports = { install, send, begin, deliver, freeze, thaw, failed, detour, connect, request, inFlight: () => inFlight };
