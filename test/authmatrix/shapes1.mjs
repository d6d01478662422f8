// The schemas of the matrix for transformer v1.
import { post } from './shapes.mjs';

const OWN = ['key', 'alice', 'bob', 'twin', 'aliceId', 'oidcAlice', 'auth', 'guest', 'root'];
const CLAIM = ['alice', 'bob', 'aliceId', 'mail', 'oidcAlice', 'oidcSub'];
const GROUP = ['key', 'alice', 'admin', 'editor', 'viewer', 'noGroup', 'aliceAdmin', 'team', 'oidcAdmin', 'auth', 'root'];
const ANY = ['key', 'alice', 'admin', 'oidcAlice', 'oidcSub', 'auth', 'guest', 'stranger', 'root'];
const MIX = ['key', 'alice', 'bob', 'admin', 'aliceAdmin', 'viewer', 'oidcAlice', 'auth', 'root'];

const ops = (...names) => `, operations: [${names.join(', ')}]`;
const own = (extra = '') => `{allow: owner${extra}}`;
const admin = (extra = '') => `{allow: groups, groups: ["Admin"]${extra}}`;
const field = (...rules) => `@auth(rules: [${rules.join(', ')}])`;
const one = { owner: 'owner' };
const all = '{allow: public}, {allow: private}, {allow: private, provider: iam}';

// In v1 the owner is a username: of the row states "name" is alice's own.
function shape(name, rules, o = {}) {
  const s = post(`v1 ${name}`, rules, { callers: OWN, ...o });
  const rows = Object.keys(s.models.Post.rows);
  const mine = ['name', 'hasName', 'in', 'has'].flatMap((k) => rows.filter((r) => new RegExp(`(^|\\.|\\+)${k}($|\\+)`).test(r)));
  for (const op of s.ops) {
    if (op.rows && op.rows.length < rows.length) op.rows = [...new Set([...op.rows, ...mine.slice(0, 2)])];
  }
  return { ...s, version: 1, guest: o.guest };
}

const READ = ['get', 'list', 'index', 'field'];
const EVERY = [...READ, 'create', 'update', 'delete'];

export function v1Shapes() {
  const list = [
    shape('no auth', '', { callers: ANY }),
    shape('owner undeclared', own(), { hidden: one }),
    shape('owner', own(), { looks: one }),
    shape('owner author', own(', ownerField: "author"'), { looks: { author: 'owner' } }),
    shape('owner list', own(', ownerField: "editors"'), { looks: { editors: 'list' } }),
    shape('owner and list', `${own()}, ${own(`, ownerField: "editors"${ops('read', 'update')}`)}`, { looks: { owner: 'owner', editors: 'list' } }),
    shape('owner sub', own(', identityClaim: "sub"'), { looks: one, callers: CLAIM }),
    shape('owner email', own(', identityClaim: "email"'), { looks: { owner: 'mail' }, callers: CLAIM }),
    shape('owner identityField', own(', identityField: "sub"'), { looks: one, callers: CLAIM }),
    shape('owner oidc', own(', provider: oidc'), { looks: one, callers: ['key', 'alice', 'oidcAlice', 'oidcBob', 'oidcSub', 'auth', 'root'] }),
    shape('owner oidc sub', own(', provider: oidc, identityClaim: "sub"'), { looks: one, callers: ['key', 'alice', 'oidcAlice', 'oidcBob', 'oidcSub', 'auth', 'root'] }),
    shape('owner both providers', `${own()}, ${own(', provider: oidc')}`, { looks: one, callers: CLAIM }),
    shape('owner queries', '{allow: owner, queries: [get], mutations: [update, delete]}', { looks: one }),
    shape('owner no queries', '{allow: owner, queries: null, mutations: [create]}', { looks: one }),
    shape('group', admin(), { callers: GROUP }),
    shape('group read', admin(ops('read')), { callers: GROUP }),
    shape('group create,update', admin(ops('create', 'update')), { callers: GROUP }),
    shape('groups that differ', `${admin()}, {allow: groups, groups: ["Viewer"]${ops('read', 'update')}}`, { callers: GROUP }),
    shape('group claim', admin(', groupClaim: "custom:team"'), { callers: ['key', 'alice', 'admin'] }),
    shape('group oidc', admin(', provider: oidc'), { callers: ['key', 'alice', 'admin', 'oidcAlice', 'oidcAdmin', 'auth'] }),
    shape('dynamic', '{allow: groups, groupsField: "team"}', { looks: { team: 'group' }, callers: GROUP }),
    shape('dynamic list', '{allow: groups, groupsField: "teams"}', { looks: { teams: 'groups' }, callers: GROUP }),
    shape('dynamic default', '{allow: groups}', { looks: { groups: 'groups' }, callers: GROUP }),
    shape('dynamic read,update', `{allow: groups, groupsField: "team"${ops('read', 'update')}}`, { looks: { team: 'group' }, callers: GROUP }),
    shape('private', '{allow: private}', { callers: ANY }),
    shape('private read', `{allow: private${ops('read')}}`, { callers: ANY }),
    shape('private iam', '{allow: private, provider: iam}', { callers: ANY }),
    shape('public', '{allow: public}', { callers: ANY }),
    shape('public create', `{allow: public${ops('create')}}`, { callers: ANY }),
    shape('public iam', '{allow: public, provider: iam}', { callers: ANY, guest: EVERY }),
    shape('public iam read, private iam', `{allow: public, provider: iam${ops('read')}}, {allow: private, provider: iam}`, { callers: ANY, guest: READ }),
    shape('everybody', all, { callers: ANY }),
    shape('owner, public read', `${own()}, {allow: public${ops('read')}}`, { looks: one, callers: MIX }),
    shape('owner, private read', `${own()}, {allow: private${ops('read')}}`, { looks: one, callers: MIX }),
    shape('owner, private iam', `${own()}, {allow: private, provider: iam}`, { looks: one, callers: MIX }),
    shape('owner, group', `${own()}, ${admin()}`, { looks: one, callers: MIX }),
    shape('owner, group read', `${own()}, ${admin(ops('read'))}`, { looks: one, callers: MIX }),
    shape('owner create,read, group', `${own(ops('create', 'read'))}, ${admin()}`, { looks: one, callers: MIX }),
    shape('owner, dynamic', `${own()}, {allow: groups, groupsField: "team"}`, { looks: { owner: 'owner', team: 'group' }, callers: MIX }),
    shape('group, dynamic', `${admin(ops('create', 'read'))}, {allow: groups, groupsField: "team"}`, { looks: { team: 'group' }, callers: GROUP }),
    shape('owner, group, public read', `${own()}, ${admin(ops('update', 'delete'))}, {allow: public${ops('read')}}`, { looks: one, callers: MIX }),
    shape('list, private create', `${own(`, ownerField: "editors"${ops('read', 'update')}`)}, {allow: private${ops('create')}}`, { looks: { editors: 'list' }, callers: MIX }),
  ];
  for (const s of [['create'], ['read'], ['update'], ['delete'], ['create', 'update'], ['read', 'update'], ['create', 'delete', 'read']]) {
    list.push(shape(`owner ${s.join(',')}`, own(ops(...s)), { looks: one }));
  }
  return list;
}

export function v1FieldShapes() {
  const model = `${own()}, {allow: private${ops('read')}}`;
  const f = (name, rules, protect, o = {}) => shape(`field: ${name}`, rules, { looks: one, callers: MIX, protect, ...o });
  const by = { fields: '  kind: String\n', select: ['kind'], ops: [{ n: 'kind', kind: 'index', field: 'postsBy', args: { kind: 'k' }, index: ['kind'] }] };
  const keyed = (name, rules, o = {}) => {
    const s = shape(`index: ${name}`, rules, { callers: MIX, ...by, ...o });
    s.sdl = s.sdl.replace('@model', '@model @key(name: "byKind", fields: ["kind"], queryField: "postsBy")');
    for (const [i, row] of Object.values(s.models.Post.rows).entries()) row.kind = i % 3 === 2 ? 'z' : 'k';
    return s;
  };
  return [
    f('owner', model, { secret: field(own()) }),
    f('owner read', model, { secret: field(own(ops('read'))) }),
    f('owner create', model, { secret: field(own(ops('create'))) }),
    f('owner update', model, { secret: field(own(ops('update', 'read'))) }),
    f('owner without delete', model, { secret: field(own(ops('create', 'read', 'update'))) }),
    f('owner delete', model, { secret: field(own(ops('delete'))) }),
    f('group', all, { secret: field(admin()) }),
    f('group read, private write', all, { secret: field(admin(ops('read')), `{allow: private${ops('create', 'update', 'delete')}}`) }),
    f('dynamic group', '{allow: private}', { secret: field('{allow: groups, groupsField: "team"}') }, { looks: { team: 'group' } }),
    f('private', all, { secret: field('{allow: private}') }),
    f('iam', all, { secret: field('{allow: private, provider: iam}') }),
    f('two fields', `${own()}, ${admin()}`, { secret: field(own()), audit: field(admin()) }),
    f('list owner', all, { secret: field(own(', ownerField: "editors"')) }, { looks: { editors: 'list' } }),
    f('model without rules', '', { secret: field(own()) }),
    keyed('owner', own(), { looks: one }),
    keyed('owner list', own(', ownerField: "editors"'), { looks: { editors: 'list' } }),
    keyed('dynamic', '{allow: groups, groupsField: "team"}', { looks: { team: 'group' } }),
    keyed('group', admin(ops('read'))),
    keyed('owner, public read', `${own()}, {allow: public${ops('read')}}`, { looks: one }),
    keyed('protected field', model, { looks: one, protect: { secret: field(own()) } }),
  ];
}

/** Blog has many posts; a post belongs to a blog. */
function family(name, rules, owners) {
  const auth = (t) => (rules[t] ? ` @auth(rules: [${rules[t]}])` : '');
  const owner = (t) => (owners.includes(t) ? '  owner: String\n' : '');
  const sdl = `type Blog @model${auth('Blog')} {\n  id: ID!\n  title: String\n${owner('Blog')}  posts: [Post] @connection(keyName: "byBlog", fields: ["id"])\n}\n` +
    `type Post @model @key(name: "byBlog", fields: ["blogID"])${auth('Post')} {\n  id: ID!\n  title: String\n${owner('Post')}` +
    '  blogID: ID\n  blog: Blog @connection(fields: ["blogID"])\n}\n';
  const states = (t) => (owners.includes(t) ? { name: 'alice', foreign: 'bob', none: null } : { row: null });
  const row = (t, id, o, more) => ({ id, title: 't', ...(owners.includes(t) && { owner: o }), ...more });
  const rows = (t, prefix, more) => Object.fromEntries(Object.entries(states(t)).map(([s, o]) => [prefix + s, row(t, prefix + s, o, more)]));
  const blogs = rows('Blog', 'b.', {});
  const posts = rows('Post', 'p.', { blogID: Object.keys(blogs)[0] });
  for (const b of Object.keys(blogs).slice(1)) posts[`p.${b}`] = { ...Object.values(posts)[0], id: `p.${b}`, blogID: b };
  posts['p.lost'] = { ...Object.values(posts)[0], id: 'p.lost', blogID: 'gone' };
  const model = (t, r) => ({ key: ['id'], ident: 'id', select: ['id', 'title', ...(owners.includes(t) ? ['owner'] : [])], rows: r });
  const relation = (on, path, to, many, r) => [
    { n: path, kind: 'nested', field: `get${on}`, on, path, to, many, rows: Object.keys(r) },
    { n: `list and ${path}`, kind: 'nestedList', field: `list${on}s`, on, path, to, many },
    { n: `update and ${path}`, kind: 'nested', field: `update${on}`, on, path, to, many, input: { title: 'changed' }, rows: Object.keys(r).slice(0, 3) },
  ];
  return {
    name: `v1 relation: ${name}`, version: 1, sdl, callers: MIX, models: { Blog: model('Blog', blogs), Post: model('Post', posts) },
    joins: { posts: ['id', 'blogID'], blog: ['blogID', 'id'] },
    ops: [...relation('Blog', 'posts', 'Post', true, blogs), ...relation('Post', 'blog', 'Blog', false, posts)],
  };
}

export function v1RelationShapes() {
  return [
    family('posts of owners', { Blog: all, Post: own() }, ['Post']),
    family('blogs of owners', { Blog: own(), Post: all }, ['Blog']),
    family('both of owners', { Blog: own(), Post: own() }, ['Blog', 'Post']),
    family('groups', { Blog: `${admin()}, {allow: public${ops('read')}}`, Post: all }, []),
    family('group posts', { Blog: all, Post: admin() }, []),
    family('no rules', { Blog: '', Post: '' }, []),
    family('posts without rules', { Blog: all, Post: '' }, []),
    family('write only', { Blog: all, Post: `{allow: private${ops('create', 'update')}}` }, []),
  ];
}
