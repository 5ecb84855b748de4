'use strict';
// What a Forge app reads of a platform call must read as fetch's own Response of the same bytes: each case is read by
// both, in the same way. Argument: the folder of the bridge.
const assert = require('node:assert/strict');
const path = require('node:path');

const ResponseGetter = Object.getOwnPropertyDescriptor(globalThis, 'Response').get;
const { Answer, headersFrom, install } = require(path.join(process.argv[2], 'answer.cjs'));
const loaded = () => process.moduleLoadList.some((name) => name.endsWith('deps/undici/undici'));

const RAWS = {
  json: { status: 200, statusText: 'OK', headers: ['Content-Type', 'application/json', 'X-A', '1', 'x-a', '2'], body: '{"é": [1]}' },
  mark: { status: 201, statusText: '', headers: ['content-type', 'text/plain'], body: '\ufeff{"a":1}' },
  empty: { status: 204, statusText: 'No Content', headers: [], body: '' },
  failed: { status: 429, statusText: 'Too Many Requests', headers: ['retry-after', '7'], body: 'later' },
  form: { status: 200, statusText: 'OK', headers: ['content-type', 'application/x-www-form-urlencoded'], body: 'a=1' },
};

const READINGS = {
  plain: (r) => [r.status, r.statusText, r.ok, r.redirected, r.type, r.bodyUsed],
  headers: (r) => [[...r.headers], [...r.headers.keys()], r.headers.get('X-A'), r.headers.get('none'), r.headers.has('RETRY-AFTER')],
  text: async (r) => [await r.text(), r.bodyUsed],
  json: async (r) => r.json(),
  bytes: async (r) => Buffer.from(await r.arrayBuffer()).toString('hex'),
  twice: async (r) => { await r.text(); return r.text(); },
  cloned: async (r) => { const other = r.clone(); return [await r.text(), await other.text()]; },
  clonedLate: async (r) => { await r.text(); return r.clone().status; },
  blob: async (r) => (await r.blob()).text(),
  form: async (r) => [...await r.formData()],
  stream: async (r) => { let all = ''; for await (const chunk of r.body ?? []) all += Buffer.from(chunk); return [all, r.bodyUsed]; },
  streamThenText: async (r) => { r.body?.getReader(); return r.text(); },
  isOne: (r) => r instanceof Response,
  setHeader: (r) => { if (r instanceof Answer) r.headers.set('a', 'b'); else throw new TypeError('immutable'); },
};

/** What a reading comes to: its value, or the kind of its error. */
async function come(read, answer) {
  try { return { value: await read(answer) }; } catch (error) { return { error: error.name }; }
}

async function main() {
  install();
  const bare = new Answer({ ...RAWS.json, body: Buffer.from(RAWS.json.body) }, 'http://x/');
  assert.deepEqual(await bare.json(), { é: [1] });
  assert.equal(loaded(), false, 'reading an answer loads no fetch');
  assert.equal(Response, ResponseGetter?.call(globalThis) ?? Response);
  for (const [name, raw] of Object.entries(RAWS)) {
    for (const [how, read] of Object.entries(READINGS)) {
      const ours = new Answer({ ...raw, body: Buffer.from(raw.body) }, 'http://x/');
      const headers = [];
      for (let at = 0; at < raw.headers.length; at += 2) headers.push([raw.headers[at], raw.headers[at + 1]]);
      const nodes = new Response(raw.status === 204 ? null : Buffer.from(raw.body), { status: raw.status, statusText: raw.statusText, headers });
      assert.deepEqual(await come(read, ours), await come(read, nodes), `${name}, ${how}`);
    }
  }
  const broken = new Answer({ ...RAWS.json, body: Buffer.from('{'), broken: true }, 'http://x/');
  assert.deepEqual(await come((r) => r.json(), broken), { error: 'TypeError' });
  for (const given of [undefined, { A: 1, b: ' x ' }, [['A', '1'], ['a', '2']], new Headers({ c: 'd' }), new Map([['E', 'f']])]) {
    assert.deepEqual(headersFrom(given), Object.fromEntries(new Headers(given)));
  }
}

main().then(() => console.log('as fetch'), (error) => { console.error(error.message); process.exitCode = 1; });
