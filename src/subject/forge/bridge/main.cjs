'use strict';
// One instance of a Forge app: a Node process in which one function runs at a time, as in a warm container. gonogo
// tells it first what app it is (`start`), then what to run (`invoke`) and what time it is (`clock`).
const v8 = require('node:v8');
const wire = require('./wire.cjs');
const time = require('./time.cjs');
const transport = require('./transport.cjs');
const runtime = require('./runtime.cjs');
const egress = require('./egress.cjs');
const work = require('./work.cjs');
const invocation = require('./invocation.cjs');

/** A sign of life for gonogo: missing when the app never lets go of Node's only thread. */
const ALIVE_MS = 500;

/** What a process on the platform sees of itself: nothing there tells of the bridge. */
function dress() {
  process.argv.splice(0, process.argv.length, '/var/lang/bin/node', '/var/runtime/index.mjs');
  process.execArgv.splice(0);
  Object.assign(process.env, {
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split('.')[0]}.x`,
    AWS_LAMBDA_FUNCTION_NAME: 'forge-app', AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_REGION: 'us-west-2', AWS_DEFAULT_REGION: 'us-west-2', LAMBDA_TASK_ROOT: '/var/task',
  });
  for (const file of Object.keys(require.cache)) if (file.startsWith(__dirname)) delete require.cache[file];
  process.mainModule = undefined;
}

/** An instance lives for a moment: what V8 would spend on optimizing its code is never earned back, save by an app
 * that computes for long. Later than Node does by itself; set once Node's own modules are loaded, for V8 compiles
 * those anew under other flags. */
const OPTIMIZE_LATE = '--interrupt-budget=2000000';

const methods = {
  start(_, config) {
    dress();
    transport.install(config, invocation.poke);
    work.install();
    runtime.install(config);
    egress.install(config);
    time.install(config.now, invocation.poke);
    invocation.install(config);
    v8.setFlagsFromString(OPTIMIZE_LATE);
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
