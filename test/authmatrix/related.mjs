// The schemas of the matrix for transformer v2 that have more to them than the rules of one model: field rules, indexes, keys that
// owners are part of, and relations between models with different rules.
import { FEW, IAM, MIXED, OIDC, OWNERS } from './callers.mjs';
import { named, post } from './shapes.mjs';

const ops = (...names) => `, operations: [${names.join(', ')}]`;
const field = (...rules) => `@auth(rules: [${rules.join(', ')}])`;
const own = (extra = '') => `{allow: owner${extra}}`;
const admin = (extra = '') => `{allow: groups, groups: ["Admin"]${extra}}`;
const dynamic = '{allow: groups, groupsField: "team"}';
const EVERYBODY = '{allow: public}, {allow: private}, {allow: private, provider: iam}, {allow: private, provider: oidc}';

export function fieldShapes() {
  const one = { owner: 'owner' };
  const team = { team: 'group' };
  const shape = (name, rules, protect, o = {}) => post(`field: ${name}`, rules, { looks: one, callers: MIXED, protect, ...o });
  const model = `${own()}, {allow: private${ops('read')}}`;
  const list = [
    shape('owner', model, { secret: field(own()) }),
    shape('owner read', model, { secret: field(own(ops('read'))) }),
    shape('owner without create', model, { secret: field(own(ops('read', 'update', 'delete'))) }),
    shape('owner without update', model, { secret: field(own(ops('create', 'read', 'delete'))) }),
    shape('owner without delete', model, { secret: field(own(ops('create', 'read', 'update'))) }),
    shape('owner without read', model, { secret: field(own(ops('create', 'update', 'delete'))) }),
    shape('group', EVERYBODY, { secret: field(admin()) }),
    shape('group read, private write', EVERYBODY, { secret: field(admin(ops('read')), `{allow: private${ops('create', 'update', 'delete')}}`) }),
    shape('group without delete', `${admin()}, ${own()}`, { secret: field(admin(ops('create', 'update', 'read')), own()) }),
    shape('dynamic group', '{allow: private}', { secret: field(dynamic) }, { looks: team }),
    shape('dynamic group and owner', `${own()}, ${dynamic}`, { secret: field(own()), common: field(dynamic, own()) }, {
      looks: { ...one, ...team },
    }),
    shape('readers who may only list', `${own()}, {allow: private${ops('list')}}`, { secret: field(own()) }),
    shape('group that may only update', `${own()}, ${admin(ops('update'))}`, { secret: field(own()) }),
    shape('two fields', `${own()}, ${admin()}`, { secret: field(own()), audit: field(admin()) }),
    shape('iam', EVERYBODY, { secret: field('{allow: private, provider: iam}') }, { callers: IAM }),
    shape('iam read, key write', `${EVERYBODY}, {allow: public, provider: iam}`, {
      secret: field(`{allow: private, provider: iam${ops('read')}}`, '{allow: public}'),
    }, { callers: IAM }),
    shape('oidc', EVERYBODY, { secret: field(own(', provider: oidc')) }, { callers: OIDC }),
    shape('claim', EVERYBODY, { secret: field(own(', identityClaim: "sub"')) }, { callers: OWNERS }),
    shape('list owner', EVERYBODY, { secret: field(own(', ownerField: "editors"')) }, { looks: { editors: 'list' }, callers: OWNERS }),
    shape('hidden owner', EVERYBODY, { secret: field(own()) }, { looks: {}, hidden: one, callers: OWNERS }),
    shape('without subscriptions', model, { secret: field(own()) }, { model: '(subscriptions: null)' }),
    shape('subscriptions off', model, { secret: field(own(), admin(ops('read'))) }, { model: '(subscriptions: {level: off})' }),
    shape('owner fixed', model, {}, { types: { owner: `String ${field(own(ops('create', 'read', 'delete')), `{allow: private${ops('read')}}`)}` } }),
    shape('owner seen by group', `${own()}, ${admin()}, {allow: private${ops('read')}}`, {}, { types: { owner: `String ${field(own(), admin())}` } }),
    shape('required', `${own()}, {allow: private}`, {}, { title: `! ${field(own(), `{allow: private${ops('create', 'read')}}`)}` }),
  ];
  // a role that stands in field rules only
  const readOnly = (r) => field(own(), r);
  const readers = {
    public: `{allow: public${ops('read')}}`, group: admin(ops('read')), 'group update': admin(ops('read', 'update')),
    oidc: `{allow: private, provider: oidc${ops('read')}}`,
  };
  for (const [name, rule] of Object.entries(readers)) {
    list.push(post(`field only: ${name}`, own(), {
      looks: one, callers: MIXED, id: ` ${readOnly(rule)}`, note: ` ${readOnly(rule)}`, title: '', optionalTitle: true,
    }));
  }
  list.push(post('field only: create', own(), {
    looks: one, callers: MIXED, id: ` ${field(own(), admin(ops('create', 'read')))}`, note: ` ${field(own(), admin(ops('create', 'read', 'update')))}`, title: '',
    optionalTitle: true, ops: [{ n: 'create note', kind: 'create', input: { note: 'm' } }, { n: 'create title', kind: 'create', input: { title: 'm' } }],
  }));
  return list;
}

/** Index queries: the rows of the model share the value of the partition key, or the owner is in the key. */
export function indexShapes() {
  const query = (n, args, ...index) => ({ n, kind: 'index', field: 'postsBy', args, index });
  const by = { id: '', fields: '  kind: String @index(name: "byKind", queryField: "postsBy")\n', select: ['kind'] };
  const stamped = (s) => {
    for (const row of Object.values(s.models.Post.rows)) row.kind ??= 'k';
    return s;
  };
  const shape = (name, rules, o = {}) => stamped(post(`index: ${name}`, rules, {
    callers: MIXED, ...by, ops: [query('kind', { kind: 'k' }, 'kind'), query('kind none', { kind: 'z' }, 'kind')], ...o,
  }));
  const one = { owner: 'owner' };
  const forms = ['s1::alice', 's1', 'alice', 's2::bob'];
  const keyed = (name, rules, o = {}) => stamped(post(`index: ${name}`, rules, {
    callers: OWNERS, looks: one, select: ['kind'], fields: '  kind: String\n',
    types: { owner: 'String @index(name: "byOwner", queryField: "postsBy", sortKeyFields: ["kind"])' },
    ops: [
      ...forms.map((f) => query(`owner ${f}`, { owner: f }, 'owner', 'kind')),
      query('owner and kind', { owner: 's1::alice', kind: { eq: 'k' } }, 'owner', 'kind'),
    ], ...o,
  }));
  const sorted = (name, rules, o = {}) => stamped(post(`index: ${name}`, rules, {
    callers: OWNERS, looks: one, select: ['kind'], fields: '  kind: String @index(name: "byKind", queryField: "postsBy", sortKeyFields: ["owner"])\n',
    ops: [
      query('kind', { kind: 'k' }, 'kind', 'owner'),
      ...forms.map((f) => query(`kind and owner ${f}`, { kind: 'k', owner: { eq: f } }, 'kind', 'owner')),
      query('kind and owner begins', { kind: 'k', owner: { beginsWith: 's' } }, 'kind', 'owner'),
    ], ...o,
  }));
  return [
    shape('owner', own(), { looks: one }),
    shape('owner list', own(', ownerField: "editors"'), { looks: { editors: 'list' } }),
    shape('dynamic', '{allow: groups, groupsField: "team"}', { looks: { team: 'group' } }),
    shape('group', admin(ops('list'))),
    shape('get only', `{allow: public${ops('get')}}, ${own(ops('create', 'get'))}`, { looks: one }),
    shape('owner, public read', `${own()}, {allow: public${ops('read')}}`, { looks: one }),
    shape('protected field', `${own()}, {allow: private${ops('read')}}`, { looks: one, protect: { secret: field(own()) } }),
    keyed('owner is the key', own()),
    keyed('owner is the key, group', `${own()}, ${admin()}`, { callers: MIXED }),
    keyed('owner is the key, dynamic', `${own()}, {allow: groups, groupsField: "team"}`, { callers: MIXED, looks: { owner: 'owner', team: 'group' } }),
    keyed('owner is the key, sub', own(', identityClaim: "sub"')),
    sorted('owner is the sort key', own()),
    sorted('owner is the sort key, group', `${own()}, ${admin()}`, { callers: MIXED }),
    sorted('owner is the sort key, dynamic', `${own()}, {allow: groups, groupsField: "team"}`, { callers: MIXED, looks: { owner: 'owner', team: 'group' } }),
  ];
}

/** Models whose primary key holds the owner. Rows are told apart by a tag. */
export function keyShapes() {
  const owners = { full: 's1::alice', sub: 's1', name: 'alice', foreign: 's2::bob', twin: 's9::alice' };
  const shape = (name, rules, key, head, callers = OWNERS) => {
    const rows = Object.fromEntries(Object.entries(owners).map(([s, o]) => [s, { owner: o, ...(key.includes('kind') && { kind: 'k' }), tag: s, title: 't' }]));
    const names = Object.keys(rows);
    const list = [
      { n: 'get', kind: 'get', rows: [...names, 'missing'] }, { n: 'list', kind: 'list' },
      { n: 'update', kind: 'update', input: { title: 'changed' }, rows: [...names, 'missing'] }, { n: 'delete', kind: 'delete', rows: [...names, 'missing'] },
      ...Object.entries(owners).map(([s, o]) => ({ n: `create ${s}`, kind: 'create', input: { owner: o, title: 'new', ...(key.includes('kind') && { kind: 'z' }) } })),
    ];
    for (const [s, o] of key.length > 1 ? Object.entries(owners) : []) {
      list.push({ n: `list ${s}`, kind: 'list', args: { owner: o } });
    }
    if (key.length > 1) list.push({ n: 'list with kind', kind: 'list', args: { owner: 's1::alice', kind: { beginsWith: 'k' } } });
    const missing = key.length > 1 ? { owner: 's1::alice', kind: 'nothing' } : { owner: 'nobody' };
    return {
      name: `key: ${name}`, sdl: `type Post @model @auth(rules: [${rules}]) {\n${head}  tag: String\n  title: String\n}\n`, callers,
      models: { Post: { key, ident: 'tag', select: [...key, 'tag', 'title'], rows, missing } },
      ops: list.map((op) => named(op, 'Post')),
    };
  };
  const first = '  owner: ID! @primaryKey\n';
  const both = '  owner: ID! @primaryKey(sortKeyFields: ["kind"])\n  kind: String!\n';
  const group = `${own()}, ${admin()}`;
  return [
    shape('owner', own(), ['owner'], first), shape('owner, group', group, ['owner'], first, MIXED),
    shape('owner, public read', `${own()}, {allow: public${ops('read')}}`, ['owner'], first, FEW),
    shape('owner and kind', own(), ['owner', 'kind'], both), shape('owner and kind, group', group, ['owner', 'kind'], both, MIXED),
    shape('owner and kind, dynamic', `${own()}, {allow: groups, groupsField: "title"}`, ['owner', 'kind'], both, MIXED),
    shape('owner sub', own(', identityClaim: "sub"'), ['owner'], first), shape('owner oidc', own(', provider: oidc'), ['owner'], first, OIDC),
  ];
}

const KINDS = {
  owner: { head: '  owner: String\n', rows: { full: { owner: 's1::alice' }, sub: { owner: 's1' }, foreign: { owner: 's2::bob' }, none: {} } },
  team: { head: '  team: String\n', rows: { in: { team: 'Admin' }, out: { team: 'Other' }, none: {} } },
  plain: { head: '', rows: { row: {} } },
};

/**
 * Blog has many posts; a post belongs to a blog and has one cover. `rules` are those of Blog, Post and Cover, `kinds` what their
 * rows hold.
 */
function family(name, rules, kinds, o = {}) {
  const kind = (t) => KINDS[kinds[t] ?? 'plain'];
  const auth = (t) => (rules[t] ? ` @auth(rules: [${rules[t]}])` : '');
  const type = (t, more) => `type ${t} @model${auth(t)} {\n  id: ID!\n  title: String\n${kind(t).head}${more}}\n`;
  const fields = o.fields ?? {};
  const sdl = type('Blog', `  posts: [Post] @hasMany(indexName: "byBlog", fields: ["id"])${fields.posts ?? ''}\n`) +
    type('Post', '  blogID: ID @index(name: "byBlog")\n  coverID: ID\n' +
      `  blog: Blog @belongsTo(fields: ["blogID"])${fields.blog ?? ''}\n  cover: Cover @hasOne(fields: ["coverID"])${fields.cover ?? ''}\n` +
      (fields.secret ? `  secret: String ${fields.secret}\n` : '')) +
    type('Cover', '');
  const rowsOf = (t, prefix, more) =>
    Object.fromEntries(Object.entries(kind(t).rows).map(([s, r]) => [prefix + s, { id: prefix + s, title: 't', ...r, ...more }]));
  const blogs = rowsOf('Blog', 'b.', {});
  const covers = rowsOf('Cover', 'c.', {});
  const posts = rowsOf('Post', 'p.', { blogID: Object.keys(blogs)[0], coverID: Object.keys(covers)[0], ...(fields.secret && { secret: 'x' }) });
  // a post of its own for every blog and every cover, and one without either
  const first = Object.values(posts)[0];
  for (const b of Object.keys(blogs).slice(1)) posts[`p.${b}`] = { ...first, id: `p.${b}`, blogID: b, coverID: null };
  for (const c of Object.keys(covers).slice(1)) posts[`p.${c}`] = { ...first, id: `p.${c}`, blogID: null, coverID: c };
  posts['p.lost'] = { ...first, id: 'p.lost', blogID: 'gone', coverID: null };
  const select = (t, ...more) => ['id', 'title', ...Object.keys(Object.assign({}, ...Object.values(kind(t).rows))), ...more];
  const relation = (on, path, to, many, rows) => [
    { n: path, kind: 'nested', field: `get${on}`, on, path, to, many, rows },
    { n: `list and ${path}`, kind: 'nestedList', field: `list${on}s`, on, path, to, many },
    { n: `update and ${path}`, kind: 'nested', field: `update${on}`, on, path, to, many, input: { title: 'changed' }, rows: rows.slice(0, 3) },
  ];
  return {
    name: `relation: ${name}`, sdl, callers: o.callers ?? MIXED,
    models: {
      Blog: { key: ['id'], ident: 'id', select: select('Blog'), rows: blogs },
      Post: { key: ['id'], ident: 'id', select: select('Post', ...(fields.secret ? ['secret'] : [])), rows: posts },
      Cover: { key: ['id'], ident: 'id', select: select('Cover'), rows: covers },
    },
    joins: { posts: ['id', 'blogID'], blog: ['blogID', 'id'], cover: ['coverID', 'id'] },
    ops: [
      ...relation('Blog', 'posts', 'Post', true, Object.keys(blogs)), ...relation('Post', 'blog', 'Blog', false, Object.keys(posts)),
      ...relation('Post', 'cover', 'Cover', false, Object.keys(posts)),
    ],
  };
}

export function relationShapes() {
  const all = EVERYBODY;
  const writers = `{allow: private${ops('create', 'update')}}, {allow: public}`;
  return [
    family('posts of owners', { Blog: all, Post: own(), Cover: all }, { Post: 'owner' }),
    family('blogs and covers of owners', { Blog: own(), Post: all, Cover: own() }, { Blog: 'owner', Cover: 'owner' }),
    family('all of owners', { Blog: own(), Post: own(), Cover: own() }, { Blog: 'owner', Post: 'owner', Cover: 'owner' }),
    family('dynamic groups', { Blog: dynamic, Post: all, Cover: dynamic }, { Blog: 'team', Cover: 'team' }),
    family('posts of dynamic groups', { Blog: all, Post: dynamic, Cover: admin() }, { Post: 'team' }),
    family('groups', { Blog: `${admin()}, {allow: public${ops('read')}}`, Post: all, Cover: admin(ops('read')) }, {}),
    family('no rules', { Blog: all, Post: all, Cover: '' }, {}),
    family('posts without rules', { Blog: all, Post: '', Cover: all }, {}),
    family('get only', { Blog: `{allow: private${ops('get')}}`, Post: `${all}`, Cover: `{allow: private${ops('get')}}` }, {}),
    family('list only', { Blog: `{allow: private${ops('list')}}`, Post: `${all}`, Cover: `{allow: private${ops('list')}}` }, {}),
    family('posts get only', { Blog: all, Post: `{allow: private${ops('get')}}, ${own(ops('list', 'update'))}`, Cover: all }, { Post: 'owner' }),
    family('posts write only', { Blog: all, Post: writers, Cover: writers }, {}),
    family('protected field', { Blog: all, Post: `${own()}, {allow: private${ops('read')}}`, Cover: all }, { Post: 'owner' }, { fields: { secret: field(own()) } }),
    family('protected relations', { Blog: `${own()}, ${all}`, Post: `${own()}, ${all}`, Cover: all }, { Blog: 'owner', Post: 'owner' }, {
      fields: { posts: ` ${field(own())}`, cover: ` ${field(admin(), own())}`, blog: ` ${field('{allow: private}')}` },
    }),
    family('narrower modes', {
      Blog: `{allow: private}, {allow: public${ops('read')}}`, Post: '{allow: private}', Cover: '{allow: private}, {allow: private, provider: iam}',
    }, {}),
    family('same rules', { Blog: '{allow: private}', Post: '{allow: private}', Cover: '{allow: private}' }, {}),
  ];
}
