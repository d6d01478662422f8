// Every operation: success, and the shape of its answer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, backend, call, caller, completed, databases, ended, env, graphql, held, members, refused, schema, TODO, UUID } from "./support.mjs";

/** An answer of an operation that makes a job in an environment. */
function job6(answer, AppId, Operation, BackendEnvironmentName = "dev") {
  const got = members(answer);
  assert.match(got.JobId, UUID);
  assert.deepEqual(got, { AppId, BackendEnvironmentName, JobId: got.JobId, Operation, Status: "RUNNING" });
  return answer;
}

test("CreateBackend, GetBackend", async () => {
  const app = `js-${process.pid}-create`;
  const made = await call("CreateBackend", { AppId: app, AppName: "Shop", BackendEnvironmentName: "dev", ResourceConfig: {}, ResourceName: "x" });
  const job = await completed(job6(made, app, "CreateBackend"));
  assert.deepEqual(Object.keys(job).sort(), ["AppId", "BackendEnvironmentName", "CreateTime", "JobId", "Operation", "Status", "UpdateTime"]);
  assert.match(job.CreateTime, /^\d{13}$/);
  assert.match(job.UpdateTime, /^\d{13}$/);
  await backend("staging", app);
  assert.deepEqual(members(await call("GetBackend", { AppId: app })), { AppId: app, AppName: "Shop", BackendEnvironmentList: ["dev", "staging"] });
  const shown = members(await call("GetBackend", { AppId: app, BackendEnvironmentName: "dev" }));
  assert.deepEqual(Object.keys(shown).sort(), [
    "AmplifyFeatureFlags", "AmplifyMetaConfig", "AppId", "AppName", "BackendEnvironmentList", "BackendEnvironmentName",
  ]);
  assert.equal(JSON.parse(shown.AmplifyMetaConfig).providers.awscloudformation.AmplifyAppId, app);
});

test("the four API operations", async () => {
  const app = await backend();
  const at = { AppId: app, BackendEnvironmentName: "dev", ResourceName: "shop" };
  const ResourceConfig = {
    ApiName: "shop",
    Service: "AppSync",
    TransformSchema: TODO,
    ConflictResolution: { ResolutionStrategy: "NONE" },
    DefaultAuthType: { Mode: "API_KEY", Settings: { Description: "suite", ExpirationTime: 7 } },
    AdditionalAuthTypes: [],
  };
  await completed(job6(await call("CreateBackendAPI", { ...at, ResourceConfig }), app, "CreateBackendAPI"));
  const got = members(await call("GetBackendAPI", at));
  assert.deepEqual(Object.keys(got).sort(), ["AppId", "BackendEnvironmentName", "ResourceConfig", "ResourceName"]);
  assert.deepEqual({ AdditionalAuthTypes: [], ...got.ResourceConfig }, ResourceConfig);
  const before = await graphql(app);
  await completed(job6(await call("UpdateBackendAPI", { ...at, ResourceConfig: { TransformSchema: `${TODO}# again` } }), app, "UpdateBackendAPI"));
  assert.deepEqual((await graphql(app)).output.GraphQLAPIKeyOutput, before.output.GraphQLAPIKeyOutput);
  await completed(job6(await call("DeleteBackendAPI", { ...at, ResourceConfig: {} }), app, "DeleteBackendAPI"));
  assert.equal((await before.send("{ listTodos { items { id } } }")).status, 404);
});

test("models", async () => {
  const app = await backend();
  await api(app, schema("shop-1.graphql"));
  const at = { AppId: app, BackendEnvironmentName: "dev", ResourceName: "shop" };
  assert.equal((await call("GetBackendAPIModels", at)).Status, "STALE");
  await completed(job6(await call("GenerateBackendAPIModels", at), app, "GenerateBackendAPIModels"));
  const got = members(await call("GetBackendAPIModels", at));
  assert.deepEqual(Object.keys(got).sort(), ["ModelIntrospectionSchema", "Models", "Status"]);
  assert.equal(got.Status, "LATEST");
  const models = JSON.parse(got.Models.slice(got.Models.indexOf("{")).replaceAll(";", ""));
  assert.deepEqual(Object.keys(models.models).sort(), ["Customer", "Order"]);
  assert.deepEqual(Object.keys(JSON.parse(got.ModelIntrospectionSchema).models).sort(), ["Customer", "Order"]);
});

test("CloneBackend, DeleteBackend, RemoveAllBackends", async () => {
  const app = await backend();
  await api(app);
  const source = await graphql(app);
  await source('mutation { createTodo(input: {title: "stays"}) { id } }');
  const at = { AppId: app, BackendEnvironmentName: "dev" };
  await completed(job6(await call("CloneBackend", { ...at, TargetEnvironmentName: "copy" }), app, "CloneBackend", "dev"), "dev");
  const copy = await graphql(app, "copy");
  assert.notEqual(copy.output.GraphQLAPIIdOutput, source.output.GraphQLAPIIdOutput);
  assert.deepEqual(await copy("{ listTodos { items { id } } }"), { listTodos: { items: [] } });
  await completed(job6(await call("DeleteBackend", at), app, "DeleteBackend"));
  assert.equal((await source.send("{ listTodos { items { id } } }")).status, 404);
  const last = await call("RemoveAllBackends", { AppId: app, CleanAmplifyApp: true });
  assert.deepEqual(Object.keys(members(last)).sort(), ["AppId", "JobId", "Operation", "Status"]);
  await completed(last, "copy");
  await refused("NotFoundException", call("GetBackend", { AppId: app }));
  assert.equal((await call("GetBackendJob", { AppId: app, BackendEnvironmentName: "never-was", JobId: last.JobId })).Status, "COMPLETED");
});

test("config", async () => {
  const app = await backend();
  const made = await call("CreateBackendConfig", { AppId: app, BackendManagerAppId: "m" });
  assert.deepEqual(Object.keys(members(made)).sort(), ["AppId", "BackendEnvironmentName", "JobId", "Status"]);
  assert.ok(made.BackendEnvironmentName);
  await completed(made);
  const LoginAuthConfig = {
    AwsCognitoIdentityPoolId: "us-east-1:11111111-2222-4333-8444-555555555555",
    AwsCognitoRegion: "us-east-1",
    AwsUserPoolsId: "us-east-1_AbCdEfGhI",
    AwsUserPoolsWebClientId: "1h57kf5cpq17m0eml12example",
  };
  assert.deepEqual(members(await call("UpdateBackendConfig", { AppId: app, LoginAuthConfig })), {
    AppId: app, BackendManagerAppId: "m", LoginAuthConfig,
  });
  assert.deepEqual(members(await call("RemoveBackendConfig", { AppId: app })), {});
});

test("tokens", async () => {
  const app = await backend();
  const made = members(await call("CreateToken", { AppId: app }));
  assert.deepEqual(Object.keys(made).sort(), ["AppId", "ChallengeCode", "SessionId", "Ttl"]);
  const at = { AppId: app, SessionId: made.SessionId };
  assert.deepEqual(members(await call("GetToken", at)), made);
  assert.deepEqual(members(await call("GetToken", at)), made);
  assert.deepEqual(members(await call("DeleteToken", at)), { IsSuccess: true });
  assert.equal((await refused("NotFoundException", call("GetToken", at))).ResourceType, "Token");
});

test("ListBackendJobs and its pages", async () => {
  const app = await backend();
  await api(app);
  const at = { AppId: app, BackendEnvironmentName: "dev" };
  for (let n = 0; n < 3; n++) {
    await completed(await call("UpdateBackendAPI", { ...at, ResourceName: "shop", ResourceConfig: { TransformSchema: `${TODO}# ${n}` } }));
  }
  const broken = await ended(await call("UpdateBackendAPI", { ...at, ResourceName: "shop", ResourceConfig: { TransformSchema: "broken {" } }));
  const { Jobs } = await call("ListBackendJobs", at);
  assert.deepEqual(Jobs.map((j) => j.Operation), [...Array(4).fill("UpdateBackendAPI"), "CreateBackendAPI", "CreateBackend"]);
  const ids = Jobs.map((j) => j.JobId);
  const filtered = async (filter) => (await call("ListBackendJobs", { ...at, ...filter })).Jobs.map((j) => j.JobId);
  assert.deepEqual(await filtered({ Status: "FAILED" }), [broken.JobId]);
  assert.deepEqual(await filtered({ JobId: ids[4] }), [ids[4]]);
  assert.deepEqual(await filtered({ Operation: "CreateBackend" }), [ids[5]]);
  const pages = [];
  // This SDK has no paginator for the service.
  let NextToken;
  do {
    const page = await call("ListBackendJobs", { ...at, MaxResults: 4, NextToken });
    pages.push(page.Jobs.map((j) => j.JobId));
    NextToken = page.NextToken;
  } while (NextToken);
  assert.deepEqual(pages, [ids.slice(0, 4), ids.slice(4)]);
  const first = await call("ListBackendJobs", { ...at, MaxResults: 2 });
  const forged = first.NextToken.slice(0, -2) + (first.NextToken.endsWith("A") ? "Bw" : "AA");
  await refused("BadRequestException", call("ListBackendJobs", { ...at, NextToken: forged }));
});

test("UpdateBackendJob cancels a running job", async () => {
  const before = databases();
  const app = await backend();
  const path = databases().find((p) => !before.includes(p));
  const at = { AppId: app, BackendEnvironmentName: "dev" };
  const made = await held(path, async () => {
    const made = await call("CreateBackendAPI", { ...at, ResourceName: "shop", ResourceConfig: { TransformSchema: TODO } });
    const error = await refused("BadRequestException", call("DeleteBackend", at));
    assert.equal(
      error.message,
      `There is already a pending job for the requested appId: ${app} and backendEnvironmentName: dev, wait for it to complete before creating a new job.`,
    );
    await refused("BadRequestException", call("UpdateBackendJob", { ...at, JobId: made.JobId, Status: "COMPLETED" }));
    const cancelled = members(await call("UpdateBackendJob", { ...at, JobId: made.JobId, Status: "FAILED" }));
    assert.equal(cancelled.JobId, made.JobId);
    return made;
  });
  assert.match((await ended(made)).Error, /cancel/i);
  // What it had begun is cleaned up behind its back; then the environment takes
  // the next job.
  for (let tries = 0; ; tries++) {
    try {
      await api(app);
      break;
    } catch (error) {
      assert.match(error.message, /pending job/);
      assert.ok(tries < 300, "the clean-up does not end");
      await new Promise((done) => setTimeout(done, 100));
    }
  }
});

test("an answer that was lost on the way is asked for again", async () => {
  const app = `js-${process.pid}-lossy`;
  const retrying = caller({ endpoint: env.SUITE_LOSSY_ENDPOINT, maxAttempts: 3 });
  const made = await retrying("CreateBackend", { AppId: app, AppName: "Shop", BackendEnvironmentName: "dev" });
  assert.equal(made.$metadata.attempts, 2);
  await completed(made);
  const { Jobs } = await call("ListBackendJobs", { AppId: app, BackendEnvironmentName: "dev" });
  assert.deepEqual(Jobs.map((j) => j.JobId), [made.JobId]);
});

test("a clock that is an hour wrong corrects itself from the Date header", async () => {
  const skewed = caller({ systemClockOffset: -3_600_000, maxAttempts: 3 });
  const error = await refused("NotFoundException", skewed("GetBackend", { AppId: "nobody" }));
  assert.ok(error.$metadata.attempts > 1, "the first attempt was not refused");
});
