import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AdminCreateUserCommand, AdminSetUserPasswordCommand } from "@aws-sdk/client-cognito-identity-provider";
import {
  application, authorize, claims, code, exchange, idp, launch, otherPassword, page, password, picture, pkce, pool, returned, sizes, submit, totp,
} from "./support.mjs";

let browser, app;
before(async () => { browser = await launch(); app = await application(); });
after(async () => { await browser?.close(); app?.close(); });

/** A confirmed user without codes. */
async function user(id, name, more = []) {
  await idp.send(new AdminCreateUserCommand({ UserPoolId: id, Username: name, MessageAction: "SUPPRESS", UserAttributes: more }));
  await idp.send(new AdminSetUserPasswordCommand({ UserPoolId: id, Username: name, Password: password, Permanent: true }));
}

const verified = (email) => [{ Name: "email", Value: email }, { Name: "email_verified", Value: "true" }];
const title = (it) => it.textContent("h1");
const alert = (it) => it.textContent("[role=alert]");

for (const size of Object.keys(sizes)) {
  test(`sign-up, sign-in and sign-out on a ${size}`, async () => {
    const shop = await pool([app.url]);
    const it = await page(browser, size);
    const mail = `ann-${size}@example.com`;
    const { verifier, challenge } = pkce();
    const begin = authorize(shop, app.url, { code_challenge: challenge, code_challenge_method: "S256", nonce: "n-1" });

    await it.goto(begin);
    assert.equal(await title(it), "Sign in");
    await picture(it, `login-${size}`);
    await it.click("text=Create an account");
    await picture(it, `signup-${size}`);
    await submit(it, { username: "ann", "attribute.email": mail, password: "weak" });
    assert.equal(await alert(it), "Password not long enough.");
    await picture(it, `signup-error-${size}`);
    await submit(it, { password });
    assert.equal(await title(it), "Confirm your account");
    await picture(it, `confirm-${size}`);
    await submit(it, { code: "000000" });
    assert.match(await alert(it), /wrong/);
    await submit(it, { code: code(mail) });
    const sent = returned(it, app.url);
    assert.equal(sent.get("state"), "a state");

    assert.equal((await exchange(shop, app.url, sent.get("code"))).error, "invalid_grant"); // without the verifier
    const tokens = await exchange(shop, app.url, sent.get("code"), verifier);
    assert.equal(tokens.status, 200);
    assert.equal(claims(tokens.id_token).nonce, "n-1");
    assert.equal(claims(tokens.id_token).email, mail);
    const info = await fetch(`${shop.base}/oauth2/userInfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    assert.equal((await info.json()).email_verified, "true");
    assert.equal((await exchange(shop, app.url, sent.get("code"), verifier)).error, "invalid_grant"); // twice
    const gone = await fetch(`${shop.base}/oauth2/userInfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    assert.equal(gone.status, 401);

    await it.goto(begin); // signed in: no page
    assert.ok(returned(it, app.url).get("code"));
    await it.goto(`${shop.base}/logout?${new URLSearchParams({ client_id: shop.client, logout_uri: app.url })}`);
    returned(it, app.url);
    await it.goto(authorize(shop, app.url, { prompt: "none" }));
    assert.equal(returned(it, app.url).get("error"), "login_required");

    await it.goto(begin);
    await submit(it, { username: "ann", password: otherPassword });
    assert.match(await alert(it), /wrong/);
    await picture(it, `login-error-${size}`);
    await submit(it, { password });
    assert.ok(returned(it, app.url).get("code"));
    await it.goto(authorize(shop, app.url, { response_type: "token" }));
    assert.match(it.url(), /#.*access_token=/);
    assert.deepEqual(it.trouble, []);
  });

  test(`a second step on a ${size}`, async () => {
    const shop = await pool([app.url], { mfa: "ON" });
    await user(shop.id, "bea");
    const it = await page(browser, size);
    await it.goto(authorize(shop, app.url));
    await submit(it, { username: "bea", password });
    assert.equal(await title(it), "Set up a second step");
    await picture(it, `setup-${size}`);
    const box = await it.locator(".qr svg").boundingBox();
    assert.ok(box.width > 150 && Math.abs(box.width - box.height) < 1, JSON.stringify(box));
    const secret = await it.textContent("code");
    await submit(it, { code: "000000" });
    assert.match(await alert(it), /wrong/);
    const used = Date.now();
    await submit(it, { code: totp(secret, used) });
    assert.ok(returned(it, app.url).get("code"));

    const again = await page(browser, size);
    await again.goto(authorize(shop, app.url));
    await submit(again, { username: "bea", password });
    assert.equal(await title(again), "Enter the code");
    await picture(again, `mfa-${size}`);
    await submit(again, { code: totp(secret, used) }); // a step is good once
    assert.match(await alert(again), /wrong/);
    await submit(again, { code: totp(secret, used + 30000) });
    assert.ok(returned(again, app.url).get("code"));
    assert.deepEqual([...it.trouble, ...again.trouble], []);
  });

  test(`forgotten and temporary passwords on a ${size}`, async () => {
    const shop = await pool([app.url]);
    const mail = `cleo-${size}@example.com`;
    await user(shop.id, "cleo", verified(mail));
    const it = await page(browser, size);
    await it.goto(authorize(shop, app.url));
    await it.click("text=Forgot your password?");
    await picture(it, `forgot-${size}`);
    await submit(it, { username: "cleo" });
    await picture(it, `reset-${size}`);
    await submit(it, { code: code(mail), password: otherPassword });
    assert.match(await it.textContent("[role=status]"), /changed/);
    await picture(it, `notice-${size}`);
    await submit(it, { password: otherPassword });
    assert.ok(returned(it, app.url).get("code"));

    await idp.send(new AdminSetUserPasswordCommand({ UserPoolId: shop.id, Username: "cleo", Password: password, Permanent: false }));
    const other = await page(browser, size);
    await other.goto(authorize(shop, app.url));
    await submit(other, { username: "cleo", password });
    assert.equal(await title(other), "Choose your password");
    await picture(other, `newpassword-${size}`);
    await submit(other, { password: otherPassword });
    assert.ok(returned(other, app.url).get("code"));
    assert.deepEqual([...it.trouble, ...other.trouble], []);
  });

  test(`an error on a ${size}`, async () => {
    const shop = await pool([app.url]);
    const it = await page(browser, size);
    await it.goto(authorize(shop, "https://elsewhere.example/"));
    assert.ok(it.url().startsWith(shop.base));
    assert.match(await alert(it), /redirect_uri/);
    await picture(it, `error-${size}`);
    assert.deepEqual(it.trouble, []);
  });

  test(`in the dark on a ${size}`, async () => {
    const shop = await pool([app.url]);
    const it = await page(browser, size, { colorScheme: "dark", javaScriptEnabled: true });
    await it.goto(authorize(shop, app.url));
    await picture(it, `dark-${size}`);
    const [back, wide, screen] = await it.evaluate(() => [
      getComputedStyle(document.body).backgroundColor, document.documentElement.scrollWidth, innerWidth,
    ]);
    assert.ok(back.match(/\d+/g).every((part) => Number(part) < 64), `the page is light: ${back}`);
    assert.ok(wide <= screen, `${wide} px wide on a screen of ${screen}`);
  });
}

test("an app is started by its scheme", async () => {
  const shop = await pool(["myapp://callback"]);
  await user(shop.id, "dora");
  const it = await page(browser);
  await it.goto(authorize(shop, "myapp://callback"));
  const asked = it.waitForRequest((request) => request.url().startsWith("myapp://callback?code="));
  await submit(it, { username: "dora", password }).catch(() => {}); // no such app is on this machine
  await asked;
  assert.deepEqual(it.trouble, []);
});

test("another site cannot show or fill in the pages", async () => {
  const shop = await pool([app.url]);
  await user(shop.id, "eva");
  const it = await page(browser, "desk", { javaScriptEnabled: true });
  const login = authorize(shop, app.url).replace("/oauth2/authorize", "/login");
  await it.goto(app.url);
  await it.setContent(`<iframe src="${login}"></iframe>`);
  await it.waitForTimeout(500);
  assert.equal(await it.frames().at(-1).locator("form").count(), 0);
  const answer = it.waitForResponse((response) => response.request().method() === "POST");
  await it.setContent(`<form method="post" action="${login}"><input name="username" value="eva"><input name="password" value="${password}"><button>go</button></form>`);
  await it.click("button");
  assert.equal((await answer).status(), 403);
});

const hostile = [
  "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'><svg/onload=alert(1)>", "javascript:alert(1)",
  "</title><script>alert(1)</script>", "\"autofocus/onfocus=alert(1)//", "<iframe/srcdoc='<script>alert(1)</script>'>", "{{constructor.constructor('alert(1)')()}}",
];

test("names stay text, with scripts on", async () => {
  const shop = await pool([app.url]);
  for (const name of hostile) {
    const it = await page(browser, "phone", { javaScriptEnabled: true });
    await it.goto(authorize(shop, app.url, { login_hint: name, state: name, nonce: name }));
    assert.equal(await it.inputValue("#username"), name);
    await submit(it, { username: name, password });
    assert.ok(await alert(it));
    await it.goto(`${shop.base}/signup?${new URL(it.url()).searchParams}`);
    await submit(it, { username: name, "attribute.email": "x@example.com", password });
    assert.ok((await title(it)).length > 0);
    await it.waitForTimeout(100);
    assert.deepEqual(it.trouble, [], name);
    await it.context().close();
  }
});
