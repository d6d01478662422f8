// aws-amplify 6 with second factors.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import {
  confirmSignIn, fetchMFAPreference, fetchUserAttributes, setUpTOTP, signIn, updateMFAPreference, verifyTOTPSetup,
} from "aws-amplify/auth";
import { Token, address, backends, code, password, phone, refused, unique, wrong } from "../support/auth.mjs";
import { admin, call, enter, leave, use } from "./support.mjs";

afterEach(leave);

/** Makes somebody with a verified address and number. */
async function somebody(app, number = phone()) {
  const username = unique();
  const attributes = { email: address(), email_verified: "true" };
  await admin.user(backends[app], username, number ? { ...attributes, phone_number: number, phone_number_verified: "true" } : attributes);
  return { username, number };
}

const step = async (promise) => (await promise).nextStep.signInStep;

test("an optional second factor: by SMS, by software token, and the choice", async () => {
  use("choice");
  const { username, number } = await somebody("choice");
  await enter(username);
  assert.deepEqual((await fetchMFAPreference()).enabled ?? [], []);
  await updateMFAPreference({ sms: "PREFERRED" });
  assert.deepEqual(await fetchMFAPreference(), { enabled: ["SMS"], preferred: "SMS" });
  await leave();

  const sms = await signIn({ username, password });
  assert.equal(sms.nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_SMS_CODE");
  assert.ok(sms.nextStep.codeDeliveryDetails.destination.endsWith(number.slice(-4)));
  const right = await code(number);
  assert.equal(right.length, 6);
  await refused(confirmSignIn({ challengeResponse: wrong(right) }), "CodeMismatchException", "Invalid code or auth state for the user.");
  assert.equal(await step(confirmSignIn({ challengeResponse: right })), "DONE");

  const setup = await setUpTOTP();
  assert.match(setup.sharedSecret, /^[A-Z2-7]{32,}$/);
  assert.match(setup.getSetupUri("App").href, /^otpauth:\/\/totp\/App:/);
  const token = new Token(setup.sharedSecret);
  const first = await token.next();
  await refused(verifyTOTPSetup({ code: wrong(first) }), "EnableSoftwareTokenMFAException");
  await verifyTOTPSetup({ code: first });
  await updateMFAPreference({ totp: "ENABLED", sms: "ENABLED" });
  await updateMFAPreference({ sms: "NOT_PREFERRED" });
  assert.deepEqual((await fetchMFAPreference()).enabled.sort(), ["SMS", "TOTP"]);
  await leave();

  const choice = await signIn({ username, password });
  assert.equal(choice.nextStep.signInStep, "CONTINUE_SIGN_IN_WITH_MFA_SELECTION");
  assert.deepEqual([...choice.nextStep.allowedMFATypes].sort(), ["SMS", "TOTP"]);
  assert.equal(await step(confirmSignIn({ challengeResponse: "TOTP" })), "CONFIRM_SIGN_IN_WITH_TOTP_CODE");
  const second = await token.next();
  assert.equal(await step(confirmSignIn({ challengeResponse: second })), "DONE");
  await updateMFAPreference({ totp: "PREFERRED" });
  await leave();

  assert.equal(await step(signIn({ username, password, options: { authFlowType: "USER_SRP_AUTH" } })), "CONFIRM_SIGN_IN_WITH_TOTP_CODE");
  // A code is good once.
  await refused(confirmSignIn({ challengeResponse: second }), "CodeMismatchException");
  assert.equal(await step(confirmSignIn({ challengeResponse: await token.next() })), "DONE");
  await updateMFAPreference({ totp: "DISABLED", sms: "DISABLED" });
  await leave();
  await enter(username);
});

test("a second factor that is required: by SMS for who has a number", async () => {
  use("must");
  const { username, number } = await somebody("must");
  assert.equal(await step(signIn({ username, password })), "CONFIRM_SIGN_IN_WITH_SMS_CODE");
  assert.equal(await step(confirmSignIn({ challengeResponse: await code(number) })), "DONE");
  assert.equal((await fetchUserAttributes()).phone_number, number);
});

test("a second factor that is required: set up at sign-in", async () => {
  use("must");
  const { username } = await somebody("must", "");
  let { nextStep } = await signIn({ username, password });
  if (nextStep.signInStep === "CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION") {
    ({ nextStep } = await confirmSignIn({ challengeResponse: "TOTP" }));
  }
  assert.equal(nextStep.signInStep, "CONTINUE_SIGN_IN_WITH_TOTP_SETUP");
  const token = new Token(nextStep.totpSetupDetails.sharedSecret);
  const first = await token.next();
  await refused(confirmSignIn({ challengeResponse: wrong(first) }), "EnableSoftwareTokenMFAException");
  assert.equal(await step(confirmSignIn({ challengeResponse: first })), "DONE");
  await leave();
  assert.equal(await step(signIn({ username, password })), "CONFIRM_SIGN_IN_WITH_TOTP_CODE");
  assert.equal(await step(confirmSignIn({ challengeResponse: await token.next() })), "DONE");
});

test("a temporary password, then the second factor", async () => {
  use("must");
  const username = unique();
  const number = phone();
  await call("AdminCreateUser", {
    UserPoolId: backends.must.UserPoolId, Username: username, TemporaryPassword: password, MessageAction: "SUPPRESS",
    UserAttributes: [{ Name: "email", Value: address() }, { Name: "phone_number", Value: number }, { Name: "phone_number_verified", Value: "true" }],
  });
  assert.equal(await step(signIn({ username, password })), "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED");
  assert.equal(await step(confirmSignIn({ challengeResponse: "Another1Passw0rd" })), "CONFIRM_SIGN_IN_WITH_SMS_CODE");
  assert.equal(await step(confirmSignIn({ challengeResponse: await code(number) })), "DONE");
});
