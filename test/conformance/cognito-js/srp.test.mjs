// SRP handshakes with a fresh salt each: what pads numbers wrongly fails a
// fraction of them. PREAMP_TEST_SRP says how many; each takes the client 0.2 s.
import assert from "node:assert/strict";
import { test } from "node:test";
import { backends, refused, unique } from "../support/auth.mjs";
import { admin, signIn, userOf } from "./support.mjs";

const right = Number(process.env.PREAMP_TEST_SRP || 60);
const wrong = Math.ceil(right / 6);

test(`${right} handshakes with the right password, ${wrong} with a wrong one`, async () => {
  const { UserPoolId } = backends.plain;
  const Username = `${unique("srp")}@example.com`;
  await admin.user(backends.plain, Username, { email: Username });
  for (let i = 0; i < right; i++) {
    // Letters of one and more bytes.
    const secret = `Passw0rd ${i} ${["x", "é", "✓"][i % 3]}`;
    await admin("AdminSetUserPassword", { UserPoolId, Username, Password: secret, Permanent: true });
    if (i < wrong) {
      await refused(signIn(userOf("plain", Username), secret + "!"), "NotAuthorizedException", "Incorrect username or password.");
    }
    const { step } = await signIn(userOf("plain", Username), secret);
    assert.equal(step, "onSuccess");
  }
});
