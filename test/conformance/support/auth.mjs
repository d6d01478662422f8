// What the JavaScript suites of user pools share: codes from the inbox, codes of a
// software token, signed calls. It imports nothing that is not of Node.js, since
// the packages belong to the suites.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { promisify } from "node:util";

const env = process.env;
const run = promisify(execFile);

export const endpoint = env.SUITE_ENDPOINT;
/** The ids of the auth resources by app. */
export const backends = JSON.parse(env.SUITE_BACKENDS);
export const password = "Passw0rd!x";
export const nextPassword = "Passw0rd!y";
/** Where hosted pages send the browser back to. */
export const redirect = "http://localhost:3000/";

let count = 0;
/** A name that no other test has. */
export const unique = (what = "user") => `${what}${process.pid}x${++count}`;
export const address = () => `${unique("mail")}@example.com`;
export const phone = () => `+1555${String(process.pid % 1000).padStart(3, "0")}${String(++count).padStart(4, "0")}`;

const seen = new Set();

/** The message that an address was sent next, as `preamp inbox` shows it. */
export async function message(to) {
  for (let tries = 0; tries < 100; tries++) {
    const { stdout } = await run(env.SUITE_BINARY, ["inbox", "--json", "--wait", "--to", to, "--data", env.SUITE_DATA]);
    for (const m of JSON.parse(stdout)) {
      const id = [m.to, m.at, m.id].join(" ");
      if (!seen.has(id)) {
        seen.add(id);
        return m;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`no message for ${to}`);
}

/** The code in that message. */
export async function code(to) {
  const m = await message(to);
  assert.match(m.code, /^[0-9]{6,8}$/);
  return m.code;
}

/** Another code than this one. */
export const wrong = (right) => String((Number(right) + 1) % 10 ** right.length).padStart(right.length, "0");

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const period = 30_000;

/** A software token. A server takes the code of each step once, and those of the
 * steps beside the present one, so that three come at once and then one waits. */
export class Token {
  #key;
  #last = 0;

  constructor(secret) {
    const bits = [...secret.replace(/=+$/, "")].map((c) => alphabet.indexOf(c).toString(2).padStart(5, "0")).join("");
    this.#key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  }

  async next() {
    const now = Date.now();
    // Not the step before when the present one is about to end.
    const first = Math.floor(now / period) - (now % period < period - 8000 ? 1 : 0);
    const step = Math.max(this.#last + 1, first);
    const early = (step - 1) * period - now;
    if (early > 0) {
      await new Promise((resolve) => setTimeout(resolve, early + 100));
    }
    this.#last = step;
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const mac = createHmac("sha1", this.#key).update(counter).digest();
    const at = mac[19] & 15;
    return String((mac.readUInt32BE(at) & 0x7fffffff) % 1e6).padStart(6, "0");
  }
}

/** Calls of the AWS SDK, which the suite imports, by an administrator. */
export function administrator(sdk) {
  const client = new sdk.CognitoIdentityProviderClient({
    endpoint, region: "us-east-1", maxAttempts: 1,
    credentials: { accessKeyId: env.SUITE_KEY, secretAccessKey: env.SUITE_SECRET },
  });
  const call = (operation, input) => client.send(new sdk[`${operation}Command`](input));
  return Object.assign(call, {
    /** Changes an app client; what is not named stays as it is. */
    async client(backend, change) {
      const at = { UserPoolId: backend.UserPoolId, ClientId: backend.AppClientIDWeb };
      const { ClientSecret, CreationDate, LastModifiedDate, ...now } = (await call("DescribeUserPoolClient", at)).UserPoolClient;
      await call("UpdateUserPoolClient", { ...now, ...change });
    },
    /** Makes a confirmed user. */
    async user(backend, username, attributes = {}) {
      const UserPoolId = backend.UserPoolId;
      const UserAttributes = Object.entries(attributes).map(([Name, Value]) => ({ Name, Value }));
      const made = await call("AdminCreateUser", { UserPoolId, Username: username, UserAttributes, MessageAction: "SUPPRESS" });
      await call("AdminSetUserPassword", { UserPoolId, Username: username, Password: password, Permanent: true });
      return made.User.Attributes.find((a) => a.Name === "sub").Value;
    },
  });
}

/** Wants an error of this name, and text if given. */
export async function refused(promise, name, text) {
  let answer;
  try {
    answer = await promise;
  } catch (error) {
    assert.equal(error.name, name, `${error.name}: ${error.message}`);
    if (text !== undefined) {
      assert.equal(error.message, text);
    }
    return error;
  }
  assert.fail(`no error, want ${name}: ${JSON.stringify(answer)}`);
}

export const claims = (jwt) => JSON.parse(Buffer.from(jwt.split(".")[1], "base64url"));
