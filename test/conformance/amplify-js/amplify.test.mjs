// aws-amplify 6 as an app uses it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Amplify } from "aws-amplify";
import { generateClient } from "aws-amplify/api";
import { decodeJWT } from "aws-amplify/auth";

const env = process.env;
let who; // whose token the client sends

Amplify.configure(JSON.parse(readFileSync(env.SUITE_CONFIG, "utf8")), {
  Auth: {
    tokenProvider: { getTokens: async () => ({ accessToken: decodeJWT(who) }) },
    credentialsProvider: {
      getCredentialsAndIdentityId: async () => ({
        credentials: { accessKeyId: env.SUITE_KEY, secretAccessKey: env.SUITE_SECRET },
      }),
      clearCredentialsAndIdentityId() {},
    },
  },
});

const client = generateClient();
const oidc = { authMode: "oidc" };
const iam = { authMode: "iam" };
const key = { authMode: "apiKey" };

/** What a promise that must fail fails with. */
async function refused(promise) {
  try {
    const answer = await promise;
    assert.ok(answer.errors?.length, JSON.stringify(answer));
    return answer;
  } catch (error) {
    assert.ok(error.errors?.length, String(error));
    return error;
  }
}

test("client.models with the tokens of two owners", async () => {
  const { Todo } = client.models;
  who = env.SUITE_ALICE;
  const made = await Todo.create({ title: "of alice", secret: "s" }, oidc);
  assert.equal(made.errors, undefined);
  assert.equal(made.data.title, "of alice");
  assert.equal(made.data.owner, "alice");
  const id = made.data.id;
  assert.equal((await Todo.get({ id }, oidc)).data.secret, "s");

  who = env.SUITE_BOB;
  await Todo.create({ title: "of bob" }, oidc);
  assert.deepEqual((await Todo.list(oidc)).data.map((t) => t.title), ["of bob"]);
  const got = await refused(Todo.get({ id }, oidc));
  assert.equal(got.errors[0].errorType, "Unauthorized");
  const changed = await refused(Todo.update({ id, title: "taken" }, oidc));
  assert.match(changed.errors[0].message, /^Not Authorized to access updateTodo on type Mutation/);
  await refused(Todo.delete({ id }, oidc));

  who = env.SUITE_ALICE;
  assert.deepEqual((await Todo.list({ ...oidc, filter: { title: { beginsWith: "of" } } })).data.map((t) => t.title), ["of alice"]);
  assert.equal((await Todo.update({ id, done: true }, oidc)).data.done, true);
});

test("pages and relations by client.models", async () => {
  const { Todo, Line } = client.models;
  who = env.SUITE_ALICE;
  const todo = (await Todo.create({ title: "with lines" }, oidc)).data;
  for (const text of ["one", "two", "three"]) {
    const made = await Line.create({ text, todoLinesId: todo.id }, oidc);
    assert.equal(made.errors, undefined);
  }
  const lines = await todo.lines(oidc);
  assert.deepEqual(lines.data.map((l) => l.text).sort(), ["one", "three", "two"]);
  const seen = [];
  let nextToken;
  do {
    const page = await Line.list({ ...oidc, limit: 2, nextToken });
    seen.push(...page.data.map((l) => l.text));
    nextToken = page.nextToken;
  } while (nextToken);
  assert.deepEqual(seen.sort(), ["one", "three", "two"]);
});

test("client.graphql with an API key", async () => {
  const all = await client.graphql({ query: "query { listTodos { items { title owner } } }", ...key });
  assert.deepEqual(all.data.listTodos.items.map((t) => t.owner).sort(), ["alice", "alice", "bob"]);
  const made = await refused(client.graphql({ query: `mutation { createTodo(input: {title: "x"}) { id } }`, ...key }));
  assert.equal(made.errors[0].errorType, "Unauthorized");
  const secret = await refused(client.graphql({ query: "query { listTodos { items { title secret } } }", ...key }));
  assert.deepEqual(new Set(secret.data.listTodos.items.map((t) => t.secret)), new Set([null]));
  assert.equal(secret.errors.length, 3);
});

test("client.graphql with an AWS signature", async () => {
  const query = "query($f: ModelTodoFilterInput) { listTodos(filter: $f) { items { title secret } } }";
  const all = await client.graphql({ query, variables: { f: { secret: { eq: "s" } } }, ...iam });
  assert.deepEqual(all.data.listTodos.items, [{ title: "of alice", secret: "s" }]);
  const made = await client.graphql({ query: `mutation { createTodo(input: {title: "of bob", owner: "bob"}) { owner } }`, ...iam });
  assert.equal(made.data.createTodo.owner, "bob");
});

test("a token that is not good", async () => {
  const [header, , signature] = env.SUITE_BOB.split(".");
  who = [header, env.SUITE_ALICE.split(".")[1], signature].join(".");
  const answer = await refused(client.graphql({ query: "query { listTodos { items { id } } }", ...oidc }));
  assert.match(JSON.stringify(answer.errors), /Unauthorized|You are not authorized/);
});
