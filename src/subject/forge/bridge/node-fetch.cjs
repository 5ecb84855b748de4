'use strict';
// Stands in for `node-fetch` below the @forge packages: up to @forge/api 4 they spoke to the platform through it,
// with an agent that is only a word.
function platformCall(url, init) {
  const target = new URL(url);
  const headers = {};
  new Headers(init.headers ?? {}).forEach((value, name) => { headers[name] = value; });
  const [, provider = 'none', accountId] = (headers.authorization ?? 'Forge none').split(' ');
  delete headers.authorization;
  const descriptor = init.agent === 'EXTERNAL_AUTH_REQUEST'
    ? { type: 'tpp', provider, remote: target.hostname }
    : { type: 'fpp', provider, remote: target.hostname, accountId };
  const path = init.agent === 'EXTERNAL_AUTH_REQUEST'
    ? target.searchParams.get('path') ?? target.pathname
    : target.pathname + target.search;
  return globalThis.__forge_fetch__(descriptor, path, { ...init, agent: undefined, headers });
}

async function fetch(url, init = {}) {
  return typeof init?.agent === 'string' ? platformCall(url, init) : globalThis.fetch(url, init);
}

class FetchError extends Error {}

module.exports = Object.assign(fetch, {
  __esModule: true, default: fetch, Headers: globalThis.Headers, Request: globalThis.Request,
  Response: globalThis.Response, FetchError,
});
