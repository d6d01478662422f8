// aws-amplify 5 with an identity pool, and the GraphQL API by tokens and by
// temporary credentials.
import assert from "node:assert/strict";
import { test } from "node:test";
import { backends, password } from "../support/auth.mjs";
import { API, Auth, admin, member, use } from "./support.mjs";

const ask = async (query, authMode) => (await API.graphql({ query, authMode })).data;
const denied = async (query, authMode) => {
  const answer = await API.graphql({ query, authMode }).then(() => assert.fail(`allowed: ${query}`), (e) => e);
  assert.match(JSON.stringify(answer.errors), /Unauthorized|Not Authorized|401|403/);
};
const users = "AMAZON_COGNITO_USER_POOLS";
const iam = "AWS_IAM";
const listNews = "query { listNews { items { id text } } }";
const listNotes = "query { listNotes { items { id owner } } }";
const createNews = `mutation { createNews(input: { text: "x" }) { id } }`;
const createNote = `mutation { createNote(input: { text: "mine" }) { id owner } }`;

test("guests", async () => {
  await use("plain");
  const guest = await Auth.currentCredentials();
  assert.equal(guest.authenticated, false);
  assert.match(guest.accessKeyId, /^ASIA/);
  assert.deepEqual((await ask(listNews, iam)).listNews.items, []);
  await denied(createNews, iam);
});

test("signed-in users: credentials, owners, groups", async () => {
  await use("plain");
  const alice = await member();
  await Auth.signIn(alice, password);
  const credentials = await Auth.currentCredentials();
  assert.equal(credentials.authenticated, true);
  const news = (await ask(createNews, iam)).createNews;
  assert.ok((await ask(listNews, users)).listNews.items.some((n) => n.id === news.id));
  await denied(createNews, users);
  const note = (await ask(createNote, users)).createNote;
  assert.deepEqual((await ask(listNotes, users)).listNotes.items.map((n) => n.id), [note.id]);
  await Auth.signOut();

  const bob = await member();
  const { UserPoolId } = backends.plain;
  await admin("CreateGroup", { UserPoolId, GroupName: "editors" });
  await Auth.signIn(bob, password);
  assert.deepEqual((await ask(listNotes, users)).listNotes.items, []);
  await Auth.signOut();
  await admin("AdminAddUserToGroup", { UserPoolId, Username: bob, GroupName: "editors" });
  await Auth.signIn(bob, password);
  assert.ok((await ask(listNotes, users)).listNotes.items.some((n) => n.id === note.id));
  await ask(createNews, users);
  await Auth.signOut();
});
