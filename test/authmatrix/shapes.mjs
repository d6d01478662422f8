// The schemas of the matrix for transformer v2: rule shapes on a model Post, with the rows and operations that each shape asks for.
import { ALL, CLAIMS, FEW, GROUPS, IAM, MIXED, OIDC, OWNERS } from './callers.mjs';

// What a field that a rule looks at can hold: row states, and values that a create gives.
const FULL = 's1::alice';
const ownerStates = {
  full: FULL, sub: 's1', name: 'alice', foreign: 's2::bob', twin: 's9::alice', none: null,
};
const listStates = {
  has: ['s2::bob', FULL], hasName: ['alice'], foreign: ['s2::bob'], empty: [], none: null,
};
const groupStates = { in: 'Admin', out: 'Other', none: null };
const groupListStates = { has: ['Other', 'Admin'], out: ['Other'], empty: [], none: null };
const mailStates = { mail: 'alice@example.com', both: 's1::alice@example.com', full: FULL, foreign: 'bob@example.com', none: null };

const KINDS = {
  owner: { type: 'String', states: ownerStates, give: { ...ownerStates } },
  mail: { type: 'String', states: mailStates, give: mailStates },
  list: { type: '[String]', states: listStates, give: { has: [FULL], both: ['alice', 's2::bob'], foreign: ['s2::bob'], empty: [], none: null } },
  group: { type: 'String', states: groupStates, give: groupStates },
  groups: { type: '[String]', states: groupListStates, give: groupListStates },
};

/** Every state of one field beside the last state of the others, and all first states together. */
function combine(looks, key) {
  const entries = Object.entries(looks);
  const last = (kind) => Object.keys(KINDS[kind][key]).at(-1);
  const out = {};
  const put = (pick) => {
    const name = entries.map(([f]) => (entries.length > 1 ? `${f}.` : '') + pick[f]).join('+');
    out[name] = Object.fromEntries(entries.map(([f, kind]) => [f, KINDS[kind][key][pick[f]]]));
  };
  for (const [f, kind] of entries) {
    for (const state of Object.keys(KINDS[kind][key])) put({ ...Object.fromEntries(entries.map(([g, k]) => [g, last(k)])), [f]: state });
  }
  if (entries.length > 1) put(Object.fromEntries(entries.map(([f, kind]) => [f, Object.keys(KINDS[kind][key])[0]])));
  return out;
}

/** The root field of an operation on a model, unless the operation says another. */
export const named = (op, model) => ({ on: model, field: (op.kind === 'list' ? `listPosts` : `${op.kind}Post`).replace('Post', model), ...op });

/**
 * A schema with one model. `looks` are the declared fields that rules look at, `hidden` those that the transformer adds,
 * `fields` further declarations, `protect` fields of them that operations read and write.
 */
export function post(name, rules, o = {}) {
  const looks = o.looks ?? {};
  const hidden = o.hidden ?? {};
  const protect = o.protect ?? {};
  const directive = rules ? ` @auth(rules: [${rules}])` : '';
  const declared = Object.entries(looks).map(([f, k]) => `  ${f}: ${o.types?.[f] ?? KINDS[k].type}\n`).join('');
  const more = Object.entries(protect).map(([f, d]) => `  ${f}: String ${d}\n`).join('');
  const always = `  id: ID!${o.id ?? ''}\n  title: String${o.title ?? '!'}\n  note: String${o.note ?? ''}\n`;
  const sdl = `type Post @model${o.model ?? ''}${directive} {\n${always}${declared}${more}${o.fields ?? ''}}\n`;
  const everyLook = { ...looks, ...hidden };
  const states = Object.keys(everyLook).length ? combine(everyLook, 'states') : { row: {} };
  const rows = {};
  for (const [state, values] of Object.entries(states)) {
    if (o.required && Object.values(values).some((v) => v === null)) continue;
    rows[state] = { id: state, title: 't', note: 'n', ...values, ...Object.fromEntries(Object.keys(protect).map((f) => [f, 'x'])) };
  }
  const names = Object.keys(rows);
  const some = names.length > 3 ? [names[0], names.find((n) => /foreign|out/.test(n)) ?? names[1]] : names;
  const title = o.optionalTitle ? {} : { title: 'new' };
  const ops = [{ n: 'get', kind: 'get', rows: [...names, 'missing'] }, { n: 'list', kind: 'list' }];
  const gives = Object.keys(looks).length ? combine(looks, 'give') : {};
  if (!o.required) ops.push({ n: 'create', kind: 'create', input: { ...title } }); // else GraphQL itself refuses it
  for (const [state, values] of Object.entries(gives)) {
    if (o.required && Object.values(values).some((v) => v === null)) continue;
    // a field that is not given differs from one that is null; given alone and together
    const given = Object.fromEntries(Object.entries(values).filter(([, v]) => v !== null || Object.keys(looks).length === 1));
    ops.push({ n: `create ${state}`, kind: 'create', input: { ...title, ...given } });
  }
  ops.push({ n: 'update', kind: 'update', input: { title: 'changed' }, rows: [...names, 'missing'] });
  ops.push({ n: 'update note null', kind: 'update', input: { note: null }, rows: some });
  for (const [f, k] of Object.entries(looks)) {
    const values = Object.entries(KINDS[k].give).filter(([, v]) => v !== null || !o.required);
    for (const [state, v] of [values.find(([s]) => /foreign|out/.test(s)), values.at(-1)]) {
      ops.push({ n: `update ${f} ${state}`, kind: 'update', input: { [f]: v }, rows: some });
    }
  }
  for (const f of Object.keys(protect)) {
    ops.push({ n: `list by ${f}`, kind: 'list', args: { filter: { [f]: { eq: 'x' } } } });
    ops.push({ n: `list without ${f}`, kind: 'list', args: { filter: { [f]: { attributeExists: false } } } });
    ops.push({ n: `create ${f}`, kind: 'create', input: { ...title, [f]: 'y' } });
    ops.push({ n: `update ${f}`, kind: 'update', input: { [f]: 'y' }, rows: names });
    ops.push({ n: `update ${f} null`, kind: 'update', input: { [f]: null }, rows: some });
    ops.push({ n: `update title+${f}`, kind: 'update', input: { title: 'changed', [f]: 'y' }, rows: some });
  }
  ops.push({ n: 'delete', kind: 'delete', rows: [...names, 'missing'] });
  ops.push(...(o.ops ?? []));
  const select = ['id', 'title', 'note', ...Object.keys(everyLook), ...Object.keys(protect), ...(o.select ?? [])];
  const model = { key: ['id'], ident: 'id', select, rows };
  return { name, sdl, models: { Post: model }, ops: ops.map((op) => named(op, 'Post')), callers: o.callers ?? FEW };
}

const own = (extra = '') => `{allow: owner${extra}}`;
const ops = (...names) => `, operations: [${names.join(', ')}]`;

export function ownerShapes() {
  const one = { owner: 'owner' };
  const list = [
    post('owner undeclared', own(), { hidden: one, callers: ALL }),
    post('owner', own(), { looks: one, callers: ALL }),
    post('owner ID', own(), { looks: one, types: { owner: 'ID' }, callers: OWNERS }),
    post('owner required', own(), { looks: one, types: { owner: 'String!' }, required: true, callers: OWNERS }),
    post('owner username', own(', identityClaim: "username"'), { looks: one, callers: CLAIMS }),
    post('owner cognito:username', own(', identityClaim: "cognito:username"'), { looks: one, callers: CLAIMS }),
    post('owner sub', own(', identityClaim: "sub"'), { looks: one, callers: CLAIMS }),
    post('owner email', own(', identityClaim: "email"'), { looks: { owner: 'mail' }, callers: CLAIMS }),
    post('owner sub::email', own(', identityClaim: "sub::email"'), { looks: { owner: 'mail' }, callers: CLAIMS }),
    post('owner author', own(', ownerField: "author"'), { looks: { author: 'owner' }, callers: OWNERS }),
    post('owner author undeclared', own(', ownerField: "author"'), { hidden: { author: 'owner' }, callers: OWNERS }),
    post('owner list', own(', ownerField: "editors"'), { looks: { editors: 'list' }, callers: OWNERS }),
    post('owner list required', own(', ownerField: "editors"'), { looks: { editors: 'list' }, types: { editors: '[String!]!' }, required: true, callers: OWNERS }),
    post('owner list email', own(', ownerField: "editors", identityClaim: "username"'), { looks: { editors: 'list' }, callers: CLAIMS }),
    post('owner and list', `${own()}, ${own(', ownerField: "editors"')}`, { looks: { owner: 'owner', editors: 'list' }, callers: OWNERS }),
    post('owner and list read', `${own()}, ${own(`, ownerField: "editors"${ops('read', 'update')}`)}`, { looks: { owner: 'owner', editors: 'list' }, callers: OWNERS }),
    post('two owners', `${own()}, ${own(', ownerField: "author"')}`, { looks: { owner: 'owner', author: 'owner' }, callers: OWNERS }),
    post('owner twice', `${own(ops('create', 'read'))}, ${own(`, identityClaim: "email"${ops('update', 'delete')}`)}`, { looks: one, callers: CLAIMS }),
    post('owner oidc', own(', provider: oidc'), { looks: one, callers: OIDC }),
    post('owner oidc sub', own(', provider: oidc, identityClaim: "sub"'), { looks: one, callers: OIDC }),
    post('owner oidc list', own(', provider: oidc, ownerField: "editors"'), { looks: { editors: 'list' }, callers: OIDC }),
    post('owner both providers', `${own()}, ${own(', provider: oidc')}`, { looks: one, callers: [...OIDC, 'bob'] }),
  ];
  const subsets = [
    ['create'], ['read'], ['get'], ['list'], ['update'], ['delete'], ['create', 'read'], ['update', 'read'], ['delete', 'read'],
    ['create', 'update'], ['create', 'delete', 'get'], ['update', 'delete', 'list'],
  ];
  for (const s of subsets) list.push(post(`owner ${s.join(',')}`, own(ops(...s)), { looks: one, callers: FEW }));
  return list;
}

export function groupShapes() {
  const st = (g, extra = '') => `{allow: groups, groups: [${g.map((x) => `"${x}"`).join(', ')}]${extra}}`;
  const dyn = (f, extra = '') => `{allow: groups, groupsField: "${f}"${extra}}`;
  const claim = ', groupClaim: "custom:team"';
  const team = { team: 'group' };
  const teams = { teams: 'groups' };
  return [
    post('group', st(['Admin']), { callers: ALL }),
    post('groups', st(['Admin', 'Viewer']), { callers: GROUPS }),
    post('group claim', st(['Admin'], claim), { callers: GROUPS }),
    post('group read', st(['Admin'], ops('read')), { callers: GROUPS }),
    post('group create', st(['Admin'], ops('create')), { callers: GROUPS }),
    post('group get,update', st(['Admin'], ops('get', 'update')), { callers: GROUPS }),
    post('group delete', st(['Admin'], ops('delete')), { callers: GROUPS }),
    post('dynamic delete,read', dyn('team', ops('delete', 'read')), { looks: team, callers: GROUPS }),
    post('groups that differ', `${st(['Admin'])}, ${st(['Viewer'], ops('read', 'update'))}`, { callers: GROUPS }),
    post('groups of two claims', `${st(['Admin'], ops('read'))}, ${st(['Admin'], claim)}`, { callers: GROUPS }),
    post('group oidc', st(['Admin'], ', provider: oidc'), { callers: OIDC }),
    post('group oidc claim', st(['Admin'], `, provider: oidc${claim}`), { callers: OIDC }),
    post('dynamic', dyn('team'), { looks: team, callers: ALL }),
    post('dynamic list', dyn('teams'), { looks: teams, callers: GROUPS }),
    post('dynamic claim', dyn('team', claim), { looks: team, callers: GROUPS }),
    post('dynamic list claim', dyn('teams', claim), { looks: teams, callers: GROUPS }),
    post('dynamic read', dyn('team', ops('read')), { looks: team, callers: GROUPS }),
    post('dynamic list update', dyn('teams', ops('update', 'list')), { looks: teams, callers: GROUPS }),
    post('dynamic create', dyn('team', ops('create', 'get')), { looks: team, callers: GROUPS }),
    post('dynamic oidc', dyn('team', ', provider: oidc'), { looks: team, callers: OIDC }),
    post('dynamic list oidc', dyn('teams', `, provider: oidc${claim}`), { looks: teams, callers: OIDC }),
    post('two dynamic', `${dyn('team')}, ${dyn('teams', ops('read'))}`, { looks: { team: 'group', teams: 'groups' }, callers: GROUPS }),
    post('static and dynamic', `${st(['Viewer'], ops('read', 'create'))}, ${dyn('team')}`, { looks: team, callers: GROUPS }),
  ];
}

export function wholeShapes() {
  const whole = [
    ['private', '{allow: private}', ALL], ['private read', `{allow: private${ops('read')}}`, IAM],
    ['private iam', '{allow: private, provider: iam}', ALL], ['private identityPool', `{allow: private, provider: identityPool${ops('create', 'get')}}`, IAM],
    ['private oidc', '{allow: private, provider: oidc}', IAM],
    ['private all', '{allow: private}, {allow: private, provider: iam}, {allow: private, provider: oidc}', IAM],
    ['private update', `{allow: private${ops('update')}}`, FEW],
    ['public', '{allow: public}', ALL], ['public read', `{allow: public${ops('read')}}`, FEW], ['public list', `{allow: public${ops('list', 'delete')}}`, FEW],
    ['public iam', '{allow: public, provider: iam}', ALL], ['public both', `{allow: public}, {allow: public, provider: iam${ops('read')}}`, IAM],
    ['public and private iam', `{allow: public, provider: iam${ops('read')}}, {allow: private, provider: iam}`, IAM],
  ];
  return [post('no auth', '', { callers: ALL }), ...whole.map(([n, r, callers]) => post(n, r, { callers }))];
}

export function mixedShapes() {
  const one = { owner: 'owner' };
  const read = ops('read');
  const g = (extra = '') => `{allow: groups, groups: ["Admin"]${extra}}`;
  const d = (extra = '') => `{allow: groups, groupsField: "team"${extra}}`;
  const mix = (name, rules, looks = one, callers = MIXED) => post(name, rules, { looks, callers });
  return [
    mix('owner, public read', `${own()}, {allow: public${read}}`),
    mix('owner, public iam get', `${own()}, {allow: public, provider: iam${ops('get')}}`),
    mix('owner, private read', `${own()}, {allow: private${read}}`),
    mix('owner, private create', `${own(ops('read', 'update', 'delete'))}, {allow: private${ops('create')}}`),
    mix('owner, private iam', `${own()}, {allow: private, provider: iam}`),
    mix('owner, group', `${own()}, ${g()}`),
    mix('owner create, group', `${own(ops('create', 'read'))}, ${g()}`),
    mix('owner, group create', `${own()}, ${g(ops('create'))}`),
    mix('owner, group read', `${own()}, ${g(read)}`),
    mix('owner, dynamic', `${own()}, ${d()}`, { owner: 'owner', team: 'group' }),
    mix('owner update, dynamic read', `${own(ops('update'))}, ${d(ops('read', 'create'))}`, { owner: 'owner', team: 'group' }),
    mix('list, group', `${own(', ownerField: "editors"')}, ${g(ops('read', 'delete'))}`, { editors: 'list' }),
    mix('list, private create', `${own(`, ownerField: "editors"${ops('read', 'update')}`)}, {allow: private${ops('create')}}`, { editors: 'list' }),
    mix('group, private read', `${g()}, {allow: private${read}}`, {}),
    mix('group, public read', `${g()}, {allow: public${read}}, {allow: public, provider: iam${ops('list')}}`, {}),
    mix('owner, group, public read', `${own()}, ${g(ops('update', 'read'))}, {allow: public${read}}`),
    mix('owner, dynamic, private iam', `${own()}, ${d(ops('read', 'update'))}, {allow: private, provider: iam}`, { owner: 'owner', team: 'group' }),
    mix('owner, list, group', `${own()}, ${own(`, ownerField: "editors"${ops('update', 'read')}`)}, ${g(ops('delete', 'read'))}`, { owner: 'owner', editors: 'list' }),
    mix('owner of two providers, group', `${own(ops('create', 'read'))}, ${own(', provider: oidc')}, ${g()}`),
    mix('public iam, owner, group', `{allow: public, provider: iam${read}}, ${own()}, ${g(ops('delete'))}`),
  ];
}
