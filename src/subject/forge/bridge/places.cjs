'use strict';
// Places in the bundle, told as places in the app's own source. The source map is read when the first error asks: Node's
// own `--enable-source-maps` reads it at every start.
const fs = require('node:fs');
const path = require('node:path');
const { SourceMap } = require('node:module');

/** `file:line:column` at the end of a line of a stack. */
const PLACE = /((?:file:\/\/)?\/[^():]*):(\d+):(\d+)(\)?)$/;

let app;
let map;

function install(config) { app = config; }

/** The map that lies beside the bundle; its sources are absolute, or relative to it. */
function mapOf(bundle) {
  const file = path.join(path.dirname(bundle), 'bundle.cjs.map');
  try {
    const payload = JSON.parse(fs.readFileSync(file, 'utf8'));
    payload.sources = payload.sources.map((source) => path.resolve(path.dirname(file), source));
    return new SourceMap(payload);
  } catch {
    return { findEntry: () => ({}) };
  }
}

/** A stack with the bundle's places turned into the source's. */
function inSource(stack) {
  return stack.split('\n').map((line) => line.replace(PLACE, (whole, file, row, column, closing) => {
    if (file !== app.bundle) return whole;
    map ??= mapOf(app.bundle);
    const { originalSource, originalLine, originalColumn } = map.findEntry(Number(row) - 1, Number(column) - 1);
    return originalSource === undefined ? whole : `${originalSource}:${originalLine + 1}:${originalColumn + 1}${closing}`;
  })).join('\n');
}

/** The stack of what was thrown, told in the app's source; `undefined` for what has none. */
function stackOf(error) {
  return typeof error?.stack === 'string' ? inSource(error.stack) : undefined;
}

/** The first place of an error in the app's own source, as `src/index.js:12`. */
function placeOf(error) {
  for (const line of stackOf(error)?.split('\n') ?? []) {
    const found = PLACE.exec(line);
    if (!found || found[1] === app.bundle) continue;
    const file = path.relative(app.folder, decodeURI(found[1].replace('file://', '')));
    if (!file.startsWith('..') && !file.split(path.sep).includes('node_modules')) return `${file}:${found[2]}`;
  }
  return undefined;
}

module.exports = { install, placeOf, stackOf };
