'use strict';
// Work that Node does beside the event loop. While there is some, time must not pass: the app waits for the machine,
// not for a timer. What Node lists itself is asked of Node; what it does not list is counted here.
const crypto = require('node:crypto');
const transport = require('./transport.cjs');

const CRYPTO = ['pbkdf2', 'scrypt', 'hkdf', 'randomBytes', 'randomFill', 'generateKeyPair', 'generateKey'];
const LISTED = /^(FSReq|GetAddrInfo|GetNameInfo|Immediate|Worker|.*Request$|.*Job$)/;

function countCallbacks(home, names) {
  const { promisify } = require('node:util');
  for (const name of names) {
    const original = home[name];
    const counted = (...args) => {
      const callback = args.at(-1);
      if (typeof callback !== 'function') return original(...args);
      const done = transport.begin();
      try {
        return original(...args.slice(0, -1), (...results) => { done(); callback(...results); });
      } catch (error) { done(); throw error; }
    };
    const custom = original[promisify.custom];
    if (custom) counted[promisify.custom] = (...args) => { const done = transport.begin(); return custom(...args).finally(done); };
    home[name] = counted;
  }
}

function countPromises(home, names) {
  for (const name of names) {
    const original = home[name];
    home[name] = function (...args) {
      const done = transport.begin();
      return original.apply(this, args).finally(done);
    };
  }
}

/** All of zlib goes through the streams, and all streams through this one method. */
function countStreams(zlib) {
  let home = zlib.Gunzip.prototype;
  while (home && !Object.hasOwn(home, '_transform')) home = Object.getPrototypeOf(home);
  if (!home) return;
  const transform = home._transform;
  home._transform = function (chunk, encoding, callback) {
    const done = transport.begin();
    this.once('close', done);
    transform.call(this, chunk, encoding, (...results) => {
      this.removeListener('close', done);
      done();
      callback(...results);
    });
  };
}

function install() {
  countCallbacks(crypto, CRYPTO);
  const subtle = Object.getPrototypeOf(crypto.webcrypto.subtle);
  countPromises(subtle, Object.getOwnPropertyNames(subtle).filter((name) => name !== 'constructor'));
  countStreams(require('node:zlib'));
}

/** Whether Node is at work for the app. */
function isBusy() {
  return transport.inFlight() > 0 || process.getActiveResourcesInfo().some((name) => LISTED.test(name));
}

module.exports = { install, isBusy };
