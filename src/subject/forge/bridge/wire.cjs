'use strict';
// Control by gonogo: JSON-RPC 2.0, a message a line, on stdin and stdout. What the app writes to its own stdout and
// stderr goes to `captured` and never among the messages.
const fs = require('node:fs');
const { Writable, Readable } = require('node:stream');

const writeSync = fs.writeSync;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of a message, even when the pipe is full for a moment. */
function write(text) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

/** Sends one message. The line break before it ends whatever the app may have smuggled into the stream. */
function send(message) {
  write(`\n${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}

/** A stream for the app that hands its lines to `take`. */
function lines(take) {
  let rest = '';
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      const parts = (rest + chunk.toString()).split('\n');
      rest = parts.pop();
      for (const part of parts) take(part);
      if (rest.length > 65_536) { take(rest); rest = ''; }
      done();
    },
  });
  stream.flush = () => { if (rest) { take(rest); rest = ''; } };
  return stream;
}

/** Takes the process's own streams away from the app: `captured(level, text)` gets every line. */
function capture(captured) {
  const out = lines((text) => captured('stdout', text));
  const err = lines((text) => captured('stderr', text));
  const give = (name, value) => Object.defineProperty(process, name, { configurable: true, get: () => value });
  give('stdout', out);
  give('stderr', err);
  give('stdin', Readable.from([]));
  fs.writeSync = function (fd, data, ...rest) {
    if (fd !== 1 && fd !== 2) return writeSync.call(fs, fd, data, ...rest);
    (fd === 1 ? out : err).write(typeof data === 'string' ? data : Buffer.from(data));
    return data.length;
  };
  return () => { out.flush(); err.flush(); };
}

/** Calls `handle` with every message that comes, and `gone` when gonogo is gone. */
function listen(handle, gone) {
  const stdin = process.stdin;
  let rest = '';
  stdin.setEncoding('utf8');
  stdin.on('data', (chunk) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop();
    for (const part of parts) if (part) handle(JSON.parse(part));
  });
  stdin.on('end', gone);
}

module.exports = { send, capture, listen };
