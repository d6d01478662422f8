// The example app of README.md, as somebody uses it who signs up.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const run = promisify(execFile);
const { SUITE_BINARY, SUITE_DATA, SUITE_CHROMIUM, SUITE_SITE } = process.env;

async function code(to) {
  const { stdout } = await run(SUITE_BINARY, ["inbox", "--json", "--wait", "--to", to, "--data", SUITE_DATA]);
  return JSON.parse(stdout).at(-1).code;
}

async function signUp(it, email) {
  await it.goto(SUITE_SITE);
  await it.click("text=Create an account");
  await it.fill("#sign-up [name=email]", email);
  await it.fill("#sign-up [name=password]", "Passw0rd!x");
  await it.click("#sign-up button:not(.link)");
  await it.waitForSelector("#confirm:not([hidden])");
  await it.fill("#confirm [name=code]", await code(email));
  await it.click("#confirm button");
  await it.waitForSelector("#notes:not([hidden])");
}

test("people sign up and have notes that nobody else sees", async () => {
  const browser = await chromium.launch({ executablePath: SUITE_CHROMIUM, args: ["--no-sandbox"] });
  try {
    const [ann, ben] = await Promise.all([browser.newContext(), browser.newContext()]);
    const hers = await ann.newPage();
    await signUp(hers, "ann@example.com");
    await hers.fill("#add [name=title]", "Milk");
    await hers.click("#add button");
    await hers.waitForSelector("#list li");
    assert.match(await hers.textContent("#list"), /Milk/);

    const his = await ben.newPage();
    await signUp(his, "ben@example.com");
    assert.equal(await his.locator("#list li").count(), 0);

    await hers.reload();
    await hers.waitForSelector("#list li");
    await hers.click("#sign-out");
    await hers.waitForSelector("#sign-in:not([hidden])");
    await hers.fill("#sign-in [name=email]", "ann@example.com");
    await hers.fill("#sign-in [name=password]", "not hers");
    await hers.click("#sign-in button:not(.link)");
    await hers.waitForSelector("#message:not([hidden])");
    assert.equal(await hers.textContent("#message"), "Incorrect username or password.");
    await hers.fill("#sign-in [name=password]", "Passw0rd!x");
    await hers.click("#sign-in button:not(.link)");
    await hers.waitForSelector("#list li");
    await hers.click("text=Delete");
    await hers.waitForFunction(() => document.querySelectorAll("#list li").length === 0);
  } finally {
    await browser.close();
  }
});
