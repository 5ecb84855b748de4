'use strict';
// What a platform call answers: it reads as fetch's `Response` does. Node's own takes longer to load than all of the
// bridge; it is loaded when an app names it, or asks for what is not here.
const transport = require('./transport.cjs');

/** Answers that have no body, by the standard of fetch. */
const EMPTY = [204, 205, 304];

/** Headers as a sent request has them: an object of lower-case names; takes whatever fetch takes. */
function headersFrom(given) {
  const headers = {};
  if (given === undefined || given === null) return headers;
  for (const [name, value] of typeof given[Symbol.iterator] === 'function' ? given : Object.entries(given)) {
    const key = String(name).toLowerCase();
    headers[key] = key in headers ? `${headers[key]}, ${value}` : String(value).trim();
  }
  return headers;
}

function immutable() { throw new TypeError('immutable'); }

/** Headers of an answer, sorted by name; they cannot be changed. */
class AnswerHeaders {
  #values = new Map();

  constructor(raw) {
    for (let at = 0; at < raw.length; at += 2) {
      const name = raw[at].toLowerCase();
      this.#values.set(name, [...(this.#values.get(name) ?? []), raw[at + 1]]);
    }
  }

  get(name) { return this.#values.get(String(name).toLowerCase())?.join(', ') ?? null; }
  has(name) { return this.#values.has(String(name).toLowerCase()); }
  getSetCookie() { return [...(this.#values.get('set-cookie') ?? [])]; }
  * entries() { for (const name of this.keys()) yield [name, this.get(name)]; }
  * keys() { yield* [...this.#values.keys()].sort(); }
  * values() { for (const name of this.keys()) yield this.get(name); }
  forEach(each, self) { for (const [name, value] of this) each.call(self, value, name, this); }
  [Symbol.iterator]() { return this.entries(); }
  append() { immutable(); }
  set() { immutable(); }
  delete() { immutable(); }
}

/** Node's own `Response` of what the platform answered. */
function responseOf(raw, url) {
  const headers = new Headers();
  for (let at = 0; at < raw.headers.length; at += 2) headers.append(raw.headers[at], raw.headers[at + 1]);
  // An answer that broke off reads as far as it came, then fails, as with fetch.
  const body = raw.broken
    ? new ReadableStream({ start(stream) { stream.error(transport.failed(undefined, 'terminated')); } })
    : raw.body;
  const response = new Response(EMPTY.includes(raw.status) ? null : body, { status: raw.status, statusText: raw.statusText, headers });
  Object.defineProperty(response, 'url', { value: url });
  return response;
}

class Answer {
  #raw;
  #url;
  #headers;
  #used = false;
  /** Node's own, once it was needed: from then on it is the one that is read. */
  #response;

  constructor(raw, url) {
    this.#raw = raw;
    this.#url = url;
    this.#headers = new AnswerHeaders(raw.headers);
  }

  get status() { return this.#raw.status; }
  get statusText() { return this.#raw.statusText; }
  get ok() { return this.status >= 200 && this.status < 300; }
  get url() { return this.#url; }
  get headers() { return this.#headers; }
  get redirected() { return false; }
  get type() { return 'default'; }
  get bodyUsed() { return this.#response?.bodyUsed ?? this.#used; }
  get body() { return this.#own().body; }

  #own() {
    if (this.#used) throw new TypeError('Body is unusable: Body has already been read');
    this.#response ??= responseOf(this.#raw, this.#url);
    return this.#response;
  }

  async #bytes() {
    if (this.#response) return Buffer.from(await this.#response.arrayBuffer());
    if (this.#used) throw new TypeError('Body is unusable: Body has already been read');
    this.#used = !EMPTY.includes(this.status);
    if (this.#raw.broken) throw transport.failed(undefined, 'terminated');
    return this.#used ? this.#raw.body : Buffer.alloc(0);
  }

  async text() { return new TextDecoder().decode(await this.#bytes()); }
  async json() { return JSON.parse(await this.text()); }
  async bytes() { return new Uint8Array(await this.#bytes()); }
  async arrayBuffer() { return (await this.bytes()).buffer; }
  async blob() { return this.#own().blob(); }
  async formData() { return this.#own().formData(); }

  clone() {
    if (this.bodyUsed) throw new TypeError('Response.clone: Body has already been consumed.');
    return this.#response ? this.#response.clone() : new Answer(this.#raw, this.#url);
  }
}

/** Whoever names `Response` finds the answers to be instances of it. */
function install() {
  const { get, value } = Object.getOwnPropertyDescriptor(globalThis, 'Response');
  const named = () => {
    const response = value ?? get.call(globalThis);
    Object.setPrototypeOf(Answer.prototype, response.prototype);
    Object.defineProperty(globalThis, 'Response', { value: response, writable: true, configurable: true });
    return response;
  };
  Object.defineProperty(globalThis, 'Response', {
    configurable: true, get: named, set: (other) => { named(); globalThis.Response = other; },
  });
}

module.exports = { install, Answer, headersFrom, responseOf };
