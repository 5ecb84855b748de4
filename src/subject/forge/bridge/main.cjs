'use strict';
// One instance of a Forge app: a Node process in which one function runs at a time, as in a warm container. gonogo
// tells it first what app it is (`start`), then what to run (`invoke`) and what time it is (`clock`).
const wire = require('./wire.cjs');
const time = require('./time.cjs');
const transport = require('./transport.cjs');
const runtime = require('./runtime.cjs');
const egress = require('./egress.cjs');
const work = require('./work.cjs');
const invocation = require('./invocation.cjs');

/** A sign of life for gonogo: missing when the app never lets go of Node's only thread. */
const ALIVE_MS = 500;

const methods = {
  start(_, config) {
    transport.install(config, invocation.poke);
    work.install();
    runtime.install(config);
    egress.install(config);
    time.install(config.now, invocation.poke);
    invocation.install(config);
    time.real.setInterval.call(globalThis, () => wire.send({ method: 'alive' }), ALIVE_MS).unref();
    wire.send({ method: 'ready', params: { node: process.versions.node } });
  },
  invoke: (id, params) => invocation.invoke(id, params),
  clock(_, { now }) {
    time.set(now);
    invocation.poke();
  },
  shutdown: invocation.leave,
};

wire.listen((message) => {
  if (message.method) methods[message.method]?.(message.id, message.params);
  else invocation.answered(message.id, message.result.now);
}, invocation.leave);
