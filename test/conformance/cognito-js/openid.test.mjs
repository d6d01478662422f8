// openid-client 6, with the checks of oauth4webapi behind it, as relying party of
// the hosted pages. A small browser stands between: it keeps cookies, follows
// redirects and fills in forms.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as client from "openid-client";
import { address, backends, password, redirect } from "../support/auth.mjs";
import { admin } from "./support.mjs";

const { UserPoolId, AppClientIDWeb } = backends.plain;
const issuer = new URL(`${process.env.SUITE_TLS_ENDPOINT}/${UserPoolId}`);

const unescape = (text) =>
  text.replace(/&#(?:x([0-9a-f]+)|([0-9]+));/gi, (_, hex, dec) => String.fromCodePoint(hex ? parseInt(hex, 16) : Number(dec)))
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");

class Browser {
  cookies = new Map();

  /** Goes to a page, following redirects as far as the app. */
  async open(url, init = {}) {
    for (let hops = 0; hops < 10; hops++) {
      const headers = { ...init.headers, cookie: [...this.cookies].map(([k, v]) => `${k}=${v}`).join("; ") };
      const answer = await fetch(url, { ...init, headers, redirect: "manual" });
      for (const line of answer.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
        if (/Max-Age=0|Expires=Thu, 01 Jan 1970/i.test(line)) {
          this.cookies.delete(name);
        } else {
          this.cookies.set(name, value);
        }
      }
      if (answer.status < 300 || answer.status >= 400) {
        return { url: String(url), status: answer.status, html: await answer.text() };
      }
      url = new URL(answer.headers.get("location"), url);
      init = {};
      if (String(url).startsWith(redirect)) {
        return { app: url };
      }
    }
    assert.fail(`redirected for ever: ${url}`);
  }

  /** Sends the first form of a page with these fields filled in. */
  submit(page, fields) {
    const [, attributes, inside] = /<form([^>]*)>([\s\S]*?)<\/form>/.exec(page.html) ?? assert.fail(page.html);
    const body = new URLSearchParams();
    for (const [tag] of inside.matchAll(/<input[^>]*>/g)) {
      const get = (name) => unescape(new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? "");
      body.set(get("name"), get("value"));
    }
    for (const [name, value] of Object.entries(fields)) {
      assert.ok(body.has(name), `no field ${name} in ${inside}`);
      body.set(name, value);
    }
    const action = new URL(unescape(/action="([^"]*)"/.exec(attributes)?.[1] ?? ""), page.url);
    return this.open(action, { method: "POST", body, headers: { origin: action.origin, "sec-fetch-site": "same-origin" } });
  }
}

async function begin(config, more = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirect, scope: "openid email profile", state, nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", ...more,
  });
  return { url, checks: { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce } };
}

test("discovery, code flow with PKCE, userInfo, refresh, revocation, end of the session", async () => {
  const username = address();
  const sub = await admin.user(backends.plain, username, { email: username, email_verified: "true", name: "Ann" });
  const config = await client.discovery(issuer, AppClientIDWeb, undefined, client.None());
  const server = config.serverMetadata();
  assert.equal(server.issuer, issuer.href);
  assert.deepEqual(server.response_types_supported, ["code", "token"]);
  assert.ok(server.scopes_supported.includes("openid"));

  const browser = new Browser();
  const { url, checks } = await begin(config);
  const login = await browser.open(url);
  assert.equal(login.status, 200);
  assert.match(login.html, /<form/);
  const wrong = await browser.submit(login, { username, password: "wrong" });
  assert.ok(wrong.html, "a wrong password leads nowhere");
  assert.match(wrong.html, /role="alert"/);
  const { app } = await browser.submit(wrong, { username, password });
  assert.ok(app, "the browser is not sent back");
  const tokens = await client.authorizationCodeGrant(config, app, checks);
  assert.equal(tokens.token_type.toLowerCase(), "bearer");
  assert.equal(tokens.expires_in, 3600);
  assert.equal(tokens.claims().sub, sub);
  assert.equal(tokens.claims().email, username);
  assert.equal(tokens.claims().token_use, "id");
  assert.ok(tokens.refresh_token);

  const who = await client.fetchUserInfo(config, tokens.access_token, sub);
  assert.equal(who.email, username);
  assert.equal(who.name, "Ann");

  const again = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(again.access_token, tokens.access_token);
  assert.equal((await client.fetchUserInfo(config, again.access_token, sub)).sub, sub);

  // A session of the pages: the next authorization asks nothing.
  const second = await begin(config);
  const back = await browser.open(second.url);
  assert.ok(back.app, "the session of the pages is not known");
  const others = await client.authorizationCodeGrant(config, back.app, second.checks);

  // A code is good once, and using it again ends what it gave.
  await assert.rejects(client.authorizationCodeGrant(config, back.app, second.checks), (e) => e.error === "invalid_grant");
  await assert.rejects(client.fetchUserInfo(config, others.access_token, sub));
  await assert.rejects(client.refreshTokenGrant(config, others.refresh_token), (e) => e.error === "invalid_grant");

  await client.tokenRevocation(config, tokens.refresh_token);
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), (e) => e.error === "invalid_grant");
  await assert.rejects(client.fetchUserInfo(config, tokens.access_token, sub));

  const out = await browser.open(client.buildEndSessionUrl(config, { logout_uri: redirect }));
  assert.equal(out.app?.href, redirect);
  const third = await browser.open((await begin(config)).url);
  assert.match(third.html ?? "", /<form/, "the session of the pages has not ended");
});

test("what is refused", async () => {
  const username = address();
  await admin.user(backends.plain, username, { email: username });
  const config = await client.discovery(issuer, AppClientIDWeb, undefined, client.None());
  const enter = async (checks, url) => {
    const browser = new Browser();
    return (await browser.submit(await browser.open(url), { username, password })).app;
  };
  const { url, checks } = await begin(config);
  const app = await enter(checks, url);
  // Another verifier than that of the challenge.
  await assert.rejects(client.authorizationCodeGrant(config, app, { ...checks, pkceCodeVerifier: client.randomPKCECodeVerifier() }),
    (e) => e.error === "invalid_grant");

  const browser = new Browser();
  const elsewhere = await browser.open((await begin(config, { redirect_uri: "https://evil.example/" })).url);
  assert.equal(elsewhere.status, 400);
  const plain = await browser.open((await begin(config, { code_challenge_method: "plain" })).url);
  assert.equal(plain.app?.searchParams.get("error"), "invalid_request");
  const scope = await browser.open((await begin(config, { scope: "openid unheard-of" })).url);
  assert.equal(scope.app?.searchParams.get("error"), "invalid_scope");
  const type = await browser.open((await begin(config, { response_type: "token" })).url);
  assert.match(type.app?.href, /error=unauthorized_client/);
});
