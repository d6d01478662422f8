// aws-amplify 6 with an identity pool, and the GraphQL API by tokens and by
// temporary credentials.
import assert from "node:assert/strict";
import { test } from "node:test";
import { generateClient } from "aws-amplify/api";
import { fetchAuthSession } from "aws-amplify/auth";
import { backends } from "../support/auth.mjs";
import { call, enter, leave, member, use } from "./support.mjs";

use("plain");
const client = generateClient();
const { UserPoolId } = backends.plain;

const ask = async (query, authMode) => (await client.graphql({ query, authMode })).data;
const denied = async (query, authMode) => {
  const error = await client.graphql({ query, authMode }).then(() => assert.fail(`allowed: ${query}`), (e) => e);
  assert.match(JSON.stringify(error.errors), /Unauthorized|Not Authorized/);
};
const listNews = "query { listNews { items { id text } } }";
const listNotes = "query { listNotes { items { id text owner } } }";
const createNews = `mutation { createNews(input: { text: "x" }) { id } }`;
const createNote = `mutation { createNote(input: { text: "mine" }) { id text owner } }`;

test("guests", async () => {
  const session = await fetchAuthSession();
  assert.equal(session.tokens, undefined);
  assert.match(session.identityId, /^us-east-1:[0-9a-f-]{36}$/);
  assert.match(session.credentials.accessKeyId, /^ASIA/);
  assert.ok(session.credentials.expiration > Date.now() + 3_000_000);
  assert.deepEqual((await ask(listNews, "identityPool")).listNews.items, []);
  await denied(createNews, "identityPool");
  await denied(createNote, "identityPool");
  await assert.rejects(ask(listNotes, "userPool"));
});

test("signed-in users: credentials, owners, groups", async () => {
  const alice = await member();
  await enter(alice);
  const session = await fetchAuthSession();
  const { identityId } = session;
  assert.match(session.credentials.accessKeyId, /^ASIA/);
  assert.ok(identityId);

  const news = (await ask(createNews, "identityPool")).createNews;
  assert.ok((await ask(listNews, "userPool")).listNews.items.some((n) => n.id === news.id));
  await denied(createNews, "userPool");

  const note = (await ask(createNote, "userPool")).createNote;
  assert.equal(note.owner.split("::")[0], session.userSub);
  assert.deepEqual((await ask(listNotes, "userPool")).listNotes.items.map((n) => n.id), [note.id]);
  await denied(listNotes, "identityPool");
  await leave();

  // The same identity again, and not that of a guest afterwards.
  await enter(alice);
  assert.equal((await fetchAuthSession()).identityId, identityId);
  await leave();
  assert.notEqual((await fetchAuthSession()).identityId, identityId);

  const bob = await member();
  await enter(bob);
  assert.deepEqual((await ask(listNotes, "userPool")).listNotes.items, []);
  const change = `mutation { updateNote(input: { id: "${note.id}", text: "taken" }) { id } }`;
  await denied(change, "userPool");

  await call("CreateGroup", { UserPoolId, GroupName: "editors" });
  await call("AdminAddUserToGroup", { UserPoolId, Username: bob, GroupName: "editors" });
  // The group comes with the next token.
  const { tokens } = await fetchAuthSession({ forceRefresh: true });
  assert.deepEqual(tokens.accessToken.payload["cognito:groups"], ["editors"]);
  assert.ok((await ask(listNotes, "userPool")).listNotes.items.some((n) => n.id === note.id));
  assert.equal((await ask(change, "userPool")).updateNote.id, note.id);
  await ask(createNews, "userPool");
  await leave();
});

test("a token that is not good", async () => {
  await enter(await member());
  const { tokens } = await fetchAuthSession();
  const [head, body] = tokens.accessToken.toString().split(".");
  for (const token of [`${head}.${body}.AAAA`, `${head}.${body}.`, "x.y.z"]) {
    const error = await client.graphql({ query: listNotes, authToken: token, authMode: "userPool" }).then(() => assert.fail("allowed"), (e) => e);
    assert.match(JSON.stringify(error.errors), /Unauthorized|not authorized/i);
  }
  await leave();
});
