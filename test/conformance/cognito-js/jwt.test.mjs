// aws-jwt-verify with the tokens of the server.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { CognitoJwtVerifier, JwtVerifier } from "aws-jwt-verify";
import { validateCognitoJwtFields } from "aws-jwt-verify/cognito-verifier";
import { address, backends, claims, password, unique } from "../support/auth.mjs";
import { admin } from "./support.mjs";

const run = promisify(execFile);

/** The tokens of a new user in a group. */
async function tokens(backend, Username) {
  const { UserPoolId, AppClientIDWeb: ClientId } = backend;
  await admin.client(backend, { ExplicitAuthFlows: ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"] });
  await admin.user(backend, Username, { email: Username.includes("@") ? Username : address() });
  await admin("CreateGroup", { UserPoolId, GroupName: "readers" });
  await admin("AdminAddUserToGroup", { UserPoolId, Username, GroupName: "readers" });
  const answer = await admin("InitiateAuth", { ClientId, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters: { USERNAME: Username, PASSWORD: password } });
  return answer.AuthenticationResult;
}

test("a verifier of any issuer fetches the keys", async () => {
  const { UserPoolId, AppClientIDWeb: clientId } = backends.plain;
  const { AccessToken, IdToken } = await tokens(backends.plain, address());
  const issuer = `${process.env.SUITE_TLS_ENDPOINT}/${UserPoolId}`;
  assert.equal(claims(IdToken).iss, issuer);
  const verifier = (check) => JwtVerifier.create({
    issuer, audience: null, jwksUri: `${issuer}/.well-known/jwks.json`,
    customJwtCheck: ({ payload }) => validateCognitoJwtFields(payload, { clientId, ...check }),
  });
  await verifier({ tokenUse: "id" }).verify(IdToken);
  const access = await verifier({ tokenUse: "access", groups: "readers" }).verify(AccessToken);
  assert.deepEqual(access["cognito:groups"], ["readers"]);
  await assert.rejects(verifier({ tokenUse: "id" }).verify(AccessToken), /Token use not allowed/);
  await assert.rejects(verifier({ tokenUse: "access", clientId: "other" }).verify(AccessToken), /not allowed/);
  await assert.rejects(verifier({ tokenUse: "access", groups: "writers" }).verify(AccessToken), /group/i);
  const [head, body] = AccessToken.split(".");
  await assert.rejects(verifier({ tokenUse: "access" }).verify(`${head}.${body}.${IdToken.split(".")[2]}`), /Invalid signature/);
});

test("CognitoJwtVerifier takes the tokens of a pool with the issuer of AWS", async () => {
  const { UserPoolId: userPoolId, AppClientIDWeb: clientId } = backends.choice;
  const name = (form) => run(process.env.SUITE_BINARY, ["pool", "issuer", form, "--pool", userPoolId, "--data", process.env.SUITE_DATA]);
  await name("aws");
  const { AccessToken, IdToken } = await tokens(backends.choice, unique());
  assert.equal(claims(IdToken).iss, `https://cognito-idp.us-east-1.amazonaws.com/${userPoolId}`);
  const jwks = await (await fetch(`${process.env.SUITE_ENDPOINT}/${userPoolId}/.well-known/jwks.json`)).json();
  const verifier = (tokenUse) => {
    const v = CognitoJwtVerifier.create({ userPoolId, clientId, tokenUse });
    v.cacheJwks(jwks);
    return v;
  };
  assert.equal((await verifier("id").verify(IdToken)).sub, claims(IdToken).sub);
  assert.equal((await verifier("access").verify(AccessToken)).client_id, clientId);
  await assert.rejects(verifier("access").verify(IdToken), /Token use not allowed/);
  // The server takes them itself.
  assert.ok((await admin("GetUser", { AccessToken })).Username);
});
