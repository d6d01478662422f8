// A pool with a client, an application that browsers come back to, and a browser.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, createHmac, randomBytes } from "node:crypto";
import http from "node:http";
import { join } from "node:path";
import {
  CognitoIdentityProviderClient, CreateUserPoolClientCommand, CreateUserPoolCommand, SetUserPoolMfaConfigCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import { chromium } from "playwright-core";

const env = process.env;

export const idp = new CognitoIdentityProviderClient({
  region: "us-east-1", endpoint: env.SUITE_ENDPOINT,
  credentials: { accessKeyId: env.SUITE_KEY, secretAccessKey: env.SUITE_SECRET },
});

export const password = "Passw0rd!x";
export const otherPassword = "Passw0rd!y";

/** An application that only shows what it was sent. */
export async function application() {
  const server = http.createServer((request, response) => {
    response.setHeader("content-type", "text/plain");
    response.end(`application ${request.url}`);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}/cb`, close: () => server.close() };
}

/** A pool whose users sign in with user names, and a client of it. */
export async function pool(callbacks, { mfa, ...settings } = {}) {
  const made = await idp.send(new CreateUserPoolCommand({
    PoolName: "Corner shop", AutoVerifiedAttributes: ["email"], ...settings,
  }));
  const id = made.UserPool.Id;
  if (mfa) {
    await idp.send(new SetUserPoolMfaConfigCommand({
      UserPoolId: id, MfaConfiguration: mfa, SoftwareTokenMfaConfiguration: { Enabled: true },
    }));
  }
  const client = await idp.send(new CreateUserPoolClientCommand({
    UserPoolId: id, ClientName: "web", AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: ["code", "implicit"],
    AllowedOAuthScopes: ["openid", "email", "profile"], CallbackURLs: callbacks, LogoutURLs: callbacks,
    SupportedIdentityProviders: ["COGNITO"], PreventUserExistenceErrors: "ENABLED",
  }));
  return { id, client: client.UserPoolClient.ClientId, base: `${env.SUITE_TLS_ENDPOINT}/oauth/${id}` };
}

/** The code of the last message to an address, once there are so many. */
export function code(to, count = 1) {
  for (let tries = 0; tries < 50; tries++) {
    const out = execFileSync(env.SUITE_BINARY, ["inbox", "--json", "--wait", "--to", to, "--data", env.SUITE_DATA]);
    const messages = JSON.parse(out);
    if (messages.length >= count) return messages.at(-1).code;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
  throw new Error(`fewer than ${count} messages to ${to}`);
}

/** The code of an authenticator app. */
export function totp(secret, at = Date.now()) {
  let bits = "";
  for (const letter of secret.replace(/[ =]/g, "")) {
    bits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0");
  }
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30000)));
  const sum = createHmac("sha1", key).update(step).digest();
  return String((sum.readUInt32BE(sum[19] & 15) & 0x7fffffff) % 1e6).padStart(6, "0");
}

/** A verifier of PKCE and its challenge. */
export function pkce() {
  const verifier = randomBytes(48).toString("base64url");
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") };
}

export const launch = () => chromium.launch({ executablePath: env.SUITE_CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });

export const sizes = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 800 } };

/** A page of a fresh browser without scripts. What it complains about ends up in trouble. */
export async function page(browser, size = "phone", options = {}) {
  const context = await browser.newContext({ viewport: sizes[size], ignoreHTTPSErrors: true, javaScriptEnabled: false, ...options });
  const it = await context.newPage();
  it.trouble = [];
  it.on("dialog", (dialog) => { it.trouble.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  it.on("console", (message) => {
    if (/Content Security Policy|Refused to|violates/.test(message.text())) it.trouble.push(message.text());
  });
  it.on("response", (response) => {
    if (response.status() >= 500) it.trouble.push(`${response.status()} ${response.url()}`);
  });
  return it;
}

/** Where a sign-in begins. */
export function authorize({ base, client }, redirect, more = {}) {
  return `${base}/oauth2/authorize?${new URLSearchParams({
    client_id: client, redirect_uri: redirect, response_type: "code", scope: "openid email", state: "a state", ...more,
  })}`;
}

/** Fills in the fields of the page and sends its first form. */
export async function submit(it, fields, button = "form button[type=submit]") {
  for (const [name, value] of Object.entries(fields)) await it.fill(`[name="${name}"]`, value);
  await it.locator(button).first().click();
}

/** What the application was sent. */
export function returned(it, redirect) {
  assert.ok(it.url().startsWith(redirect), `${it.url()} is not ${redirect}`);
  return new URL(it.url()).searchParams;
}

/** A picture of the page, when somebody wants to look at it. */
export async function picture(it, name) {
  if (env.SUITE_SCREENSHOTS) await it.screenshot({ path: join(env.SUITE_SCREENSHOTS, `${name}.png`), fullPage: true });
}

/** Exchanges a code as an application does. */
export async function exchange({ base, client }, redirect, code, verifier) {
  const answer = await fetch(`${base}/oauth2/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code", client_id: client, redirect_uri: redirect, code, ...(verifier && { code_verifier: verifier }),
    }),
  });
  return { status: answer.status, ...(await answer.json()) };
}

export const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
