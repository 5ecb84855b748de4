'use strict';
// What the @forge packages see of the platform: `__forge_fetch__` and `__forge_runtime__`, for the invocation that
// asks. Must be installed before any @forge module is loaded: some bind at import.
const { AsyncLocalStorage } = require('node:async_hooks');
const { randomBytes } = require('node:crypto');
const answers = require('./answer.cjs');
const time = require('./time.cjs');
const transport = require('./transport.cjs');

const invocations = new AsyncLocalStorage();
let app;
/** The invocation that runs now, for what belongs to none by itself. */
let running;

/** So many platform calls of one invocation take no time; each further one takes as long as a quick real one. */
const FREE_CALLS = 1_000;
const CALL_MS = 20;

const meter = { incr() {}, decr() {} };
const metrics = {
  counter: () => meter,
  gauge: () => ({ set() {} }),
  timing: () => ({ measure: () => ({ stop() {} }) }),
};

function current() { return invocations.getStore() ?? running; }

function demand() {
  const invocation = current();
  if (!invocation) throw new Error('Forge call outside of an invocation');
  return invocation;
}

/** `__forge_runtime__` of one invocation. */
function runtimeOf(invocation) {
  const { installation } = invocation;
  return {
    proxy: { token: installation.token, url: app.baseUrl, host: new URL(app.baseUrl).host },
    contextAri: invocation.contextAri,
    aaid: installation.accountId,
    isRemoteRuntime: false,
    appContext: {
      appId: app.appId, appVersion: app.appVersion, environmentId: app.environmentId,
      environmentType: 'PRODUCTION', functionKey: invocation.function.key,
      moduleType: invocation.moduleType, moduleKey: invocation.moduleKey,
      installationId: installation.installationId, invocationId: invocation.id,
      installation: { ari: { installationId: installation.installationId }, contexts: [{ cloudId: installation.cloudId }] },
      permissions: app.permissions,
    },
    lambdaContext: {
      awsRequestId: invocation.id,
      getRemainingTimeInMillis: () => Math.max(0, invocation.deadlineMs - time.now()),
    },
    tracing: { traceId: invocation.traceId, spanId: randomBytes(8).toString('hex') },
    allowedEgress: [], externalAuth: app.externalAuth, metrics, rateLimits: {}, featureFlags: {},
  };
}

/** Headers of a call to the platform, as Forge Containers have them. */
function identity(invocation, who, accountId) {
  const { installation } = invocation;
  const account = who === 'user' && accountId ? `accountId=${accountId},` : '';
  return {
    'forge-proxy-authorization':
      `Forge as=${who},${account}id=${invocation.id},installationId=${installation.installationId}`,
    // A call in nobody's name carries no token.
    ...(who === 'none' ? {} : { authorization: `Bearer ${installation.token}` }),
    'x-forge-invocation-id': invocation.id,
    'x-b3-traceid': invocation.traceId,
    'x-b3-spanid': randomBytes(8).toString('hex'),
    'x-gonogo-bridge': '1',
  };
}

function pathOf(descriptor, path, invocation) {
  const below = path.startsWith('/') ? path : `/${path}`;
  switch (descriptor.type) {
    case 'kvs': case 'sql': case 'os':
      return `/forge/storage/${descriptor.type}${below.replace(/^\/api\/v1/, '/v1')}`;
    case 'frc': case 'fcc':
      return `/gonogo/remote/${encodeURIComponent(descriptor.remote ?? descriptor.service)}${below}`;
    case 'tpp':
      return `/gonogo/remote/${encodeURIComponent(descriptor.remote ?? descriptor.provider)}${below}`;
    default:
      break;
  }
  if (descriptor.remote !== 'stargate') return `/${descriptor.remote ?? 'jira'}${below}`;
  if (below.startsWith('/graphql')) return `/atlassian${below}`;
  return below
    .replace('{contextAri}', encodeURIComponent(invocation.contextAri))
    .replace('{environmentId}', app.environmentId)
    .replace('{appId}', app.appId)
    .replace('{appVersion}', app.appVersion);
}

/** The bytes of a request's body, and the type that goes with them. */
async function bodyOf(init) {
  const { body } = init;
  if (body === undefined || body === null) return {};
  if (typeof body === 'string') return { bytes: Buffer.from(body), type: 'text/plain;charset=UTF-8' };
  if (Buffer.isBuffer(body) || body instanceof Uint8Array) return { bytes: Buffer.from(body) };
  if (typeof body.pipe === 'function') {
    // A Node stream, such as the package `form-data` makes.
    const chunks = [];
    for await (const chunk of body) chunks.push(Buffer.from(chunk));
    return { bytes: Buffer.concat(chunks), type: body.getHeaders?.()['content-type'] };
  }
  const made = new Response(body);
  return { bytes: Buffer.from(await made.arrayBuffer()), type: made.headers.get('content-type') ?? undefined };
}

/** Calls the mocked platform for an invocation, and has `read` make of its answer what the app gets; `extra` headers
 * win over the app's. */
async function call(invocation, path, init, extra, read) {
  invocation.calls += 1;
  if (invocation.calls > FREE_CALLS) time.spend(CALL_MS);
  const done = transport.begin();
  try {
    const { bytes, type } = await bodyOf(init);
    const headers = { accept: '*/*', 'user-agent': 'node', ...answers.headersFrom(init.headers), ...extra };
    if (type && !headers['content-type']) headers['content-type'] = type;
    // A URL normalises what http would refuse: blanks, letters beyond ASCII.
    const target = new URL(path, app.baseUrl);
    const method = (init.method ?? 'GET').toUpperCase();
    const answering = transport.send(method, target.pathname + target.search, headers, bytes, init.signal);
    done();
    return read(await answering, target.href);
  } finally {
    done();
  }
}

function install(config) {
  app = config;
  answers.install();
  Object.defineProperty(globalThis, '__forge_runtime__', { configurable: true, get: () => current()?.runtime });
  globalThis.__forge_fetch__ = async (descriptor, path, init = {}) => {
    const invocation = demand();
    const who = ['user', 'app'].includes(descriptor.provider) ? descriptor.provider : 'none';
    const account = descriptor.accountId ?? invocation.installation.accountId;
    const read = (raw, url) => new answers.Answer(raw, url);
    return call(invocation, pathOf(descriptor, path, invocation), init, identity(invocation, who, account), read);
  };
}

module.exports = {
  install, call, identity, runtimeOf, current, demand, invocations,
  run: (invocation) => { running = invocation; },
};
