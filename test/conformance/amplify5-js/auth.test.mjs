// Auth of aws-amplify 5.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { Token, address, backends, code, nextPassword, password, phone, refused, unique, wrong } from "../support/auth.mjs";
import { Auth, Hub, admin, member, use } from "./support.mjs";

afterEach(async () => {
  await Auth.signOut();
  Auth.configure({ authenticationFlowType: "USER_SRP_AUTH" });
});

const challenge = async (promise) => (await promise).challengeName;

test("sign-up, wrong code, code sent again, confirmation, automatic sign-in", async () => {
  await use("plain");
  const username = address();
  const made = await Auth.signUp({ username, password, attributes: { email: username }, autoSignIn: { enabled: true } });
  assert.equal(made.userConfirmed, false);
  assert.equal(made.codeDeliveryDetails.DeliveryMedium, "EMAIL");
  const first = await code(username);
  await refused(Auth.confirmSignUp(username, wrong(first)), "CodeMismatchException");
  await refused(Auth.signIn(username, password), "UserNotConfirmedException");
  await Auth.resendSignUp(username);
  const entered = new Promise((resolve) => {
    Hub.listen("auth", ({ payload }) => payload.event.startsWith("autoSignIn") && resolve(payload));
  });
  assert.equal(await Auth.confirmSignUp(username, await code(username)), "SUCCESS");
  const { event, data } = await entered;
  assert.equal(event, "autoSignIn");
  assert.equal(data.attributes?.email ?? username, username);
  assert.equal((await Auth.currentAuthenticatedUser()).attributes.email, username);
});

test("both flows, refresh, sign-out", async () => {
  await use("plain");
  await admin.client(backends.plain, { ExplicitAuthFlows: ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"] });
  const username = await member();
  for (const authenticationFlowType of ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"]) {
    Auth.configure({ authenticationFlowType });
    await refused(Auth.signIn(username, "wrong"), "NotAuthorizedException", "Incorrect username or password.");
    const user = await Auth.signIn(username, password);
    assert.equal(user.attributes.email, username);
    const session = await Auth.currentSession();
    assert.equal(session.getIdToken().payload.email, username);
    const again = await new Promise((resolve, reject) =>
      user.refreshSession(session.getRefreshToken(), (error, answer) => (error ? reject(error) : resolve(answer))));
    assert.notEqual(again.getAccessToken().payload.jti, session.getAccessToken().payload.jti);
    const AccessToken = again.getAccessToken().getJwtToken();
    await Auth.signOut();
    await refused(admin("GetUser", { AccessToken }), "NotAuthorizedException", "Access Token has been revoked");
  }
});

test("passwords", async () => {
  await use("plain");
  const username = await member();
  assert.equal((await Auth.forgotPassword(username)).CodeDeliveryDetails.DeliveryMedium, "EMAIL");
  const right = await code(username);
  await refused(Auth.forgotPasswordSubmit(username, wrong(right), nextPassword), "CodeMismatchException");
  await Auth.forgotPasswordSubmit(username, right, nextPassword);
  const user = await Auth.signIn(username, nextPassword);
  await refused(Auth.changePassword(user, "wrong", password), "NotAuthorizedException");
  await Auth.changePassword(user, nextPassword, password);
  await Auth.signOut();
  await Auth.signIn(username, password);
});

test("attributes", async () => {
  await use("plain");
  const user = await Auth.signIn(await member(), password);
  const other = address();
  assert.equal(await Auth.updateUserAttributes(user, { email: other, name: "Ann" }), "SUCCESS");
  assert.equal(await Auth.verifyCurrentUserAttributeSubmit("email", await code(other)), "SUCCESS");
  const number = phone();
  await Auth.updateUserAttributes(user, { phone_number: number });
  await Auth.verifyCurrentUserAttribute("phone_number");
  await Auth.verifyCurrentUserAttributeSubmit("phone_number", await code(number));
  const { attributes } = await Auth.currentUserInfo();
  assert.deepEqual(
    [attributes.email, attributes.email_verified, attributes.phone_number_verified, attributes.name], [other, true, true, "Ann"],
  );
  await Auth.deleteUserAttributes(user, ["name"]);
  assert.equal((await Auth.userAttributes(user)).find((a) => a.Name === "name"), undefined);
});

test("a temporary password", async () => {
  await use("plain");
  const Username = address();
  await admin("AdminCreateUser", {
    UserPoolId: backends.plain.UserPoolId, Username, TemporaryPassword: password, MessageAction: "SUPPRESS",
    UserAttributes: [{ Name: "email", Value: Username }],
  });
  const user = await Auth.signIn(Username, password);
  assert.equal(user.challengeName, "NEW_PASSWORD_REQUIRED");
  assert.deepEqual(user.challengeParam.requiredAttributes, []);
  await Auth.completeNewPassword(user, nextPassword, { name: "Ann" });
  assert.equal((await Auth.currentUserInfo()).attributes.name, "Ann");
});

test("second factors", async () => {
  await use("choice");
  const username = unique();
  const number = phone();
  await admin.user(backends.choice, username, { email: address(), email_verified: "true", phone_number: number, phone_number_verified: "true" });
  let user = await Auth.signIn(username, password);
  assert.equal(user.preferredMFA, "NOMFA");
  assert.equal(await Auth.setPreferredMFA(user, "SMS"), "SUCCESS");
  user = await Auth.signIn(username, password);
  assert.equal(user.challengeName, "SMS_MFA");
  const right = await code(number);
  await refused(Auth.confirmSignIn(user, wrong(right), "SMS_MFA"), "CodeMismatchException");
  await Auth.confirmSignIn(user, right, "SMS_MFA");

  const token = new Token(await Auth.setupTOTP(user));
  await Auth.verifyTotpToken(user, await token.next());
  assert.equal(await Auth.setPreferredMFA(user, "TOTP"), "SUCCESS");
  assert.equal(await Auth.getPreferredMFA(user, { bypassCache: true }), "SOFTWARE_TOKEN_MFA");
  user = await Auth.signIn(username, password);
  assert.equal(user.challengeName, "SOFTWARE_TOKEN_MFA");
  await Auth.confirmSignIn(user, await token.next(), "SOFTWARE_TOKEN_MFA");
  assert.equal(await Auth.setPreferredMFA(user, "NOMFA"), "SUCCESS");
  assert.equal(await challenge(Auth.signIn(username, password)), undefined);
});

test("a second factor set up at sign-in", async () => {
  await use("must");
  const username = unique();
  await admin.user(backends.must, username, { email: address(), email_verified: "true" });
  let user = await Auth.signIn(username, password);
  assert.equal(user.challengeName, "MFA_SETUP");
  const token = new Token(await Auth.setupTOTP(user));
  await Auth.verifyTotpToken(user, await token.next());
  user = await Auth.signIn(username, password);
  assert.equal(user.challengeName, "SOFTWARE_TOKEN_MFA");
  await Auth.confirmSignIn(user, await token.next(), "SOFTWARE_TOKEN_MFA");
  assert.ok((await Auth.currentSession()).isValid());
});

test("global sign-out and deletion", async () => {
  await use("plain");
  const username = await member();
  await Auth.signIn(username, password);
  const AccessToken = (await Auth.currentSession()).getAccessToken().getJwtToken();
  await Auth.signOut({ global: true });
  await refused(admin("GetUser", { AccessToken }), "NotAuthorizedException");
  await Auth.signIn(username, password);
  assert.equal(await Auth.deleteUser(), "SUCCESS");
  await refused(Auth.signIn(username, password), "NotAuthorizedException", "Incorrect username or password.");
});
