// amazon-cognito-identity-js with promises in the place of its callbacks.
import * as sdk from "@aws-sdk/client-cognito-identity-provider";
import { AuthenticationDetails, CognitoUser, CognitoUserAttribute, CognitoUserPool } from "amazon-cognito-identity-js";
import { administrator, backends, endpoint } from "../support/auth.mjs";

export const admin = administrator(sdk);

/** What the browser keeps in localStorage. */
class Store {
  #kept = new Map();
  setItem = (name, value) => this.#kept.set(name, value);
  getItem = (name) => this.#kept.get(name) ?? null;
  removeItem = (name) => this.#kept.delete(name);
  clear = () => this.#kept.clear();
}

/** The pool of an app, as one browser sees it. */
export function poolOf(app) {
  const { UserPoolId, AppClientIDWeb: ClientId } = backends[app];
  const Storage = new Store();
  return { pool: new CognitoUserPool({ UserPoolId, ClientId, endpoint: `${endpoint}/cognito-idp/`, Storage }), Storage };
}

export function userOf(app, Username, at = poolOf(app)) {
  return new CognitoUser({ Username, Pool: at.pool, Storage: at.Storage });
}

export const attribute = (Name, Value) => new CognitoUserAttribute({ Name, Value });

/** Waits for a method whose last argument is function (error, answer). */
export const done = (who, method, ...args) =>
  new Promise((resolve, reject) => who[method](...args, (error, answer) => (error ? reject(error) : resolve(answer))));

/** Waits for a method whose last argument is an object of callbacks. The answer
 * says which one was called. */
export const next = (who, method, ...args) =>
  new Promise((resolve, reject) => {
    const step = (name) => (...values) => resolve({ step: name, values });
    const names = ["onSuccess", "mfaRequired", "totpRequired", "mfaSetup", "selectMFAType", "newPasswordRequired", "customChallenge",
      "associateSecretCode", "inputVerificationCode"];
    const callbacks = { onFailure: reject, ...Object.fromEntries(names.map((name) => [name, step(name)])) };
    // The one method whose callbacks are not last.
    if (method === "sendMFACode") {
      who[method](args[0], callbacks, args[1]);
    } else {
      who[method](...args, callbacks);
    }
  });

export const signIn = (user, Password, flow = "USER_SRP_AUTH") => {
  user.setAuthenticationFlowType(flow);
  return next(user, "authenticateUser", new AuthenticationDetails({ Username: user.getUsername(), Password }));
};
