// Every modelled error, and the authentication errors. This SDK checks only the
// labels of the URI: what else is missing or wrong reaches the server.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { api, backend, call, caller, env, held, refused, TODO } from "./support.mjs";

let app, at;
before(async () => {
  app = await backend();
  at = { AppId: app, BackendEnvironmentName: "dev" };
});

async function bad(message, operation, input) {
  const error = await refused("BadRequestException", call(operation, input));
  assert.equal(error.$metadata.httpStatusCode, 400);
  assert.match(error.message, message);
}

async function missing(resourceType, operation, input) {
  const error = await refused("NotFoundException", call(operation, input));
  assert.equal(error.$metadata.httpStatusCode, 404);
  assert.equal(error.ResourceType, resourceType);
  assert.ok(error.message);
}

test("required members", async () => {
  await bad(/appId/, "CreateBackend", { AppName: "x", BackendEnvironmentName: "dev" });
  await bad(/appName/, "CreateBackend", { AppId: app, BackendEnvironmentName: "new" });
  await bad(/backendEnvironmentName/, "CreateBackend", { AppId: app, AppName: "x" });
  await bad(/targetEnvironmentName/, "CloneBackend", at);
  await bad(/resourceConfig/, "CreateBackendAPI", { ...at, ResourceName: "shop" });
  await bad(/resourceName/, "CreateBackendAPI", { ...at, ResourceConfig: {} });
  await bad(/backendEnvironmentName/, "CreateBackendAPI", { AppId: app, ResourceName: "shop", ResourceConfig: {} });
  for (const operation of ["UpdateBackendAPI", "DeleteBackendAPI", "GetBackendAPI", "GenerateBackendAPIModels", "GetBackendAPIModels"]) {
    await bad(/resourceName/, operation, at);
  }
});

test("values", async () => {
  const config = (more) => ({ ...at, ResourceName: "shop", ResourceConfig: { TransformSchema: TODO, ...more } });
  await bad(/mode/, "CreateBackendAPI", config({ DefaultAuthType: { Mode: "NONE" } }));
  await bad(/mode/, "CreateBackendAPI", config({ AdditionalAuthTypes: [{ Mode: "AWS_LAMBDA" }] }));
  await bad(/resolutionStrategy/, "CreateBackendAPI", config({ ConflictResolution: { ResolutionStrategy: "none" } }));
  await bad(/expirationTime/, "CreateBackendAPI", config({ DefaultAuthType: { Mode: "API_KEY", Settings: { ExpirationTime: 400 } } }));
  await bad(/maxResults/, "ListBackendJobs", { ...at, MaxResults: 0 });
  await bad(/maxResults/, "ListBackendJobs", { ...at, MaxResults: 26 });
  await bad(/nextToken/i, "ListBackendJobs", { ...at, NextToken: "x" });
  await bad(/appId/i, "CreateBackend", { AppId: "-x", AppName: "x", BackendEnvironmentName: "dev" });
  await bad(/backendEnvironmentName/i, "CreateBackend", { AppId: app, AppName: "x", BackendEnvironmentName: "x/y" });
  await bad(/dev/, "CreateBackend", { ...at, AppName: "x" });
});

test("labels with characters of their own", async () => {
  await missing("Job", "GetBackendJob", { ...at, JobId: "a/b *é?" });
  await missing("App", "GetBackend", { AppId: "no-such-app" });
});

test("operations of later versions", async () => {
  const files = { ServiceName: "S3", Permissions: { Authenticated: ["READ"] } };
  const rows = {
    CreateBackendStorage: { ...at, ResourceName: "f", ResourceConfig: files },
    UpdateBackendStorage: { ...at, ResourceName: "f", ResourceConfig: files },
    GetBackendStorage: { ...at, ResourceName: "f" },
    DeleteBackendStorage: { ...at, ResourceName: "f", ServiceName: "S3" },
    ImportBackendStorage: { ...at, ServiceName: "S3" },
    ListS3Buckets: {},
  };
  for (const [operation, input] of Object.entries(rows)) await bad(/not available in this version/, operation, input);
});

test("what is not there", async () => {
  const nobody = { AppId: "nobody", BackendEnvironmentName: "dev" };
  const nowhere = { AppId: app, BackendEnvironmentName: "nowhere" };
  const id = "11111111-2222-4333-8444-555555555555";
  for (const operation of ["GetBackend", "DeleteBackend", "RemoveAllBackends", "CreateBackendConfig", "CreateToken"]) {
    await missing("App", operation, nobody);
  }
  for (const operation of ["GetBackend", "DeleteBackend", "GetBackendAPI", "UpdateBackendAPI", "DeleteBackendAPI"]) {
    await missing("BackendEnvironment", operation, { ...nowhere, ResourceName: "shop" });
  }
  for (const operation of ["GetBackendAPI", "UpdateBackendAPI", "DeleteBackendAPI", "GenerateBackendAPIModels", "GetBackendAPIModels"]) {
    await missing("Api", operation, { ...at, ResourceName: "nothing" });
  }
  await missing("Job", "GetBackendJob", { ...at, JobId: id });
  await missing("Job", "UpdateBackendJob", { ...at, JobId: id, Status: "FAILED" });
  await missing("Token", "GetToken", { AppId: app, SessionId: id });
  await missing("Token", "DeleteToken", { AppId: app, SessionId: id });
});

test("duplicate resource", async () => {
  const app = await backend();
  await api(app);
  await bad(/shop/, "CreateBackendAPI", { AppId: app, BackendEnvironmentName: "dev", ResourceName: "shop", ResourceConfig: { TransformSchema: TODO } });
});

test("authentication", async () => {
  const refusedWith = async (name, options) => {
    const error = await refused(name, caller(options)("GetBackend", { AppId: app }));
    assert.equal(error.$metadata.httpStatusCode, 403);
    return error.message;
  };
  await refusedWith("InvalidSignatureException", { secretAccessKey: "x".repeat(40) });
  assert.equal(
    await refusedWith("UnrecognizedClientException", { accessKeyId: "AKIAAAAAAAAAAAAAAAAA" }),
    "The security token included in the request is invalid.",
  );
  assert.match(await refusedWith("InvalidSignatureException", { systemClockOffset: -360_000 }), /^Signature expired: /);
  assert.match(await refusedWith("InvalidSignatureException", { systemClockOffset: 360_000 }), /^Signature not yet current/);
});

test("TooManyRequestsException", async () => {
  const limited = caller({ endpoint: env.SUITE_SERVE_ENDPOINT, accessKeyId: env.SUITE_SERVE_KEY, secretAccessKey: env.SUITE_SERVE_SECRET });
  let found;
  const worker = async () => {
    for (let n = 0; n < 300 && !found; n++) {
      await limited("GetBackend", { AppId: "nobody" }).catch((error) => {
        if (error.name === "TooManyRequestsException") found = error;
      });
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  assert.ok(found, "2400 requests at full speed met no limit");
  assert.equal(found.$metadata.httpStatusCode, 429);
  assert.equal(found.LimitType, "RequestRate");
  // The SDK waits and gets through.
  const patient = caller({ endpoint: env.SUITE_SERVE_ENDPOINT, accessKeyId: env.SUITE_SERVE_KEY, secretAccessKey: env.SUITE_SERVE_SECRET, maxAttempts: 10 });
  await refused("NotFoundException", patient("GetBackend", { AppId: "nobody" }));
});

test("GatewayTimeoutException", async () => {
  await held(join(env.SUITE_DATA, "control.db"), async () => {
    const error = await refused("GatewayTimeoutException", call("CreateBackend", { AppId: "held", AppName: "x", BackendEnvironmentName: "dev" }));
    assert.equal(error.$metadata.httpStatusCode, 504);
  });
  await missing("App", "GetBackend", { AppId: "held" });
});
