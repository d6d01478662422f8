// Fields of the root types that users declare, with rules of their own and nothing behind them.
import { ALL } from './callers.mjs';

const RULES = {
  private: '{allow: private}', privateIAM: '{allow: private, provider: iam}', public: '{allow: public}', publicIAM: '{allow: public, provider: iam}',
  group: '{allow: groups, groups: ["Admin"]}', groups: '{allow: groups, groups: ["Admin", "Viewer"]}',
  claim: '{allow: groups, groups: ["Admin"], groupClaim: "custom:team"}',
  groupOIDC: '{allow: groups, groups: ["Admin"], provider: oidc}', owner: '{allow: owner}', ownerOIDC: '{allow: owner, provider: oidc}',
  groupPublic: '{allow: groups, groups: ["Admin"]}, {allow: public}', privateAll: '{allow: private}, {allow: private, provider: iam}, {allow: private, provider: oidc}',
  groupIAM: '{allow: groups, groups: ["Viewer"]}, {allow: private, provider: iam}, {allow: public, provider: iam}',
};

// Callers whom v1 templates take for somebody else because their claims are odd, and guests, whom policies of their role let in.
const ODD = ['subOnly', 'nameOnly', 'jsonGroup', 'textGroup', 'textGroups', 'forger', 'oidcTeam', 'guest'];

function roots(version, name, rules) {
  const fields = Object.entries(rules).map(([f, r]) => `  ${f}: String @auth(rules: [${r}])\n`).join('');
  const type = (t) => `type ${t} {\n  open${t}: String\n${fields.replaceAll(': String', `${t}: String`)}}\n`;
  return {
    name, version, callers: ALL.filter((c) => version === 2 || !ODD.includes(c)),
    sdl: `${type('Query')}${type('Mutation')}type Post @model @auth(rules: [{allow: public}]) {\n  id: ID!\n}\n`,
    models: { Post: { key: ['id'], ident: 'id', select: ['id'], rows: {} } },
    ops: ['Query', 'Mutation'].flatMap((t) => ['open', ...Object.keys(rules)].map((f) => ({ n: f + t, kind: 'root', on: t, field: f + t }))),
  };
}

export const rootShapes = () => [roots(2, 'root fields', RULES)];

export function v1RootShapes() {
  const { privateAll: _, ...rules } = RULES;
  return [roots(1, 'v1 root fields', rules)];
}
