#!/usr/bin/env node
// Records the verdicts of the authorization matrix in testdata/. Run by hand when a shape is added:
//
//   node record.mjs ORACLE [family ...]
//
// ORACLE is an installed copy of the oracle: the official transformers, whose resolver templates are evaluated for every cell
// (oracle.mjs, vtl.mjs, and the packages that they load). The families are the files in testdata; all of them when none is named.
// It takes about 15 ms per verdict, and never gives memory back: name some families at a time.
//
// A file of testdata holds, line by line, a schema (an object) and the verdicts about it (arrays):
//
//   {"schema": name, "version": 1 or 2, "sdl": text, "models": {Model: {key, ident, select, owners, rows, missing}}, "ops": [operation ...]}
//   [caller, operation, {verdict: "row row ..."}]
//
// A verdict is a text:
//   ok                     allowed; for a list, the row is shown; "hidden" if it is not
//   ok {"owner": "..."}    a create, with what is stored of the fields that rules look at
//   ok NAME ...            a relation, with the rows that it shows; "null" for none of one
//   ... -field ~field      answered without the field: null with an error, null without one though there is a value
//   null                   no row
//   unauthorized           refused; "nested unauthorized": the relation only
//   unauthorized by FIELD  refused because of a field in the filter
//   denied FIELD ...       refused because of fields of the input
//   conditional            refused because the condition of the write failed
//
// What the templates do not say is judged here, from the rules that docs/compat/graphql.md states: get after read (a row that
// the filter keeps back is Unauthorized, no row is null), the holder of a long-lived access key, to whom no rule applies, and
// filters by fields that the caller may not see.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CALLERS } from './callers.mjs';
import { Judge } from './judge.mjs';
import { Judge1 } from './judge1.mjs';
import { fieldShapes, indexShapes, keyShapes, relationShapes } from './related.mjs';
import { rootShapes, v1RootShapes } from './roots.mjs';
import { groupShapes, mixedShapes, ownerShapes, wholeShapes } from './shapes.mjs';
import { v1FieldShapes, v1RelationShapes, v1Shapes } from './shapes1.mjs';

const FAMILIES = {
  owner: ownerShapes, group: groupShapes, whole: wholeShapes, mixed: mixedShapes, field: fieldShapes, index: indexShapes, key: keyShapes,
  relation: relationShapes, v1: v1Shapes, v1field: v1FieldShapes, v1relation: v1RelationShapes, root: rootShapes, v1root: v1RootShapes,
};

const [folder, ...names] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node record.mjs ORACLE [family ...]');
  process.exit(2);
}
const load = (name) => import(pathToFileURL(path.resolve(folder, name)).href);
const data = path.join(path.dirname(fileURLToPath(import.meta.url)), 'testdata');

/** {row: verdict} as {verdict: rows}. */
function turn(cells) {
  const out = {};
  for (const [row, verdict] of Object.entries(cells)) out[verdict] = out[verdict] ? `${out[verdict]} ${row}` : row;
  return out;
}

// The parts of the simulator that have to be mended, from the tree that vtl.mjs loads it from.
const velocity = createRequire(path.resolve(folder, 'vtl/package.json'));
const part = (name) => velocity(`@aws-amplify/amplify-appsync-simulator/lib/velocity/${name}`);
const simulator = {
  ...part('value-mapper/map'), ...part('value-mapper/mapper'), target: part('util/map-utils').mapUtils, VelocityTemplate: part('index').VelocityTemplate,
  parse: velocity('graphql').parse,
};
const parts = [await load('vtl.mjs'), await load('oracle.mjs'), simulator];
const judges = { 1: new Judge1(...parts), 2: new Judge(...parts) };
fs.mkdirSync(data, { recursive: true });
fs.writeFileSync(path.join(data, 'callers.json'), `{\n${Object.entries(CALLERS).map(([n, c]) => `  ${JSON.stringify(n)}: ${JSON.stringify(c)}`).join(',\n')}\n}\n`);
let failed = false;
for (const family of names.length ? names : Object.keys(FAMILIES)) {
  const lines = [];
  let cells = 0;
  for (const schema of FAMILIES[family]()) {
    const judge = judges[schema.version ?? 2];
    try {
      await judge.use(schema);
      const own = [];
      for (const op of schema.ops) {
        for (const caller of schema.callers) {
          const verdicts = await judge.cells(caller, op);
          cells += Object.keys(verdicts).length;
          own.push(JSON.stringify([caller, op.n, turn(verdicts)]));
        }
      }
      const { name, sdl, models, ops, version = 2 } = schema;
      lines.push(JSON.stringify({ schema: name, version, sdl, models, ops }), ...own);
    } catch (e) {
      failed = true;
      console.error(`${family}: ${schema.name}: ${e.message.slice(0, 600)}`);
    }
  }
  fs.writeFileSync(path.join(data, `${family}.jsonl`), lines.join('\n') + '\n');
  console.log(`${family}: ${cells} verdicts, ${(fs.statSync(path.join(data, `${family}.jsonl`)).size / 1024).toFixed(0)} kB`);
}
process.exit(failed ? 1 : 0);
