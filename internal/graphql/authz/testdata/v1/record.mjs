#!/usr/bin/env node
// Asks the official resolver templates of transformer version 1 (graphql-auth-transformer 7.2.89) what they decide in
// every case of cases.json, and prints the answers: node record.mjs FOLDER > verdicts.json
//
// FOLDER is an installation of the transformers and of the Velocity engine of the official simulator: oracle.mjs, which
// exports oracle(schema, options), and vtl/node_modules with @aws-amplify/amplify-appsync-simulator 2.x. No database
// is needed: conditions of updates and deletes are evaluated here.
//
// Answers are texts with one character per row, or lists with a text per input:
//   get, list, field  v shown, u unauthorized, - absent
//   update, delete    a allowed, u unauthorized, c the condition fails
//   create            u, or a and the stamped fields
//   redacted          whether a payload of a mutation lacks the field: per mutation create, update, delete
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

process.env.AMPLIFY_SUPPRESS_NO_PKG_LIB = '1';
const folder = path.resolve(process.argv[2]);
const { oracle } = await import(pathToFileURL(path.join(folder, 'oracle.mjs')));
const require = createRequire(path.join(folder, 'vtl/package.json'));
const { VelocityTemplate } = require('@aws-amplify/amplify-appsync-simulator/lib/velocity');

const cases = JSON.parse(fs.readFileSync(new URL('cases.json', import.meta.url), 'utf8'));
const plain = (v) => (v === undefined ? undefined : JSON.parse(JSON.stringify(v)));
const modes = { userPool: 'AMAZON_COGNITO_USER_POOLS', oidc: 'OPENID_CONNECT', apiKey: 'API_KEY', iam: 'AWS_IAM' };

const surroundings = { appSyncConfig: { defaultAuthenticationType: { authenticationType: cases.auth[0] } } };
const parsed = new Map();
function render(content, caller, { args = {}, source = {}, result = {} }) {
  const token = caller.mode === 'userPool' || caller.mode === 'oidc';
  const issuer = caller.mode === 'oidc' ? 'https://oidc.example.com/' : 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_x';
  const request = {
    requestAuthorizationMode: modes[caller.mode],
    jwt: token ? { iss: issuer, ...caller.claims } : undefined,
    iamToken: caller.mode === 'iam' ? { accountId: '1', userArn: 'arn', username: 'role' } : undefined,
    headers: caller.mode === 'apiKey' ? { 'x-api-key': 'da2-x' } : {},
    sourceIp: caller.mode === 'oidc' ? undefined : '127.0.0.1', // AppSync has none for OpenID Connect, unlike the simulator
    appsyncErrors: [],
  };
  const context = { arguments: structuredClone(args), source, result: structuredClone(result), stash: {} };
  const info = { fieldName: 'f', parentType: 'T', fieldNodes: [], fragments: {}, path: { key: 'f' }, operation: { selectionSet: { selections: [] } } };
  if (!parsed.has(content)) parsed.set(content, new VelocityTemplate({ content }, surroundings));
  const r = parsed.get(content).render(context, request, info);
  if (r.errors?.length) {
    const text = r.errors.map((e) => e.message).join();
    if (/unauthorized/i.test(text)) return { denied: true };
    throw new Error(text);
  }
  return { result: plain(r.result), args: plain(r.args ?? context.arguments) };
}

// holds evaluates the condition of a request on a row.
function holds(c, row) {
  const value = (n) => row[c.expressionNames[n]];
  const given = (v) => c.expressionValues[v].S;
  const js = c.expression
    .replace(/attribute_exists\((#\w+)\)/g, (_, n) => String(value(n) !== undefined))
    .replace(/contains\((#\w+), (:\w+)\)/g, (_, n, v) => String((value(n) ?? []).includes(given(v))))
    .replace(/(#\w+) = (:\w+)/g, (_, n, v) => String(value(n) === given(v)))
    .replaceAll('AND', '&&')
    .replaceAll('OR', '||');
  if (!/^[\s()&|truefalse]*$/.test(js)) throw new Error(c.expression);
  return new Function(`return ${js}`)();
}

const server = ['id', 'createdAt', 'updatedAt', '__typename'];
const out = {};
for (const [name, s] of Object.entries(cases.schemas)) {
  const auth = s.rules ? ` @auth(rules: [${s.rules}])` : '';
  const schema = `type M @model${s.model ?? ''}${auth} { ${cases.body} ${s.more ?? ''} }`;
  const { ok, error, resolvers } = await oracle(schema, { version: 1, auth: cases.auth, emit: ['resolvers'] });
  if (!ok) throw new Error(`${name}: ${error}`);
  const templates = (f) => [resolvers[`${f}.req.vtl`], resolvers[`${f}.res.vtl`]];
  out[name] = {};
  for (const [who, caller] of Object.entries(cases.callers)) {
    const to = (out[name][who] = {});
    to.get = [...cases.rows, null]
      .map((result) => {
        const r = render(templates('Query.getM')[1], caller, { result });
        return r.denied ? 'u' : r.result ? 'v' : '-';
      })
      .join('');
    to.list = cases.rows
      .map((row) => {
        const r = render(templates('Query.listMs')[1], caller, { result: { items: [row] } });
        return r.denied ? 'u' : r.result.items.length ? 'v' : '-';
      })
      .join('');
    to.create = cases.creates.map((input) => {
      const r = render(templates('Mutation.createM')[0], caller, { args: { input } });
      if (r.denied) return 'u';
      const stamped = Object.entries(r.args.input).filter(([k]) => !(k in input) && !server.includes(k));
      return ['a', ...stamped.map(([k, v]) => `${k}=${JSON.stringify(v)}`).sort()].join(' ');
    });
    const change = (template, input) => {
      const r = render(template, caller, { args: { input } });
      return cases.rows.map((row) => (r.denied ? 'u' : holds(r.result.condition, row) ? 'a' : 'c')).join('');
    };
    to.update = cases.updates.map((input) => change(templates('Mutation.updateM')[0], input));
    to.delete = change(templates('Mutation.deleteM')[0], { id: '1' });
    const [req, res] = templates('M.secret');
    if (req) {
      to.field = cases.rows.map((source) => (render(req, caller, { source }).denied ? 'u' : 'v')).join('');
      to.redacted = ['create', 'update', 'delete']
        .map((m) => {
          const source = render(templates(`Mutation.${m}M`)[1], caller, { result: { id: '1', secret: 'x' } }).result;
          return render(res, caller, { source }).result === 'x' ? 'v' : '-';
        })
        .join('');
    }
  }
}
// One line for each schema and caller.
const lines = (o, text) => `{\n${Object.entries(o).map(([k, v]) => `${JSON.stringify(k)}: ${text(v)}`).join(',\n')}\n}`;
process.stdout.write(lines(out, (to) => lines(to, JSON.stringify)) + '\n');
