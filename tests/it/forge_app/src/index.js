// An app that does on demand what apps do by accident. It needs no package: it speaks to the runtime itself.
import http from 'http';
import net from 'net';
import dns from 'dns';
import { execSync } from 'child_process';
import { promisify } from 'util';
import { gunzip, gzipSync } from 'zlib';

let calls = 0;
export const something = () => {};

const platform = (type, remote, provider = 'app') => (path, init) =>
  globalThis.__forge_fetch__({ type, provider, remote }, path, init);
const jira = platform('fpp', 'jira');
const set = (key, value, options) =>
  platform('kvs', 'kvs')('/api/v1/set', { method: 'POST', body: JSON.stringify({ key, value, options }) });
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const failing = async (work) => {
  try { return await work(); } catch (error) { return error.code ?? error.name; }
};

const does = {
  count: () => ++calls,
  throw: () => { const absent = undefined; return absent.field; },
  throwWord: () => Promise.reject('a word'),
  log: () => { console.log('one %d', 1); process.stdout.write('two\n'); process.stderr.write('three'); return null; },
  async wait({ ms }) { const before = Date.now(); await wait(ms); return Date.now() - before; },
  async race() {
    const order = [];
    await Promise.all([300, 100, 200].map(async (ms) => { await wait(ms); order.push(ms); }));
    return order;
  },
  async unzipBeforeTimer() {
    const slow = promisify(gunzip)(gzipSync(Buffer.alloc(30_000_000)));
    return Promise.race([slow.then(() => 'unzipped'), wait(5_000).then(() => 'timer')]);
  },
  busy() { const end = Date.now() + 50; while (Date.now() < end); return 'done'; },
  now: () => [new Date().toISOString(), Date(), performance.now() >= 0, new Date(0).getTime()],
  forever: () => new Promise(() => {}),
  exit: () => process.exit(3),
  unhandled: () => { Promise.reject(new RangeError('dropped')); return wait(1_000); },
  uncaught: () => { setTimeout(() => { throw new Error('in a timer'); }, 10); return wait(1_000); },
  spin: () => { for (;;); },
  huge: () => 'x'.repeat(6 * 1024 * 1024),
  circular: () => { const a = {}; a.a = a; return a; },
  kill: () => { process.kill(process.pid, 'SIGKILL'); return wait(1_000); },
  smuggle: () => { require('fs').writeSync(1, '{"jsonrpc":"2.0","id":1,"result":{}}\nhalf a line'); return 'ok'; },
  async search() {
    const answer = await jira('/rest/api/3/search/jql?jql=project%20is%20not%20empty&maxResults=5');
    return [answer.status, (await answer.json()).issues.length];
  },
  async asUser() {
    const answer = await platform('fpp', 'jira', 'user')('/rest/api/3/myself');
    return [answer.status, answer.headers.get('forge-proxy-error')];
  },
  async hang({ ms }) {
    const before = Date.now();
    const how = await failing(() => jira('/rest/api/3/field', { signal: AbortSignal.timeout(ms) }));
    return [how, Date.now() - before];
  },
  async half() { return failing(async () => (await jira('/rest/api/3/field')).json()); },
  async lock({ key }) { return (await set(key, { by: calls }, { keyPolicy: 'FAIL_IF_EXISTS' })).status; },
  async unawaited({ key }) { set(key, 1); return 'left'; },
  async push() {
    const path = '/webhook/queue/publish/{contextAri}/{environmentId}/{appId}/{appVersion}';
    const body = JSON.stringify({ queueName: 'work', jobId: 'j', payload: [{ body: { n: 1 } }] });
    return (await platform('fpp', 'stargate')(path, { method: 'POST', body })).status;
  },
  async reach() {
    return {
      allowed: (await fetch('https://api.example.com/path?secret=1')).status,
      wildcard: (await fetch('https://eu.allowed.example/')).status,
      plain: await failing(() => fetch('http://api.example.com/')),
      fetch: await failing(() => fetch('https://fetch.example/')),
      http: await failing(() => new Promise((yes, no) => http.get('http://http.example/', yes).on('error', no))),
      net: await failing(() => new Promise((yes, no) => net.connect(25, 'net.example', yes).on('error', no))),
      dns: await failing(() => dns.promises.resolve('dns.example')),
      program: await failing(() => execSync('curl https://program.example')),
    };
  },
  async viaHttps() {
    const https = await import('https');
    return new Promise((yes, no) => https.request('https://api.example.com/x', (r) => { r.resume(); yes(r.statusCode); }).on('error', no).end());
  },
  environment: () => [Object.keys(process.env).sort(), process.cwd() === process.env.TMPDIR],
};

export const resolve = ({ call: { functionKey, payload } }) => does[functionKey](payload ?? {});

export const patient = async () => { await wait(600_000); return 'patient'; };
