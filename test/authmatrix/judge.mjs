// Asks the official v2 templates for the verdict of one cell, and applies what they answer to the rows of the matrix.
import { CALLERS, identity } from './callers.mjs';

/** Whether a row satisfies a filter as the auth templates build it. */
export function matches(filter, row) {
  return Object.entries(filter ?? {}).every(([k, cond]) => {
    if (k === 'or') return cond.some((f) => matches(f, row));
    if (k === 'and') return cond.every((f) => matches(f, row));
    const have = row[k] ?? null;
    return Object.entries(cond).every(([op, want]) => {
      if (have === null) return false;
      if (op === 'eq') return have === want;
      if (op === 'in') return want.includes(have);
      if (op === 'contains') return have.includes(want); // an element of a list, a part of a text
      throw new Error(`filter operator ${op}`);
    });
  });
}

/** Whether a row satisfies the key expression of a DynamoDB query. */
export function inQuery(query, row) {
  if (!query?.expression) return true;
  const value = (v) => Object.values(query.expressionValues[v] ?? { none: undefined })[0];
  const name = (n) => query.expressionNames?.[n] ?? n;
  return query.expression.trim().split(' AND ').every((term) => {
    let m = /^(#?\w+) = (:\w+)$/.exec(term.trim());
    if (m) return row[name(m[1])] === value(m[2]);
    m = /^begins_with\((#?\w+), (:\w+)\)$/.exec(term.trim());
    if (m) return String(row[name(m[1])] ?? '').startsWith(value(m[2]));
    throw new Error(`key expression ${term}`);
  });
}

const DIRECTIVES = { aws_api_key: 'apiKey', aws_cognito_user_pools: 'userPool', aws_oidc: 'oidc', aws_iam: 'iam' };
const deniedFields = (r) => /^Unauthorized on \[([^\]]*)\]/.exec(r.errors[0]?.message ?? '')?.[1];

export class Judge {
  constructor(vtl, oracle, simulator) {
    this.vtl = vtl;
    this.oracle = oracle;
    this.simulator = simulator;
    // The simulator's copy of a map is always empty, so that its templates never see a null of the input. AppSync copies the
    // entries with the given keys.
    const { JavaMap, createMapProxy, map, target } = simulator;
    target.copyAndRetainAllKeys = (from, keys) => {
      const keep = keys.toJSON();
      const entries = from.entrySet().toJSON().filter((e) => keep.includes(e.key));
      return createMapProxy(new JavaMap(Object.fromEntries(entries.map((e) => [e.key, map(e.value)])), map));
    };
    this.cache = new Map();
    this.evaluations = 0;
  }

  /** Prepares a schema: its templates, and which fields of its models have a resolver of their own. */
  async use(schema) {
    const { ok, error, resolvers, sdl } = await this.oracle.oracle(schema.sdl, { auth: this.oracle.authModes(), emit: ['resolvers', 'sdl'] });
    if (!ok) throw new Error(`${schema.name}: ${error}`);
    this.schema = schema;
    this.resolvers = resolvers;
    this.modes = modesOf(this.simulator.parse(sdl));
    this.cache.clear();
    for (const [name, model] of Object.entries(schema.models)) {
      const splits = (f) => ['res', 'finish.1.res'].some((slot) => resolvers[`resolvers/${name}.${f}.${slot}.vtl`]?.includes('split("::")'));
      model.owners = model.select.filter(splits);
    }
  }

  async ask(caller, field, more) {
    this.evaluations++;
    const r = await this.vtl.evaluate({ schema: this.schema.sdl, field, ...identity(caller), ...more });
    if (r.decision === 'error') throw new Error(`${this.schema.name}, ${caller}, ${field}: ${JSON.stringify(r.errors)}`);
    return r;
  }

  /** The part of an answer about the fields of a row: those that are withheld with an error, and those that are null without one. */
  async fields(caller, model, row, mutation) {
    const out = [];
    for (const f of this.schema.models[model].select) {
      const name = `resolvers/${model}.${f}`;
      if (!this.resolvers[`${name}.req.vtl`]) continue;
      const redacts = /"__operation"[^]*"Mutation"/.test(this.resolvers[`${name}.res.vtl`]);
      const guarded = this.resolvers[`${name}.req.vtl`].includes('isAuthorized');
      const key = JSON.stringify([caller, model, f, row]);
      if (guarded && !this.cache.has(key)) {
        this.cache.set(key, CALLERS[caller].admin ? true : (await this.ask(caller, `${model}.${f}`, { source: row })).decision === 'allow');
      }
      if (guarded && !this.cache.get(key)) out.push(`-${f}`);
      else if (mutation && redacts && (row[f] ?? null) !== null) out.push(`~${f}`);
    }
    return out.length ? ` ${out.join(' ')}` : '';
  }

  /**
   * Whether a row satisfies the filter of a request. On AWS a filter tells what a field holds that the caller may not see; here such a
   * field counts as absent, and a filter by a field that the caller may see in no row at all is refused.
   */
  admitted(filter, row, shown) {
    return Object.entries(filter ?? {}).every(([f, cond]) => {
      const have = shown.split(' ').includes(`-${f}`) ? null : row[f] ?? null;
      return 'eq' in cond ? have === cond.eq : (have !== null) === cond.attributeExists;
    });
  }

  /** Whether AppSync keeps callers of that mode from a field, by the @aws directives of the generated schema, before any template runs. */
  closed(caller, type, field) {
    return !CALLERS[caller].admin && !(this.modes[type]?.[field] ?? ['apiKey']).includes(CALLERS[caller].mode);
  }

  /** Whether a caller may see a field in some row: one that holds nothing but the caller's own claims. */
  async seesSome(caller, model, field) {
    const values = Object.values(CALLERS[caller].claims ?? {}).flat();
    const { sub, username } = CALLERS[caller].claims ?? {};
    for (const v of [`${sub}::${username}`, ...values]) {
      const row = Object.fromEntries(this.schema.models[model].select.flatMap((f) => [[f, /^(editors|teams|groups)$/.test(f) ? [v] : v]]));
      if (!(await this.fields(caller, model, row, false))?.split(' ').includes(`-${field}`)) return true;
    }
    return false;
  }

  /** The verdict about reading: denied, or what tells rows that are visible and in the range of the key. */
  async read(caller, field, args, source) {
    if (CALLERS[caller].admin) return { visible: () => true, inKey: (row) => Object.entries(args ?? {}).every(([k, v]) => admits(v, row[k])) };
    if (this.closed(caller, ...field.split('.'))) return { denied: true };
    const r = await this.ask(caller, field, { args: args ?? {}, source });
    if (r.decision === 'deny') return { denied: true };
    return { visible: (row) => matches(r.authFilter, row), inKey: (row) => inQuery(r.request?.query, row), request: r.request };
  }

  async get(caller, op, model, row) {
    const key = Object.fromEntries(model.key.map((k) => [k, (row ?? model.missing ?? { id: 'nothing' })[k]]));
    const r = await this.read(caller, `Query.${op.field}`, key);
    if (r.denied) return 'unauthorized';
    if (!row || !r.inKey(row)) return 'null';
    if (!r.visible(row)) return 'unauthorized';
    return `ok${await this.fields(caller, op.on, row, false)}`;
  }

  /** Lists and index queries: row by row. */
  async list(caller, op, model) {
    const { filter, ...args } = op.args ?? {};
    const r = await this.read(caller, `Query.${op.field}`, args);
    if (r.denied) return { '*': 'unauthorized' };
    for (const f of Object.keys(filter ?? {})) {
      if (!(await this.seesSome(caller, op.on, f))) return { '*': `unauthorized by ${f}` };
    }
    const out = { '*': 'ok' };
    for (const [name, row] of Object.entries(model.rows)) {
      const indexed = (op.index ?? []).every((f) => (row[f] ?? null) !== null); // an index holds the rows that have its key
      const shown = indexed && r.inKey(row) && r.visible(row) ? await this.fields(caller, op.on, row, false) : null;
      out[name] = shown !== null && this.admitted(filter, row, shown) ? `ok${shown}` : 'hidden';
    }
    return out;
  }

  /** A field of a root type behind which there is nothing. */
  async root(caller, op) {
    if (CALLERS[caller].admin) return 'null';
    if (this.closed(caller, op.on, op.field)) return 'unauthorized';
    if (!this.resolvers[`resolvers/${op.on}.${op.field}.req.vtl`]) return 'null';
    return (await this.ask(caller, `${op.on}.${op.field}`, {})).decision === 'deny' ? 'unauthorized' : 'null';
  }

  /** A verdict of the templates about a write, before the data source is asked. */
  refusal(r) {
    if (r.decision !== 'deny') return null;
    const fields = deniedFields(r);
    return fields === undefined ? 'unauthorized' : `denied ${[...new Set(fields.split(',').map((f) => f.trim()))].sort().join(' ')}`;
  }

  async create(caller, op, model) {
    if (this.closed(caller, 'Mutation', op.field)) return 'unauthorized';
    const input = { ...(model.ident === 'id' ? { id: 'new' } : { [model.ident]: 'new' }), ...op.input };
    const stamped = CALLERS[caller].admin ? { args: { input } } : await this.ask(caller, `Mutation.${op.field}`, { args: { input } });
    const no = this.refusal(stamped);
    if (no) return no;
    const row = stamped.args.input;
    if (Object.values(model.rows).some((x) => model.key.every((k) => x[k] === row[k]))) return 'conditional';
    const known = model.select.filter((f) => !['id', 'tag', 'title', 'note', 'kind'].includes(f)).sort();
    const stored = Object.fromEntries(known.filter((f) => row[f] !== undefined && row[f] !== null).map((f) => [f, row[f]]));
    return `ok ${JSON.stringify(stored)}${await this.fields(caller, op.on, row, true)}`;
  }

  async write(caller, op, model, row) {
    if (this.closed(caller, 'Mutation', op.field)) return 'unauthorized';
    const keys = Object.fromEntries(model.key.map((k) => [k, (row ?? model.missing ?? { id: 'nothing' })[k]]));
    const args = { input: { ...keys, ...op.input } };
    const r = CALLERS[caller].admin ? { decision: 'allow' } : await this.ask(caller, `Mutation.${op.field}`, { args, result: row ?? {} });
    const no = this.refusal(r);
    if (no) return no;
    if (!row) return 'conditional';
    return `ok${await this.fields(caller, op.on, { ...row, ...op.input }, true)}`;
  }

  /** A relation below a get or an update. */
  async nested(caller, op, model, row) {
    const outer = op.input ? await this.write(caller, op, model, row) : await this.get(caller, op, model, row);
    return outer.startsWith('ok') ? this.below(caller, op, row, op.input !== undefined) : outer;
  }

  /** A relation below a row that is shown. */
  async below(caller, op, row, mutation) {
    const name = `${op.on}.${op.path}`;
    const r = await this.read(caller, name, undefined, mutation ? { ...row, __operation: 'Mutation' } : row);
    // no rule applies to an administrator, but what subscribers must not see is left out for everybody
    const redacted = ['req', 'res'].some((slot) => this.resolvers[`resolvers/${name}.auth.1.${slot}.vtl`]?.includes('"deniedField"'));
    if (CALLERS[caller].admin && mutation && redacted) return op.many ? 'ok' : 'ok null';
    if (r.denied) return 'nested unauthorized';
    if (mutation && r.request && !r.request.operation) return op.many ? 'ok' : 'ok null';
    if (mutation && r.request === null) return 'ok null';
    const [here, there] = this.schema.joins[op.path];
    const to = this.schema.models[op.to];
    const related = Object.entries(to.rows).filter(([, x]) => row[here] !== null && x[there] === row[here]);
    if (!op.many) {
      if (!related.length) return 'ok null';
      const [found, x] = related[0];
      return r.visible(x) ? `ok ${found}${await this.fields(caller, op.to, x, mutation)}` : 'nested unauthorized';
    }
    let out = 'ok';
    for (const [found, x] of related.sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (r.visible(x)) out += ` ${found}${await this.fields(caller, op.to, x, mutation)}`;
    }
    return out;
  }

  /** A relation below every row of a list. */
  async nestedList(caller, op, model) {
    const out = await this.list(caller, op, model);
    for (const [name, row] of Object.entries(model.rows)) {
      if (out[name]?.startsWith('ok')) out[name] = await this.below(caller, op, row, false);
    }
    return out;
  }

  /** All verdicts of a caller about an operation, by row. */
  async cells(caller, op) {
    const model = this.schema.models[op.on];
    if (op.kind === 'list' || op.kind === 'index') return this.list(caller, op, model);
    if (op.kind === 'nestedList') return this.nestedList(caller, op, model);
    if (op.kind === 'root') return { '*': await this.root(caller, op) };
    if (op.kind === 'create') return { '*': await this.create(caller, op, model) };
    const out = {};
    for (const name of op.rows) {
      const row = model.rows[name];
      if (op.kind === 'get') out[name] = await this.get(caller, op, model, row);
      else if (op.kind === 'nested') out[name] = await this.nested(caller, op, model, row);
      else out[name] = await this.write(caller, op, model, row);
    }
    return out;
  }
}

/** Whether a value is admitted by a key argument, which is a value or a condition. */
function admits(arg, value) {
  if (typeof arg !== 'object') return arg === value;
  if ('eq' in arg) return arg.eq === value;
  return String(value ?? '').startsWith(arg.beginsWith);
}

/** {Type: {field: modes}} of a schema with @aws directives: those of the field, or else of its type, or else the default mode. */
export function modesOf(document) {
  const named = (node) => (node.directives ?? []).map((d) => DIRECTIVES[d.name.value]).filter(Boolean);
  const out = {};
  for (const type of document.definitions.filter((d) => d.kind === 'ObjectTypeDefinition' || d.kind === 'ObjectTypeExtension')) {
    out[type.name.value] ??= {};
    for (const f of type.fields) {
      const modes = [named(f), named(type), ['apiKey']].find((m) => m.length);
      out[type.name.value][f.name.value] = modes;
    }
  }
  return out;
}
