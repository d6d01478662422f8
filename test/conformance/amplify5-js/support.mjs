// What the suites of aws-amplify 5 share.
import { pathToFileURL } from "node:url";
import * as sdk from "@aws-sdk/client-cognito-identity-provider";
import amplify from "aws-amplify";
import { address, administrator, code, endpoint, password } from "../support/auth.mjs";

export const { Amplify, API, Auth, Hub } = amplify;
export const admin = administrator(sdk);

// This client knows no endpoint for identity pools: it calls a host name of AWS,
// which leads to the server where somebody has set up that name. Here it does.
const network = globalThis.fetch;
globalThis.fetch = (to, init) => {
  const url = new URL(to);
  return network(url.hostname.startsWith("cognito-identity.") ? `${endpoint}/cognito-identity/` : to, init);
};

/** Configures Amplify by the file of an app, as it is. */
export async function use(app) {
  const { default: exports } = await import(pathToFileURL(`${process.env.SUITE_CONFIGS}/${app}.mjs`));
  Amplify.configure(exports);
}

/** Signs up and confirms somebody of the app "plain", and answers their address. */
export async function member() {
  const username = address();
  await Auth.signUp({ username, password, attributes: { email: username } });
  await Auth.confirmSignUp(username, await code(username));
  return username;
}
