// amazon-cognito-identity-js.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Token, address, backends, code, nextPassword, password, phone, refused, unique, wrong } from "../support/auth.mjs";
import { admin, attribute, done, next, poolOf, signIn, userOf } from "./support.mjs";

const { UserPoolId } = backends.plain;

async function member() {
  const username = address();
  const { pool } = poolOf("plain");
  await done(pool, "signUp", username, password, [attribute("email", username)], null);
  const user = userOf("plain", username);
  await done(user, "confirmRegistration", await code(username), false);
  return username;
}

const step = async (promise) => (await promise).step;

test("sign-up, code sent again, confirmation", async () => {
  const { pool } = poolOf("plain");
  const username = address();
  const made = await done(pool, "signUp", username, password, [attribute("email", username)], null);
  assert.equal(made.userConfirmed, false);
  assert.equal(made.codeDeliveryDetails.DeliveryMedium, "EMAIL");
  const user = userOf("plain", username);
  const first = await code(username);
  await refused(done(user, "confirmRegistration", wrong(first), false), "CodeMismatchException");
  await refused(signIn(user, password), "UserNotConfirmedException", "User is not confirmed.");
  await done(user, "resendConfirmationCode");
  await done(user, "confirmRegistration", await code(username), false);
  assert.equal(await step(signIn(user, password)), "onSuccess");
});

test("both flows, refresh, attributes, sign-out", async () => {
  await admin.client(backends.plain, { ExplicitAuthFlows: ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"] });
  const username = await member();
  for (const flow of ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"]) {
    const user = userOf("plain", username);
    await refused(signIn(user, "wrong", flow), "NotAuthorizedException", "Incorrect username or password.");
    assert.equal(await step(signIn(user, password, flow)), "onSuccess");
    const session = user.getSignInUserSession();
    assert.equal(session.isValid(), true);
    assert.equal(session.getIdToken().payload.email, username);
    // REFRESH_TOKEN_AUTH
    const again = await done(user, "refreshSession", session.getRefreshToken());
    assert.notEqual(again.getAccessToken().payload.jti, session.getAccessToken().payload.jti);
    assert.equal(again.getAccessToken().payload.origin_jti, session.getAccessToken().payload.origin_jti);

    const data = await done(user, "getUserData");
    assert.equal(data.UserAttributes.find((a) => a.Name === "email").Value, username);
    await done(user, "updateAttributes", [attribute("name", "Ann")]);
    assert.equal((await done(user, "getUserAttributes")).find((a) => a.getName() === "name").getValue(), "Ann");
    await done(user, "deleteAttributes", ["name"]);
    assert.equal((await done(user, "getUserAttributes")).find((a) => a.getName() === "name"), undefined);
    await new Promise((resolve) => user.signOut(resolve));
    await refused(done(user, "refreshSession", session.getRefreshToken()), "NotAuthorizedException", "Refresh Token has been revoked");
  }
});

test("another e-mail address, and a number", async () => {
  const user = userOf("plain", await member());
  await signIn(user, password);
  const other = address();
  await done(user, "updateAttributes", [attribute("email", other)]);
  assert.equal(await step(next(user, "verifyAttribute", "email", await code(other))), "onSuccess");
  const number = phone();
  await done(user, "updateAttributes", [attribute("phone_number", number)]);
  assert.equal(await step(next(user, "getAttributeVerificationCode", "phone_number")), "inputVerificationCode");
  await next(user, "verifyAttribute", "phone_number", await code(number));
  const attributes = Object.fromEntries((await done(user, "getUserAttributes")).map((a) => [a.getName(), a.getValue()]));
  assert.deepEqual(
    [attributes.email, attributes.email_verified, attributes.phone_number, attributes.phone_number_verified],
    [other, "true", number, "true"],
  );
});

test("passwords", async () => {
  const username = await member();
  const user = userOf("plain", username);
  assert.equal(await step(next(user, "forgotPassword")), "inputVerificationCode");
  await next(user, "confirmPassword", await code(username), nextPassword);
  await refused(signIn(user, password), "NotAuthorizedException");
  await signIn(user, nextPassword);
  await refused(done(user, "changePassword", "wrong", password), "NotAuthorizedException");
  await done(user, "changePassword", nextPassword, password);
  await signIn(user, password);
});

test("a temporary password", async () => {
  const Username = address();
  await admin("AdminCreateUser", {
    UserPoolId, Username, TemporaryPassword: password, MessageAction: "SUPPRESS", UserAttributes: [{ Name: "email", Value: Username }],
  });
  const user = userOf("plain", Username);
  const { step: asked, values } = await signIn(user, password);
  assert.equal(asked, "newPasswordRequired");
  assert.equal(values[0].email, Username);
  assert.deepEqual(values[1], []);
  assert.equal(await step(next(user, "completeNewPasswordChallenge", nextPassword, { name: "Ann" })), "onSuccess");
  assert.equal(user.getSignInUserSession().getIdToken().payload.name, "Ann");
});

test("second factors", async () => {
  const username = unique();
  const number = phone();
  await admin.user(backends.choice, username, { email: address(), email_verified: "true", phone_number: number, phone_number_verified: "true" });
  const user = userOf("choice", username);
  await signIn(user, password);
  await done(user, "setUserMfaPreference", { Enabled: true, PreferredMfa: true }, null);
  assert.equal(await step(signIn(user, password)), "mfaRequired");
  assert.equal(await step(next(user, "sendMFACode", await code(number), "SMS_MFA")), "onSuccess");

  const { values: [secret] } = await next(user, "associateSoftwareToken");
  const token = new Token(secret);
  const first = await token.next();
  await refused(next(user, "verifySoftwareToken", wrong(first), "phone"), "EnableSoftwareTokenMFAException");
  await next(user, "verifySoftwareToken", first, "phone");
  await done(user, "setUserMfaPreference", { Enabled: true, PreferredMfa: false }, { Enabled: true, PreferredMfa: false });
  const choice = await signIn(user, password);
  assert.equal(choice.step, "selectMFAType");
  assert.equal(await step(next(user, "sendMFASelectionAnswer", "SOFTWARE_TOKEN_MFA")), "totpRequired");
  assert.equal(await step(next(user, "sendMFACode", await token.next(), "SOFTWARE_TOKEN_MFA")), "onSuccess");
});

test("a second factor set up at sign-in", async () => {
  const username = unique();
  await admin.user(backends.must, username, { email: address(), email_verified: "true" });
  const user = userOf("must", username);
  assert.equal(await step(signIn(user, password)), "mfaSetup");
  const { values: [secret] } = await next(user, "associateSoftwareToken");
  const token = new Token(secret);
  assert.equal(await step(next(user, "verifySoftwareToken", await token.next(), "phone")), "onSuccess");
  assert.equal(await step(signIn(user, password)), "totpRequired");
  assert.equal(await step(next(user, "sendMFACode", await token.next(), "SOFTWARE_TOKEN_MFA")), "onSuccess");
});

test("global sign-out and deletion", async () => {
  const username = await member();
  const [user, elsewhere] = [userOf("plain", username), userOf("plain", username)];
  await signIn(user, password);
  await signIn(elsewhere, password);
  assert.equal(await step(next(user, "globalSignOut")), "onSuccess");
  await refused(done(elsewhere, "getUserAttributes"), "NotAuthorizedException");
  await signIn(user, password);
  await done(user, "deleteUser");
  // The clients of CreateBackendAuth do not say who there is.
  await refused(signIn(userOf("plain", username), password), "NotAuthorizedException", "Incorrect username or password.");
  await admin.client(backends.plain, { PreventUserExistenceErrors: "LEGACY" });
  await refused(signIn(userOf("plain", username), password), "UserNotFoundException", "User does not exist.");
});
