// The callers of the matrix. Claims are those of the token; `iam` is what an identity pool or an access key vouches for.

const pool = (claims) => ({ mode: 'userPool', claims });
const oidc = (claims) => ({ mode: 'oidc', claims });
const G = 'cognito:groups';

export const CALLERS = {
  key: { mode: 'apiKey' },
  // user pool, access tokens
  alice: pool({ sub: 's1', username: 'alice' }),
  bob: pool({ sub: 's2', username: 'bob' }),
  twin: pool({ sub: 's9', username: 'alice' }), // another user with the name that alice had
  admin: pool({ sub: 's3', username: 'carol', [G]: ['Admin'] }),
  editor: pool({ sub: 's4', username: 'dan', [G]: ['Editor', 'Admin'] }),
  viewer: pool({ sub: 's5', username: 'erin', [G]: ['Viewer'] }),
  textGroups: pool({ sub: 's7', username: 'gus', [G]: 'Admins' }), // not a member of Admin
  forger: pool({ sub: 's6', username: 's1::alice' }), // users choose their names
  noGroup: pool({ sub: 's6', username: 'finn', [G]: [] }),
  jsonGroup: pool({ sub: 's7', username: 'gus', [G]: '["Admin"]' }),
  textGroup: pool({ sub: 's7', username: 'gus', [G]: 'Admin' }),
  aliceAdmin: pool({ sub: 's1', username: 'alice', [G]: ['Admin'] }),
  subOnly: pool({ sub: 's1' }),
  nameOnly: pool({ username: 'alice' }),
  team: pool({ sub: 's8', username: 'hal', 'custom:team': ['Admin'] }),
  // user pool, id tokens
  aliceId: pool({ sub: 's1', 'cognito:username': 'alice', email: 'alice@example.com' }),
  mail: pool({ sub: 's8', 'cognito:username': 'hal', email: 'alice@example.com' }),
  // OpenID Connect
  oidcAlice: oidc({ sub: 's1', username: 'alice' }),
  oidcBob: oidc({ sub: 's2', username: 'bob' }),
  oidcSub: oidc({ sub: 's1', email: 'alice@example.com' }),
  oidcAdmin: oidc({ sub: 's3', [G]: ['Admin'] }),
  oidcTeam: oidc({ sub: 's3', 'custom:team': '["Admin"]' }),
  // IAM: the two roles of the identity pool, a role of something else, and a long-lived access key
  auth: { mode: 'iam', iam: { role: 'authRole', guest: false } },
  guest: { mode: 'iam', iam: { role: 'unauthRole', guest: true } },
  stranger: { mode: 'iam', iam: { role: 'otherRole' } },
  root: { mode: 'iam', admin: true },
};

/** Who is worth asking about a kind of rule. */
export const ALL = Object.keys(CALLERS);
export const OWNERS = ['key', 'alice', 'bob', 'twin', 'aliceId', 'subOnly', 'nameOnly', 'oidcAlice', 'auth'];
export const CLAIMS = ['alice', 'bob', 'aliceId', 'mail', 'subOnly', 'nameOnly', 'oidcSub'];
export const GROUPS = ['key', 'alice', 'admin', 'editor', 'viewer', 'noGroup', 'jsonGroup', 'textGroup', 'team', 'oidcAdmin', 'guest'];
export const OIDC = ['key', 'alice', 'admin', 'oidcAlice', 'oidcBob', 'oidcSub', 'oidcAdmin', 'oidcTeam', 'auth'];
export const IAM = ['key', 'alice', 'oidcAlice', 'auth', 'guest', 'stranger', 'root'];
export const MIXED = ['key', 'alice', 'bob', 'admin', 'aliceAdmin', 'viewer', 'oidcAlice', 'auth', 'guest', 'root'];
export const FEW = ['key', 'alice', 'bob', 'admin', 'oidcAlice', 'auth'];

const ARN = 'arn:aws:sts::123456789012:assumed-role/';

/**
 * A claim that lists groups as a text is a list in JSON or else the name of one group. The templates say so in some places; in
 * others they look for a part of the text, or walk through its letters. So they get to see the list.
 */
function parsed(claims) {
  const out = { ...claims };
  for (const claim of [G, 'custom:team']) {
    if (typeof out[claim] === 'string') out[claim] = out[claim].startsWith('[') ? JSON.parse(out[claim]) : [out[claim]];
  }
  return out;
}

/** The caller as vtl.mjs takes it. */
export function identity(name) {
  const c = CALLERS[name];
  if (!c.iam) return { authType: c.mode, identity: { claims: parsed(c.claims ?? {}) } };
  const federated = c.iam.guest !== undefined;
  return {
    authType: 'iam',
    identity: {
      userArn: `${ARN}${c.iam.role}/CognitoIdentityCredentials`,
      username: 'AROA:CognitoIdentityCredentials',
      ...(federated && {
        cognitoIdentityPoolId: 'us-east-1:pool',
        cognitoIdentityId: 'us-east-1:identity',
        cognitoIdentityAuthType: c.iam.guest ? 'unauthenticated' : 'authenticated',
      }),
    },
  };
}
