// What the suites of aws-amplify 6 with user pools share.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as sdk from "@aws-sdk/client-cognito-identity-provider";
import { Amplify } from "aws-amplify";
import { confirmSignUp, signIn, signOut, signUp } from "aws-amplify/auth";
import { address, administrator, code, password } from "../support/auth.mjs";

// The client keeps timers of minutes for sign-ups that nobody confirms. They are
// no reason to stay.
const timeout = globalThis.setTimeout;
globalThis.setTimeout = (fn, after, ...more) => {
  const timer = timeout(fn, after, ...more);
  return after > 60_000 ? timer.unref() : timer;
};

export const admin = administrator(sdk);
export const call = (operation, input) => admin(operation, input);

/** Configures Amplify by the file of an app, as it is. */
export function use(app) {
  Amplify.configure(JSON.parse(readFileSync(`${process.env.SUITE_CONFIGS}/${app}.json`, "utf8")));
}

/** Signs in in one step. */
export async function enter(username, options = {}, secret = password) {
  const { isSignedIn, nextStep } = await signIn({ username, password: secret, options });
  assert.deepEqual([isSignedIn, nextStep.signInStep], [true, "DONE"]);
}

/** Signs up and confirms somebody of the app "plain", and answers their address. */
export async function member() {
  const username = address();
  await signUp({ username, password, options: { userAttributes: { email: username } } });
  await confirmSignUp({ username, confirmationCode: await code(username) });
  return username;
}

export const leave = () => signOut();
