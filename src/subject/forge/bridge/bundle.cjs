'use strict';
// Bundles an app's handler files with esbuild, as `forge deploy` does with webpack: one file, each handler loaded when
// first asked for. Reads {esbuild, folder, handlers: {name: file}, outfile, nodeFetch, target} as JSON from its one
// argument; prints {warnings, inputs} or {errors} as JSON.
const options = JSON.parse(process.argv[2]);
const esbuild = require(options.esbuild);

const entry = Object.entries(options.handlers)
  .map(([name, file]) => `${JSON.stringify(name)}: () => require(${JSON.stringify(file)}),`)
  .join('\n');

/** The @forge packages of old speak to the platform through `node-fetch`; the app's own use of it stays as it is. */
const nodeFetch = {
  name: 'node-fetch',
  setup(build) {
    build.onResolve({ filter: /^node-fetch$/ }, (asked) =>
      (/[\\/]@forge[\\/]/.test(asked.importer) ? { path: options.nodeFetch } : undefined));
  },
};

/**
 * The platform's bundler gives TypeScript the `default` that a compiled module names; esbuild gives it the whole
 * module, as Node would, where the package is of `type: module`.
 */
const named = {
  name: 'named-default',
  setup(build) {
    build.onResolve({ filter: /^@forge\/[\w-]+$/ }, ({ path, importer, kind, namespace, resolveDir }) =>
      (kind === 'import-statement' && namespace === 'file' && /\.tsx?$/.test(importer)
        ? { path, namespace: 'named-default', pluginData: resolveDir } : undefined));
    build.onLoad({ filter: /.*/, namespace: 'named-default' }, ({ path, pluginData: resolveDir }) => {
      const from = JSON.stringify(path);
      return { contents: `export * from ${from}; export { default } from ${from};`, resolveDir };
    });
  },
};

function line({ text, location }) {
  return location ? `${location.file}:${location.line}: ${text}` : text;
}

esbuild.build({
  stdin: { contents: `module.exports = {\n${entry}\n};`, resolveDir: options.folder, sourcefile: 'gonogo-handlers.cjs' },
  absWorkingDir: options.folder,
  outfile: options.outfile,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: options.target,
  jsx: 'automatic',
  loader: { '.js': 'jsx' },
  sourcemap: 'linked',
  sourcesContent: false,
  keepNames: true,
  metafile: true,
  logLevel: 'silent',
  plugins: [nodeFetch, named],
}).then(
  (result) => console.log(JSON.stringify({
    warnings: result.warnings.map(line),
    // What is no file of the app's, such as the list of handlers, is no input.
    inputs: Object.keys(result.metafile.inputs).filter((file) => require('node:fs').existsSync(require('node:path').resolve(options.folder, file)) && !file.endsWith('node-fetch.cjs')),
  })),
  (failure) => console.log(JSON.stringify({ errors: (failure.errors ?? [{ text: String(failure) }]).map(line) })),
);
