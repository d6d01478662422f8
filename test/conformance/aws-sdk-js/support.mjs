// What the suite for the AWS SDK for JavaScript shares.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

// Node.js does not find all named exports of the package by itself.
export const sdk = createRequire(import.meta.url)("@aws-sdk/client-amplifybackend");
export const env = process.env;
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
export const TODO = `type Todo @model @auth(rules: [{ allow: public }]) {
  id: ID!
  title: String!
  done: Boolean
}
`;

export function schema(name) {
  return readFileSync(join(import.meta.dirname, "..", "schemas", name), "utf8");
}

/** A client that calls operations by name: `await call("GetBackend", {...})`. */
export function caller({
  endpoint = env.SUITE_ENDPOINT,
  accessKeyId = env.SUITE_KEY,
  secretAccessKey = env.SUITE_SECRET,
  maxAttempts = 1,
  ...more
} = {}) {
  const client = new sdk.AmplifyBackendClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts,
    ...more,
  });
  const call = (operation, input) => client.send(new sdk[`${operation}Command`](input));
  call.client = client;
  return call;
}

export const call = caller();

export function members(answer) {
  const { $metadata, ...rest } = answer;
  assert.equal($metadata.httpStatusCode, 200);
  assert.match($metadata.requestId, UUID);
  return rest;
}

/** Waits for the job of an answer. */
export async function ended(answer, environment = answer.BackendEnvironmentName ?? "dev") {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const job = await call("GetBackendJob", {
      AppId: answer.AppId,
      BackendEnvironmentName: environment,
      JobId: answer.JobId,
    });
    if (job.Status !== "RUNNING") return members(job);
    assert.ok(Date.now() < deadline, `job still runs: ${JSON.stringify(job)}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

export async function completed(answer, environment) {
  const job = await ended(answer, environment);
  assert.equal(job.Status, "COMPLETED", JSON.stringify(job));
  return job;
}

let apps = 0;

/** A new app with an environment "dev". */
export async function backend(environment = "dev", app = `js-${process.pid}-${++apps}`) {
  await completed(await call("CreateBackend", { AppId: app, AppName: "Shop", BackendEnvironmentName: environment }));
  return app;
}

/** A new API "shop" in "dev". */
export async function api(app, transformSchema = TODO, more = {}) {
  return completed(
    await call("CreateBackendAPI", {
      AppId: app,
      BackendEnvironmentName: "dev",
      ResourceName: "shop",
      ResourceConfig: { ApiName: "shop", TransformSchema: transformSchema, ...more },
    }),
  );
}

/** The live API of an environment, as a client finds it. */
export async function graphql(app, environment = "dev", name = "shop") {
  const shown = await call("GetBackend", { AppId: app, BackendEnvironmentName: environment });
  const output = JSON.parse(shown.AmplifyMetaConfig).api[name].output;
  const send = async (query, variables = {}, key = output.GraphQLAPIKeyOutput) => {
    const response = await fetch(output.GraphQLAPIEndpointOutput, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": key },
      body: JSON.stringify({ query, variables }),
    });
    return { status: response.status, ...(await response.json()) };
  };
  const run = async (query, variables) => {
    const { status, data, errors } = await send(query, variables);
    assert.deepEqual({ status, errors }, { status: 200, errors: undefined }, query);
    return data;
  };
  return Object.assign(run, { send, output });
}

/** The error of a promise that must be refused with this name. */
export async function refused(name, promise) {
  let answer;
  try {
    answer = await promise;
  } catch (error) {
    assert.equal(error.name, name, String(error));
    if (error.$metadata) assert.match(error.$metadata.requestId, UUID);
    // The modelled errors are classes; those of authentication are not.
    if (sdk[name]) assert.ok(error instanceof sdk[name], `${error} is not a ${name}`);
    return error;
  }
  assert.fail(`succeeded, want ${name}: ${JSON.stringify(answer)}`);
}

/** Databases of environments, as paths. */
export function databases() {
  return readdirSync(join(env.SUITE_DATA, "env"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".db"))
    .map((name) => join(env.SUITE_DATA, "env", name));
}

/** Holds the write lock of a SQLite database while `during` runs. */
export async function held(path, during) {
  const [program, ...args] = JSON.parse(env.SUITE_HOLD);
  const holder = spawn(program, [...args, path], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = new Promise((done) => holder.on("exit", done));
  await new Promise((done, failed) => {
    holder.stdout.once("data", done);
    holder.once("error", failed);
    holder.once("exit", () => failed(new Error(`cannot hold ${path}`)));
  });
  try {
    return await during();
  } finally {
    holder.stdin.end();
    await exited;
  }
}
