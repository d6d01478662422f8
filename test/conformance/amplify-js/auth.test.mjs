// aws-amplify 6 with a user pool: sign-up, sign-in, tokens, passwords, attributes.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import {
  autoSignIn, confirmResetPassword, confirmSignIn, confirmSignUp, confirmUserAttribute, deleteUser, deleteUserAttributes,
  fetchAuthSession, fetchDevices, fetchUserAttributes, getCurrentUser, resendSignUpCode, resetPassword,
  sendUserAttributeVerificationCode, signIn, signOut, signUp, updatePassword, updateUserAttributes,
} from "aws-amplify/auth";
import { address, backends, claims, code, nextPassword, password, phone, refused, wrong } from "../support/auth.mjs";
import { admin, call, enter, leave, member, use } from "./support.mjs";

use("plain");
const { UserPoolId, AppClientIDWeb: ClientId } = backends.plain;
afterEach(leave);

test("sign-up, wrong code, code sent again, confirmation, automatic sign-in", async () => {
  const username = address();
  const input = { username, password, options: { userAttributes: { email: username, name: "Alice" }, autoSignIn: true } };
  const made = await signUp(input);
  assert.equal(made.nextStep.signUpStep, "CONFIRM_SIGN_UP");
  assert.equal(made.nextStep.codeDeliveryDetails.deliveryMedium, "EMAIL");
  assert.equal(made.nextStep.codeDeliveryDetails.attributeName, "email");
  await refused(signUp(input), "UsernameExistsException");
  const first = await code(username);
  await refused(
    confirmSignUp({ username, confirmationCode: wrong(first) }),
    "CodeMismatchException", "Invalid verification code provided, please try again.",
  );
  const again = await resendSignUpCode({ username });
  assert.equal(again.deliveryMedium, "EMAIL");
  const second = await code(username);
  const done = await confirmSignUp({ username, confirmationCode: second });
  assert.equal(done.isSignUpComplete, true);
  assert.equal(done.nextStep.signUpStep, "COMPLETE_AUTO_SIGN_IN");
  const entered = await autoSignIn();
  assert.equal(entered.isSignedIn, true);
  const who = await getCurrentUser();
  assert.equal(who.userId, made.userId);
  // In a pool of e-mail addresses the user name is the sub.
  assert.equal(who.username, made.userId);
});

test("refusals of sign-up and sign-in", async () => {
  const early = address();
  await signUp({ username: early, password, options: { userAttributes: { email: early } } });
  assert.equal((await signIn({ username: early, password })).nextStep.signInStep, "CONFIRM_SIGN_UP");
  const username = address();
  const weak = signUp({ username, password: "short", options: { userAttributes: { email: username } } });
  await refused(weak, "InvalidPasswordException", "Password did not conform with policy: Password not long enough");
  await refused(signUp({ username: "nobody", password, options: {} }), "InvalidParameterException");
  const known = await member();
  await refused(enter(known, {}, "wrong"), "NotAuthorizedException", "Incorrect username or password.");
  await admin.client(backends.plain, { ExplicitAuthFlows: ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"] });
  await refused(enter(known, { authFlowType: "USER_AUTH", preferredChallenge: "PASSWORD" }), "InvalidParameterException",
    "USER_AUTH flow not enabled for this client");
});

test("tokens of USER_SRP_AUTH and USER_PASSWORD_AUTH", async () => {
  await admin.client(backends.plain, {
    ExplicitAuthFlows: ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
  });
  const username = await member();
  for (const authFlowType of ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"]) {
    await enter(username, { authFlowType });
    const { tokens, userSub } = await fetchAuthSession();
    const access = tokens.accessToken.payload;
    const id = tokens.idToken.payload;
    assert.equal(access.token_use, "access");
    assert.equal(access.client_id, ClientId);
    assert.equal(access.scope, "aws.cognito.signin.user.admin");
    assert.equal(access.username, userSub);
    assert.equal(id.token_use, "id");
    assert.equal(id.aud, ClientId);
    assert.equal(id.email, username);
    assert.equal(id.email_verified, true);
    assert.equal(id["cognito:username"], userSub);
    assert.equal(id.iss, access.iss);
    assert.ok(id.iss.endsWith("/" + UserPoolId));
    assert.equal(id.exp - id.iat, 3600);
    assert.equal(id.origin_jti, access.origin_jti);
    assert.notEqual(id.jti, access.jti);
    await leave();
  }
});

test("choice of the first factor (USER_AUTH)", async () => {
  const { UserPool } = await call("DescribeUserPool", { UserPoolId });
  await call("UpdateUserPool", {
    UserPoolId, AutoVerifiedAttributes: UserPool.AutoVerifiedAttributes,
    Policies: { ...UserPool.Policies, SignInPolicy: { AllowedFirstAuthFactors: ["PASSWORD", "EMAIL_OTP", "SMS_OTP"] } },
  });
  const number = phone();
  const username = address();
  await admin.user(backends.plain, username, { email: username, email_verified: "true", phone_number: number, phone_number_verified: "true" });
  const begin = async (preferredChallenge) => {
    const { nextStep } = await signIn({ username, options: { authFlowType: "USER_AUTH", preferredChallenge } });
    return nextStep;
  };

  for (const [challenge, to, step] of [
    ["EMAIL_OTP", username, "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"], ["SMS_OTP", number, "CONFIRM_SIGN_IN_WITH_SMS_CODE"],
  ]) {
    const { signInStep, codeDeliveryDetails } = await begin(challenge);
    assert.equal(signInStep, step);
    assert.equal(codeDeliveryDetails.deliveryMedium, challenge === "SMS_OTP" ? "SMS" : "EMAIL");
    const right = await code(to);
    assert.equal(right.length, 8);
    await refused(confirmSignIn({ challengeResponse: wrong(right) }), "CodeMismatchException", "Invalid code or auth state for the user.");
    assert.equal((await confirmSignIn({ challengeResponse: right })).isSignedIn, true);
    await leave();
  }

  await enter(username, { authFlowType: "USER_AUTH", preferredChallenge: "PASSWORD" });
  await leave();
  await enter(username, { authFlowType: "USER_AUTH", preferredChallenge: "PASSWORD_SRP" });
  await leave();

  for (const factor of ["PASSWORD", "PASSWORD_SRP", "EMAIL_OTP"]) {
    const choice = await begin(undefined);
    assert.equal(choice.signInStep, "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION");
    assert.deepEqual([...choice.availableChallenges].sort(), ["EMAIL_OTP", "PASSWORD", "PASSWORD_SRP", "SMS_OTP"]);
    const { nextStep } = await confirmSignIn({ challengeResponse: factor });
    const email = factor === "EMAIL_OTP";
    assert.equal(nextStep.signInStep, email ? "CONFIRM_SIGN_IN_WITH_EMAIL_CODE" : "CONFIRM_SIGN_IN_WITH_PASSWORD");
    assert.equal((await confirmSignIn({ challengeResponse: email ? await code(username) : password })).isSignedIn, true);
    await leave();
  }
});

test("automatic sign-in by USER_AUTH", async () => {
  const username = address();
  await signUp({ username, password, options: { userAttributes: { email: username }, autoSignIn: { authFlowType: "USER_AUTH" } } });
  await confirmSignUp({ username, confirmationCode: await code(username) });
  const { isSignedIn, nextStep } = await autoSignIn();
  assert.deepEqual([isSignedIn, nextStep.signInStep], [true, "DONE"]);
  assert.equal((await fetchUserAttributes()).email, username);
});

test("refresh, and refresh with rotation", async () => {
  const username = await member();
  await enter(username);
  const first = (await fetchAuthSession()).tokens;
  const second = (await fetchAuthSession({ forceRefresh: true })).tokens;
  assert.notEqual(second.accessToken.payload.jti, first.accessToken.payload.jti);
  assert.equal(second.accessToken.payload.origin_jti, first.accessToken.payload.origin_jti);
  assert.equal(second.accessToken.payload.auth_time, first.accessToken.payload.auth_time);
  await leave();

  const flows = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH"];
  await admin.client(backends.plain, { ExplicitAuthFlows: flows, RefreshTokenRotation: { Feature: "ENABLED", RetryGracePeriodSeconds: 0 } });
  try {
    await enter(username);
    const seen = new Set();
    for (let i = 0; i < 3; i++) {
      seen.add((await fetchAuthSession({ forceRefresh: true })).tokens.accessToken.payload.jti);
    }
    assert.equal(seen.size, 3);
  } finally {
    await admin.client(backends.plain, { ExplicitAuthFlows: [...flows, "ALLOW_REFRESH_TOKEN_AUTH"], RefreshTokenRotation: { Feature: "DISABLED" } });
  }
});

test("forgotten password and change of password", async () => {
  const username = await member();
  const { nextStep } = await resetPassword({ username });
  assert.equal(nextStep.resetPasswordStep, "CONFIRM_RESET_PASSWORD_WITH_CODE");
  assert.equal(nextStep.codeDeliveryDetails.deliveryMedium, "EMAIL");
  const confirmationCode = await code(username);
  await refused(confirmResetPassword({ username, confirmationCode: wrong(confirmationCode), newPassword: nextPassword }), "CodeMismatchException");
  await refused(confirmResetPassword({ username, confirmationCode, newPassword: "short" }), "InvalidPasswordException");
  await confirmResetPassword({ username, confirmationCode, newPassword: nextPassword });
  await refused(enter(username), "NotAuthorizedException");
  await enter(username, {}, nextPassword);
  await refused(updatePassword({ oldPassword: "wrong", newPassword: password }), "NotAuthorizedException");
  await updatePassword({ oldPassword: nextPassword, newPassword: password });
  await leave();
  await enter(username);

  await call("AdminResetUserPassword", { UserPoolId, Username: username });
  await leave();
  const reset = await signIn({ username, password });
  assert.equal(reset.nextStep.signInStep, "RESET_PASSWORD");
});

test("attributes, and another e-mail address", async () => {
  const username = await member();
  await enter(username);
  const other = address();
  const changed = await updateUserAttributes({ userAttributes: { name: "Bob", email: other } });
  assert.equal(changed.name.isUpdated, true);
  assert.equal(changed.email.nextStep.updateAttributeStep, "CONFIRM_ATTRIBUTE_WITH_CODE");
  const first = await code(other);
  await refused(confirmUserAttribute({ userAttributeKey: "email", confirmationCode: wrong(first) }), "CodeMismatchException");
  await confirmUserAttribute({ userAttributeKey: "email", confirmationCode: first });
  const attributes = await fetchUserAttributes();
  assert.deepEqual([attributes.email, attributes.email_verified, attributes.name], [other, "true", "Bob"]);

  const number = phone();
  const added = await updateUserAttributes({ userAttributes: { phone_number: number } });
  assert.ok(added.phone_number);
  assert.equal((await sendUserAttributeVerificationCode({ userAttributeKey: "phone_number" })).deliveryMedium, "SMS");
  await confirmUserAttribute({ userAttributeKey: "phone_number", confirmationCode: (await code(number)) });
  assert.equal((await fetchUserAttributes()).phone_number_verified, "true");
  await deleteUserAttributes({ userAttributeKeys: ["name"] });
  assert.equal((await fetchUserAttributes()).name, undefined);
  await leave();
  await enter(other);
});

test("a temporary password", async () => {
  const username = address();
  await call("AdminCreateUser", {
    UserPoolId, Username: username, TemporaryPassword: password, MessageAction: "SUPPRESS",
    UserAttributes: [{ Name: "email", Value: username }, { Name: "email_verified", Value: "true" }],
  });
  const { nextStep } = await signIn({ username, password });
  assert.equal(nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED");
  assert.deepEqual(nextStep.missingAttributes, []);
  const input = { challengeResponse: nextPassword, options: { userAttributes: { name: "Carol" } } };
  await refused(confirmSignIn({ ...input, challengeResponse: "short" }), "InvalidPasswordException",
    "Password does not conform to policy: Password not long enough");
  assert.equal((await confirmSignIn(input)).isSignedIn, true);
  assert.equal((await fetchUserAttributes()).name, "Carol");
});

test("sign-out revokes the refresh token", async () => {
  const username = await member();
  const stolen = await call("AdminInitiateAuth", {
    UserPoolId, ClientId, AuthFlow: "ADMIN_USER_PASSWORD_AUTH", AuthParameters: { USERNAME: username, PASSWORD: password },
  }).catch((error) => error);
  // The flow is not one that an app may use unless the client allows it.
  assert.equal(stolen.name, "InvalidParameterException");

  await enter(username);
  const { tokens } = await fetchAuthSession();
  const AccessToken = tokens.accessToken.toString();
  assert.equal((await call("GetUser", { AccessToken })).Username, claims(AccessToken).sub);
  await signOut();
  await refused(call("GetUser", { AccessToken }), "NotAuthorizedException", "Access Token has been revoked");
});

test("global sign-out", async () => {
  const username = await member();
  await enter(username, { authFlowType: "USER_PASSWORD_AUTH" });
  const first = (await fetchAuthSession()).tokens.accessToken.toString();
  const other = await call("InitiateAuth", {
    ClientId, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters: { USERNAME: username, PASSWORD: password },
  });
  const { AccessToken, RefreshToken } = other.AuthenticationResult;
  await signOut({ global: true });
  for (const token of [first, AccessToken]) {
    await refused(call("GetUser", { AccessToken: token }), "NotAuthorizedException");
  }
  await refused(call("GetTokensFromRefreshToken", { ClientId, RefreshToken }), "NotAuthorizedException");
});

test("devices are not kept", async () => {
  await enter(await member());
  // Unknown to this version, which says so.
  await assert.rejects(fetchDevices());
});

test("deletion of a user", async () => {
  const username = await member();
  await enter(username);
  await deleteUser();
  // The clients of CreateBackendAuth do not say who there is.
  await refused(enter(username), "NotAuthorizedException", "Incorrect username or password.");
  await refused(call("AdminGetUser", { UserPoolId, Username: username }), "UserNotFoundException");
});
