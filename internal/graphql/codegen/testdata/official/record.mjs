// Records what the official code generator makes of the schemas of this folder.
//
//   mkdir /tmp/generator && cd /tmp/generator
//   npm install --no-audit --no-fund @aws-amplify/graphql-generator@0.5.4 graphql@15.8.0
//   node record.mjs /tmp/generator
//
// A schema says on its first lines which transformer it is for ("# version: 1",
// else 2) and which flags of older projects it has ("# flags: partialRelationKeys").
// Next to each schema comes a .json file: the outputs without white space, and
// the SHA-256 of the bytes that the generator wrote; {"as"} is another output
// that is the same.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(path.resolve(process.argv[2] ?? '.', 'package.json'));
const generator = require('@aws-amplify/graphql-generator');
const directives = require('@aws-amplify/graphql-directives');
const here = path.dirname(fileURLToPath(import.meta.url));

console.warn = () => {};

const outputs = {
  schemajs: { target: 'javascript', isDataStoreEnabled: true },
  introspection: { target: 'introspection', isDataStoreEnabled: false },
  introspectionDataStore: { target: 'introspection', isDataStoreEnabled: true },
};

async function generate(schema, version, partial, options) {
  const files = await generator.generateModels({
    schema,
    transformerVersion: version,
    useExperimentalPipelinedTransformer: version === 2,
    improvePluralization: version === 2,
    respectPrimaryKeyAttributesOnConnectionField: version === 2 && !partial,
    ...(version === 1 ? { directives: directives.V1Directives.map((d) => d.definition).join('\n') } : {}),
    ...options,
  });
  const text = options.target === 'javascript' ? files[Object.keys(files).find((f) => f.endsWith('schema.js'))] : Object.values(files)[0];
  const value = JSON.parse(text.replace(/^export const schema = /, '').replace(/;\s*$/, ''));
  return { sha256: crypto.createHash('sha256').update(text).digest('hex'), value };
}

for (const file of fs.readdirSync(here).filter((f) => f.endsWith('.graphql')).sort()) {
  const schema = fs.readFileSync(path.join(here, file), 'utf8');
  const version = /^# version: 1$/m.test(schema) ? 1 : 2;
  const partial = /^# flags: partialRelationKeys$/m.test(schema);
  const lines = [];
  const seen = new Map();
  for (const [name, options] of Object.entries(outputs)) {
    let out;
    try {
      out = await generate(schema, version, partial, options);
    } catch (e) {
      out = { error: e.message };
    }
    // Conflict detection seldom changes anything.
    const same = seen.get(out.sha256);
    if (same) out = { as: same };
    else if (out.sha256) seen.set(out.sha256, name);
    lines.push(`${JSON.stringify(name)}: ${JSON.stringify(out)}`);
  }
  fs.writeFileSync(path.join(here, file.replace(/\.graphql$/, '.json')), `{\n${lines.join(',\n')}\n}\n`);
}
