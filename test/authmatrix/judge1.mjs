// Asks the official v1 templates for the verdict of one cell. They decide in three places: what AppSync reads in the @aws directives
// of the generated schema, the request template (create, and the condition of update and delete), and the response template (get,
// list, relations: after reading). The policies of the roles of an identity pool come on top.
import { CALLERS, identity } from './callers.mjs';
import { plain, satisfies } from './dynamodb.mjs';
import { Judge, inQuery, modesOf } from './judge.mjs';

const MODES = { apiKey: 'API_KEY', userPool: 'AMAZON_COGNITO_USER_POOLS', oidc: 'OPENID_CONNECT', iam: 'AWS_IAM' };

export class Judge1 extends Judge {
  async use(schema) {
    const auth = this.oracle.authModes('API_KEY', 1);
    const { ok, error, resolvers, sdl } = await this.oracle.oracle(schema.sdl, { version: 1, auth, emit: ['resolvers', 'sdl'] });
    if (!ok) throw new Error(`${schema.name}: ${error}`);
    this.schema = schema;
    this.resolvers = resolvers;
    const document = this.simulator.parse(sdl);
    this.modes = modesOf(document);
    this.required = requiredOf(document);
    this.types = typesOf(document);
    for (const model of Object.values(schema.models)) model.owners = [];
  }

  /** Whether AppSync lets a caller select a field, before any template runs. */
  reaches(caller, type, field, kind) {
    const { mode, admin, iam } = CALLERS[caller];
    if (admin) return true;
    if (!(this.modes[type]?.[field] ?? ['apiKey']).includes(mode)) return false;
    if (mode !== 'iam') return true;
    if (iam.guest === undefined) return false; // no policy names it
    return !iam.guest || (this.schema.guest ?? []).includes(kind);
  }

  render(caller, name, context) {
    this.evaluations++;
    const { authType, identity: who } = identity(caller);
    const request = {
      requestAuthorizationMode: MODES[authType], headers: {}, appsyncErrors: [],
      sourceIp: authType === 'oidc' ? undefined : '127.0.0.1', // AppSync gives none, by which v1 tells the two kinds of token apart
      jwt: who.claims && Object.keys(who.claims).length ? { iss: 'https://issuer.example.com/', ...who.claims } : undefined,
      iamToken: authType === 'iam' ? who : undefined,
    };
    const [parentType, fieldName] = name.split('.');
    const info = { fieldName, parentType, fieldNodes: [], fragments: {}, path: { key: fieldName }, operation: { selectionSet: { selections: [] } } };
    const surroundings = { appSyncConfig: { defaultAuthenticationType: { authenticationType: 'API_KEY' } } };
    const template = new this.simulator.VelocityTemplate({ content: this.resolvers[name] }, surroundings);
    const r = template.render({ source: {}, stash: {}, ...structuredClone(context) }, request, info);
    const e = r.errors?.[0];
    if (e && !/^Unauthorized/.test(e.message)) throw new Error(`${this.schema.name}, ${caller}, ${name}: ${e.message}`);
    return { denied: Boolean(e), result: r.result === '' ? null : JSON.parse(JSON.stringify(r.result ?? null)), args: r.args };
  }

  /** As in version 2; and null when a field is withheld that cannot be null, so that the whole object goes. */
  async fields(caller, model, row, mutation) {
    const out = [];
    const required = this.required[model];
    for (const f of this.schema.models[model].select) {
      const name = `${model}.${f}`;
      const guarded = this.resolvers[`${name}.req.vtl`];
      const admin = CALLERS[caller].admin;
      const source = mutation ? { ...row, operation: 'Mutation' } : row;
      if (!admin && (!this.reaches(caller, model, f, 'field') || (guarded && this.render(caller, `${name}.req.vtl`, { source, arguments: {} }).denied))) {
        if (required.includes(f)) return null;
        out.push(`-${f}`);
      }
      else if (mutation && guarded && /"Mutation"/.test(this.resolvers[`${name}.res.vtl`]) && (row[f] ?? null) !== null) out.push(`~${f}`);
    }
    return out.length ? ` ${out.join(' ')}` : '';
  }

  async get(caller, op, model, row) {
    if (!this.reaches(caller, 'Query', op.field, 'get')) return 'unauthorized';
    if (CALLERS[caller].admin) return row ? 'ok' : 'null';
    const args = Object.fromEntries(model.key.map((k) => [k, row?.[k] ?? 'nothing']));
    const name = `Query.${op.field}`;
    if (this.render(caller, `${name}.req.vtl`, { arguments: args }).denied) return 'unauthorized';
    if (!row) return 'null'; // the template returns before it asks
    if (this.render(caller, `${name}.res.vtl`, { arguments: args, result: row }).denied) return 'unauthorized';
    return this.object('ok', await this.fields(caller, op.on, row, false));
  }

  /** The rows of a page that the response template leaves; null if it refuses. */
  page(caller, name, context, rows) {
    if (CALLERS[caller].admin) return rows;
    const asked = this.render(caller, `${name}.req.vtl`, context);
    if (asked.denied) return null;
    const found = rows.filter((r) => inQuery(asked.result?.query, r));
    const left = this.render(caller, `${name}.res.vtl`, { ...context, result: { items: found } });
    return left.denied ? null : left.result.items;
  }

  /** The verdict about an object that is answered without some of its fields. */
  object(ok, fields) {
    return fields === null ? 'null' : ok + fields;
  }

  async list(caller, op, model) {
    if (!this.reaches(caller, 'Query', op.field, op.kind)) return { '*': 'unauthorized' };
    const { filter, ...args } = op.args ?? {};
    const given = Object.entries(args);
    const rows = Object.values(model.rows).filter((r) => (op.index ?? []).every((f) => (r[f] ?? null) !== null) && given.every(([k, v]) => r[k] === v));
    const left = this.page(caller, `Query.${op.field}`, { arguments: args }, rows);
    if (!left) return { '*': 'unauthorized' };
    for (const f of Object.keys(filter ?? {})) {
      if (!(await this.seesSome(caller, op.on, f))) return { '*': `unauthorized by ${f}` };
    }
    const out = { '*': 'ok' };
    for (const [name, row] of Object.entries(model.rows)) {
      const shown = left.some((x) => x[model.ident] === row[model.ident]) ? await this.fields(caller, op.on, row, false) : null;
      out[name] = shown !== null && this.admitted(filter, row, shown) ? `ok${shown}` : 'hidden';
    }
    return out;
  }

  async root(caller, op) {
    if (!this.reaches(caller, op.on, op.field, 'field')) return 'unauthorized';
    const name = `${op.on}.${op.field}.req.vtl`;
    const asks = !CALLERS[caller].admin && this.resolvers[name];
    return asks && this.render(caller, name, { arguments: {} }).denied ? 'unauthorized' : 'null';
  }

  async create(caller, op, model) {
    if (!this.reaches(caller, 'Mutation', op.field, 'create')) return 'unauthorized';
    let row = { id: 'new', ...op.input };
    if (!CALLERS[caller].admin) {
      const r = this.render(caller, `Mutation.${op.field}.req.vtl`, { arguments: { input: row } });
      if (r.denied) return 'unauthorized';
      row = Object.fromEntries(Object.entries(r.result.attributeValues).map(([k, v]) => [k, plain(v)]));
    }
    const known = model.select.filter((f) => !['id', 'tag', 'title', 'note', 'kind'].includes(f)).sort();
    const stored = Object.fromEntries(known.filter((f) => (row[f] ?? null) !== null).map((f) => [f, row[f]]));
    return this.object(`ok ${JSON.stringify(stored)}`, await this.fields(caller, op.on, row, true));
  }

  async write(caller, op, model, row) {
    const kind = op.field.startsWith('delete') ? 'delete' : 'update';
    if (!this.reaches(caller, 'Mutation', op.field, kind)) return 'unauthorized';
    const args = { input: { id: row?.id ?? 'nothing', ...op.input } };
    if (!CALLERS[caller].admin) {
      const r = this.render(caller, `Mutation.${op.field}.req.vtl`, { arguments: args });
      if (r.denied) return 'unauthorized';
      if (!satisfies(r.result.condition, row)) return 'conditional';
    }
    if (!row) return 'conditional';
    return this.object('ok', await this.fields(caller, op.on, { ...row, ...op.input }, true));
  }

  async nested(caller, op, model, row) {
    const outer = op.input ? await this.write(caller, op, model, row) : await this.get(caller, op, model, row);
    if (!outer.startsWith('ok') && outer !== 'null') return outer; // null: of fields that a relation alone does not ask for
    return row ? this.below(caller, op, { ...row, ...op.input }, op.input !== undefined) : outer;
  }

  async below(caller, op, row, mutation) {
    const source = { ...row, ...(mutation && { operation: 'Mutation' }) };
    const name = `${op.on}.${op.path}`;
    if (!this.reaches(caller, op.on, op.path, 'field')) return 'nested unauthorized';
    const [here, there] = this.schema.joins[op.path];
    const to = this.schema.models[op.to];
    const related = Object.values(to.rows).filter((x) => (row[here] ?? null) !== null && x[there] === row[here]);
    if (op.many) {
      const left = this.page(caller, name, { arguments: {}, source }, related);
      if (!left) return 'nested unauthorized';
      if (!this.reaches(caller, this.types[op.on][op.path], 'items', 'field')) return 'ok null'; // for items cannot be null
      let out = 'ok';
      for (const x of related.sort((a, b) => (a.id < b.id ? -1 : 1))) {
        const shown = left.some((y) => y.id === x.id) ? await this.fields(caller, op.to, x, mutation) : null;
        if (shown !== null) out += ` ${x.id}${shown}`;
      }
      return out;
    }
    if (!CALLERS[caller].admin && this.render(caller, `${name}.req.vtl`, { arguments: {}, source }).denied) return 'nested unauthorized';
    if (!related.length) return 'ok null';
    if (!CALLERS[caller].admin && this.render(caller, `${name}.res.vtl`, { arguments: {}, source, result: related[0] }).denied) return 'nested unauthorized';
    const shown = await this.fields(caller, op.to, related[0], mutation);
    return shown === null ? 'ok null' : `ok ${related[0].id}${shown}`;
  }
}

/** {Type: {field: type}}, by name. */
function typesOf(document) {
  const name = (t) => (t.kind === 'NamedType' ? t.name.value : name(t.type));
  const types = document.definitions.filter((d) => d.kind === 'ObjectTypeDefinition');
  return Object.fromEntries(types.map((t) => [t.name.value, Object.fromEntries(t.fields.map((f) => [f.name.value, name(f.type)]))]));
}

/** {Type: [field]}, the fields that cannot be null. */
function requiredOf(document) {
  const types = document.definitions.filter((d) => d.kind === 'ObjectTypeDefinition');
  return Object.fromEntries(types.map((t) => [t.name.value, t.fields.filter((f) => f.type.kind === 'NonNullType').map((f) => f.name.value)]));
}
