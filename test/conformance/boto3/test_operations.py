"""Every operation: success, and the shape of its answer."""

import json
import re
import time

from support import LOSSY_ENDPOINT, MILLISECONDS, PENDING, TODO, UUID, BackendTest, Held, client, databases, schema, without_metadata


class Operations(BackendTest):
    def job6(self, answer, operation, env="dev"):
        """An answer with the members appId, backendEnvironmentName, jobId, operation, status."""
        self.assertRegex(answer["JobId"], UUID)
        self.assertEqual(
            without_metadata(answer),
            {
                "AppId": self.app,
                "BackendEnvironmentName": env,
                "JobId": answer["JobId"],
                "Operation": operation,
                "Status": "RUNNING",
            },
        )
        self.assertEqual(answer["ResponseMetadata"]["HTTPStatusCode"], 200)
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        self.assertRegex(headers["x-amzn-requestid"], UUID)
        self.assertIn("date", headers)
        self.assertTrue(headers["content-type"].startswith("application/json"), headers)
        return answer

    def test_create_backend(self):
        answer = self.sdk.create_backend(
            AppId=self.app, AppName="Shop", BackendEnvironmentName="dev", ResourceConfig={}, ResourceName="ignored"
        )
        ended = self.completed(self.job6(answer, "CreateBackend"))
        self.assertEqual(ended["Operation"], "CreateBackend")
        # A second environment of an app that exists.
        self.backend("staging")
        shown = self.sdk.get_backend(AppId=self.app)
        self.assertEqual(
            without_metadata(shown),
            {"AppId": self.app, "AppName": "Shop", "BackendEnvironmentList": ["dev", "staging"]},
        )

    def test_get_backend(self):
        self.backend()
        self.api()
        answer = without_metadata(self.sdk.get_backend(AppId=self.app, BackendEnvironmentName="dev"))
        self.assertEqual(
            set(answer),
            {"AmplifyFeatureFlags", "AmplifyMetaConfig", "AppId", "AppName", "BackendEnvironmentList", "BackendEnvironmentName"},
        )
        self.assertEqual((answer["AppId"], answer["AppName"], answer["BackendEnvironmentName"]), (self.app, "Shop", "dev"))
        flags = json.loads(answer["AmplifyFeatureFlags"])
        self.assertEqual(flags["features"]["graphqltransformer"]["transformerversion"], 2)

        text = answer["AmplifyMetaConfig"]
        # Scripts grep the compact text for exactly this.
        self.assertRegex(text, r'"GraphQLAPIIdOutput":"[a-z0-9]{26}"')
        meta = json.loads(text)
        self.assertEqual(text, json.dumps(meta, separators=(",", ":"), ensure_ascii=False))
        provider = meta["providers"]["awscloudformation"]
        stack = provider["StackName"]
        self.assertRegex(stack, r"^amplify-[a-z0-9]+-dev-[0-9a-f]{5}$")
        self.assertEqual(provider["DeploymentBucketName"], stack + "-deployment")
        self.assertEqual(provider["AmplifyAppId"], self.app)
        self.assertEqual(provider["Region"], "us-east-1")
        for role in ("AuthRoleName", "AuthRoleArn", "UnauthRoleName", "UnauthRoleArn", "StackId"):
            self.assertIn(role, provider)
        api = meta["api"]["shop"]
        self.assertEqual((api["service"], api["providerPlugin"], api["dependsOn"]), ("AppSync", "awscloudformation", []))
        self.assertEqual(api["providerMetadata"]["logicalId"], "apishop")
        self.assertRegex(api["lastPushTimeStamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        output = api["output"]
        self.assertTrue(output["GraphQLAPIEndpointOutput"].endswith(f"/api/{output['GraphQLAPIIdOutput']}/graphql"), output)
        self.assertRegex(output["GraphQLAPIKeyOutput"], r"^da2-[a-z0-9]{26}$")
        auth = output["authConfig"]
        self.assertEqual(auth["defaultAuthentication"]["authenticationType"], "API_KEY")
        self.assertEqual(auth["additionalAuthenticationProviders"], [])
        self.assertEqual(auth["defaultAuthentication"]["apiKeyConfig"]["apiKeyExpirationDays"], 365)

    def test_clone_backend(self):
        self.backend()
        self.api()
        source = self.graphql_api()
        source('mutation { createTodo(input: {title: "stays"}) { id } }')
        answer = self.sdk.clone_backend(AppId=self.app, BackendEnvironmentName="dev", TargetEnvironmentName="copy")
        # Answer and job carry the source's name.
        ended = self.completed(self.job6(answer, "CloneBackend", env="dev"), env="dev")
        self.assertEqual(ended["BackendEnvironmentName"], "dev")
        self.assertEqual(self.sdk.get_backend(AppId=self.app)["BackendEnvironmentList"], ["dev", "copy"])
        copy = self.graphql_api("copy")
        self.assertNotEqual(copy.url, source.url)
        self.assertNotEqual(copy.key, source.key)
        self.assertEqual(copy("{ listTodos { items { title } } }")["listTodos"]["items"], [])
        copy('mutation { createTodo(input: {title: "own"}) { id } }')
        titles = source("{ listTodos { items { title } } }")["listTodos"]["items"]
        self.assertEqual(titles, [{"title": "stays"}])
        config = self.sdk.get_backend_api(AppId=self.app, BackendEnvironmentName="copy", ResourceName="shop")
        self.assertEqual(config["ResourceConfig"]["TransformSchema"], TODO)

    def test_delete_backend(self):
        self.backend()
        self.backend("other")
        self.api()
        api = self.graphql_api()
        answer = self.sdk.delete_backend(AppId=self.app, BackendEnvironmentName="dev")
        self.completed(self.job6(answer, "DeleteBackend"))
        self.assertEqual(self.sdk.get_backend(AppId=self.app)["BackendEnvironmentList"], ["other"])
        status, body = api.send("{ listTodos { items { id } } }")
        self.assertEqual((status, body["errors"][0]["errorType"]), (404, "NotFoundException"))
        # The name is free again, and what was there has not come back.
        self.backend()
        self.assertNotIn("api", self.meta())

    def test_remove_all_backends(self):
        for clean in (False, True):
            with self.subTest(clean=clean):
                self.backend("dev")
                self.backend("prod")
                answer = self.sdk.remove_all_backends(AppId=self.app, CleanAmplifyApp=clean)
                self.assertEqual(set(without_metadata(answer)), {"AppId", "JobId", "Operation", "Status"})
                self.assertEqual((answer["Operation"], answer["Status"]), ("RemoveAllBackends", "RUNNING"))
                ended = self.completed(answer, env="dev")
                self.assertEqual(ended["Operation"], "RemoveAllBackends")
                # By id, under any environment name of the app, existing or not.
                self.completed(answer, env="prod")
                self.completed(answer, env="never-was")
                if clean:
                    self.missing("App", self.sdk.get_backend, AppId=self.app)
                else:
                    self.assertEqual(self.sdk.get_backend(AppId=self.app).get("BackendEnvironmentList", []), [])

    def test_backend_api(self):
        self.backend()
        answer = self.sdk.create_backend_api(
            AppId=self.app,
            BackendEnvironmentName="dev",
            ResourceName="shop",
            ResourceConfig={
                "ApiName": "shop",
                "Service": "AppSync",
                "TransformSchema": TODO,
                "ConflictResolution": {"ResolutionStrategy": "NONE"},
                "DefaultAuthType": {"Mode": "API_KEY", "Settings": {"Description": "suite", "ExpirationTime": 30}},
            },
        )
        self.completed(self.job6(answer, "CreateBackendAPI"))
        before = self.graphql_api()

        got = without_metadata(self.sdk.get_backend_api(AppId=self.app, BackendEnvironmentName="dev", ResourceName="shop"))
        self.assertEqual(set(got), {"AppId", "BackendEnvironmentName", "ResourceConfig", "ResourceName"})
        config = got["ResourceConfig"]
        self.assertEqual((config["ApiName"], config["Service"], config["TransformSchema"]), ("shop", "AppSync", TODO))
        self.assertEqual(config["ConflictResolution"], {"ResolutionStrategy": "NONE"})
        self.assertEqual(config["DefaultAuthType"]["Mode"], "API_KEY")
        self.assertEqual(config["DefaultAuthType"]["Settings"]["Description"], "suite")
        self.assertEqual(config["DefaultAuthType"]["Settings"]["ExpirationTime"], 30)

        # Update is a merge: only what is given changes, and the key is extended,
        # not replaced.
        answer = self.sdk.update_backend_api(
            AppId=self.app,
            BackendEnvironmentName="dev",
            ResourceName="shop",
            ResourceConfig={"DefaultAuthType": {"Mode": "API_KEY", "Settings": {"ExpirationTime": 60}}},
        )
        self.completed(self.job6(answer, "UpdateBackendAPI"))
        after = self.graphql_api()
        self.assertEqual((after.url, after.key), (before.url, before.key))
        config = self.sdk.get_backend_api(AppId=self.app, BackendEnvironmentName="dev", ResourceName="shop")["ResourceConfig"]
        self.assertEqual(config["TransformSchema"], TODO)
        self.assertEqual(config["DefaultAuthType"]["Settings"], {"Description": "suite", "ExpirationTime": 60})
        key = self.meta()["api"]["shop"]["output"]["authConfig"]["defaultAuthentication"]["apiKeyConfig"]
        days = (time.mktime(time.strptime(key["apiKeyExpirationDate"][:19], "%Y-%m-%dT%H:%M:%S")) - time.mktime(time.gmtime())) / 86400
        self.assertAlmostEqual(days, 60, delta=0.2)

        # Without resourceConfig nothing changes.
        answer = self.sdk.update_backend_api(AppId=self.app, BackendEnvironmentName="dev", ResourceName="shop")
        self.completed(self.job6(answer, "UpdateBackendAPI"))
        self.assertEqual(self.graphql_api().key, before.key)

        answer = self.sdk.delete_backend_api(AppId=self.app, BackendEnvironmentName="dev", ResourceName="shop")
        self.completed(self.job6(answer, "DeleteBackendAPI"))
        self.missing("Api", self.sdk.get_backend_api, AppId=self.app, BackendEnvironmentName="dev", ResourceName="shop")
        status, body = before.send("{ listTodos { items { id } } }")
        self.assertEqual((status, body["errors"][0]["errorType"]), (404, "NotFoundException"))

    def test_several_apis_in_one_environment(self):
        self.backend()
        self.api(name="first")
        self.api(name="second")
        self.assertEqual(list(self.meta()["api"]), ["first", "second"])
        first, second = self.graphql_api(name="first"), self.graphql_api(name="second")
        first('mutation { createTodo(input: {title: "one"}) { id } }')
        self.assertEqual(second("{ listTodos { items { id } } }")["listTodos"]["items"], [])
        # The key of one API does not open the other.
        first.key = second.key
        self.assertEqual(first.send("{ listTodos { items { id } } }")[0], 401)

    def test_models(self):
        self.backend()
        self.api(schema("shop-1.graphql"))
        at = {"AppId": self.app, "BackendEnvironmentName": "dev", "ResourceName": "shop"}
        self.assertEqual(self.sdk.get_backend_api_models(**at)["Status"], "STALE")
        self.completed(self.job6(self.sdk.generate_backend_api_models(**at), "GenerateBackendAPIModels"))
        answer = without_metadata(self.sdk.get_backend_api_models(**at))
        self.assertLessEqual({"Models", "Status"}, set(answer))
        self.assertEqual(answer["Status"], "LATEST")
        # What the Gen 1 CLI does with the text of schema.js.
        text = answer["Models"]
        self.assertTrue(text.startswith("export const schema = {"), text[:60])
        models = json.loads(text[text.index("{"):].replace(";", ""))
        self.assertEqual(set(models["models"]), {"Customer", "Order"})
        self.assertEqual(models["codegenVersion"], "3.4.4")
        self.assertEqual(set(models["enums"]), {"OrderStatus"})
        self.assertEqual(set(models["nonModels"]), {"Address", "OrderLine"})
        if "ModelIntrospectionSchema" in self.sdk.meta.service_model.operation_model("GetBackendAPIModels").output_shape.members:
            introspection = json.loads(answer["ModelIntrospectionSchema"])
            self.assertEqual(introspection["version"], 1)
            self.assertEqual(set(introspection["models"]), {"Customer", "Order"})
        self.completed(self.update_api(schema("shop-2.graphql")))
        self.assertEqual(self.sdk.get_backend_api_models(**at)["Status"], "STALE")

    def test_backend_config(self):
        self.backend()
        answer = self.sdk.create_backend_config(AppId=self.app, BackendManagerAppId="manager")
        self.assertEqual(set(without_metadata(answer)), {"AppId", "BackendEnvironmentName", "JobId", "Status"})
        # The official tooling polls with this name.
        self.assertTrue(answer["BackendEnvironmentName"])
        self.completed(answer)
        self.completed(answer, env="any-name")
        login = {
            "AwsCognitoIdentityPoolId": "us-east-1:11111111-2222-4333-8444-555555555555",
            "AwsCognitoRegion": "us-east-1",
            "AwsUserPoolsId": "us-east-1_AbCdEfGhI",
            "AwsUserPoolsWebClientId": "1h57kf5cpq17m0eml12example",
        }
        answer = without_metadata(self.sdk.update_backend_config(AppId=self.app, LoginAuthConfig=login))
        self.assertEqual(answer, {"AppId": self.app, "BackendManagerAppId": "manager", "LoginAuthConfig": login})
        answer = without_metadata(self.sdk.update_backend_config(AppId=self.app))
        self.assertEqual(answer["LoginAuthConfig"], login)
        self.assertEqual(without_metadata(self.sdk.remove_backend_config(AppId=self.app)), {})

    def test_tokens(self):
        self.backend()
        made = without_metadata(self.sdk.create_token(AppId=self.app))
        self.assertEqual(set(made), {"AppId", "ChallengeCode", "SessionId", "Ttl"})
        self.assertRegex(made["SessionId"], UUID)
        self.assertGreaterEqual(len(made["ChallengeCode"]), 6)
        # Epoch seconds as text, five minutes ahead.
        self.assertAlmostEqual(int(made["Ttl"]), time.time() + 300, delta=30)
        for _ in range(2):
            self.assertEqual(without_metadata(self.sdk.get_token(AppId=self.app, SessionId=made["SessionId"])), made)
        other = self.sdk.create_token(AppId=self.app)
        self.assertNotEqual((other["SessionId"], other["ChallengeCode"]), (made["SessionId"], made["ChallengeCode"]))
        gone = without_metadata(self.sdk.delete_token(AppId=self.app, SessionId=made["SessionId"]))
        self.assertEqual(gone, {"IsSuccess": True})
        self.missing("Token", self.sdk.get_token, AppId=self.app, SessionId=made["SessionId"])
        self.assertEqual(self.sdk.get_token(AppId=self.app, SessionId=other["SessionId"])["SessionId"], other["SessionId"])

    def test_get_backend_job(self):
        self.backend()
        self.api()
        good = self.completed(self.update_api(schema("shop-1.graphql")))
        self.assertEqual(
            set(good), {"AppId", "BackendEnvironmentName", "CreateTime", "JobId", "Operation", "Status", "UpdateTime"}
        )
        self.assertRegex(good["CreateTime"], MILLISECONDS)
        self.assertRegex(good["UpdateTime"], MILLISECONDS)
        self.assertLessEqual(int(good["CreateTime"]), int(good["UpdateTime"]))
        self.assertAlmostEqual(int(good["CreateTime"]) / 1000, time.time(), delta=60)
        bad = self.wait(self.update_api("type Todo @model {"))
        self.assertEqual(bad["Status"], "FAILED")
        self.assertRegex(bad["Error"], r"^\d+:\d+: ")

    def test_list_backend_jobs(self):
        self.backend()
        self.api()
        for n in range(4):
            self.update_api("broken {") if n % 2 else self.completed(self.update_api(TODO + f"# {n}"))
            self.finished()
        at = {"AppId": self.app, "BackendEnvironmentName": "dev"}
        jobs = self.sdk.list_backend_jobs(**at)["Jobs"]
        self.assertEqual([j["Operation"] for j in jobs], ["UpdateBackendAPI"] * 4 + ["CreateBackendAPI", "CreateBackend"])
        times = [int(j["CreateTime"]) for j in jobs]
        self.assertEqual(times, sorted(times, reverse=True))
        for job in jobs:
            self.assertEqual((job["AppId"], job["BackendEnvironmentName"]), (self.app, "dev"))
            self.assertEqual("Error" in job, job["Status"] == "FAILED", job)

        def ids(**filters):
            return [j["JobId"] for j in self.sdk.list_backend_jobs(**at, **filters)["Jobs"]]

        every = [j["JobId"] for j in jobs]
        self.assertEqual(ids(JobId=every[2]), [every[2]])
        self.assertEqual(ids(Operation="CreateBackendAPI"), [every[4]])
        self.assertEqual(ids(Status="FAILED"), [j["JobId"] for j in jobs if j["Status"] == "FAILED"])
        self.assertEqual(ids(Status="COMPLETED", Operation="UpdateBackendAPI"), [every[1], every[3]])
        self.assertEqual(ids(Operation="Nothing"), [])

        # The SDK's paginator, and pages by hand.
        pages = list(self.sdk.get_paginator("list_backend_jobs").paginate(**at, PaginationConfig={"PageSize": 2}))
        self.assertEqual([[j["JobId"] for j in p["Jobs"]] for p in pages], [every[0:2], every[2:4], every[4:6]])
        first = self.sdk.list_backend_jobs(**at, MaxResults=4)
        rest = self.sdk.list_backend_jobs(**at, MaxResults=4, NextToken=first["NextToken"])
        self.assertEqual([j["JobId"] for j in first["Jobs"] + rest["Jobs"]], every)
        self.assertFalse(rest.get("NextToken"))

        # A token is sealed and bound to the question it came from.
        token = first["NextToken"]
        middle = len(token) // 2
        forged = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1:]
        for name, call in {
            "forged": {**at, "NextToken": forged},
            "not a token": {**at, "NextToken": "1"},
            "another environment's": {"AppId": self.app, "BackendEnvironmentName": self.clone(), "NextToken": token},
        }.items():
            with self.subTest(name):
                self.bad("nextToken|NextToken", self.sdk.list_backend_jobs, **call)

    def finished(self):
        """Waits until no job of the environment runs."""
        deadline = time.monotonic() + 30
        while self.sdk.list_backend_jobs(AppId=self.app, BackendEnvironmentName="dev", Status="RUNNING")["Jobs"]:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def clone(self):
        self.completed(self.sdk.clone_backend(AppId=self.app, BackendEnvironmentName="dev", TargetEnvironmentName="copy"))
        return "copy"

    def test_retry_of_a_lost_answer(self):
        """The answer of the first attempt is lost on the way; the SDK tries again
        and gets the job of the first attempt."""
        retrying = client(endpoint=LOSSY_ENDPOINT, attempts=4)
        answer = retrying.create_backend(AppId=self.app, AppName="Shop", BackendEnvironmentName="dev")
        self.assertEqual(answer["ResponseMetadata"]["RetryAttempts"], 1)
        self.completed(answer)
        jobs = self.sdk.list_backend_jobs(AppId=self.app, BackendEnvironmentName="dev")["Jobs"]
        self.assertEqual([j["JobId"] for j in jobs], [answer["JobId"]])


class Cancel(BackendTest):
    """Needs an environment whose database is held, so it has a class of its own."""

    def test_update_backend_job(self):
        before = databases()
        self.backend()
        (path,) = databases() - before
        at = {"AppId": self.app, "BackendEnvironmentName": "dev"}
        with Held(path):
            job = self.sdk.create_backend_api(**at, ResourceName="shop", ResourceConfig={"TransformSchema": TODO})
            # One job at a time in an environment, whatever it is.
            pending = "^" + re.escape(PENDING.format(app=self.app, env="dev")) + "$"
            self.bad(pending, self.sdk.delete_backend, **at)
            self.bad(pending, self.sdk.clone_backend, **at, TargetEnvironmentName="copy")
            self.bad(pending, self.sdk.create_backend_api, **at, ResourceName="other", ResourceConfig={"TransformSchema": TODO})
            # Operations on the whole app wait for its environments.
            self.bad("pending job", self.sdk.remove_all_backends, AppId=self.app)
            self.bad(".", self.sdk.update_backend_job, **at, JobId=job["JobId"], Status="COMPLETED")
            self.bad(".", self.sdk.update_backend_job, **at, JobId=job["JobId"], Status="RUNNING")
            self.bad(".", self.sdk.update_backend_job, **at, JobId=job["JobId"])
            running = self.sdk.get_backend_job(**at, JobId=job["JobId"])
            self.assertEqual(running["Status"], "RUNNING")
            answer = without_metadata(
                self.sdk.update_backend_job(**at, JobId=job["JobId"], Status="FAILED", Operation="ignored")
            )
            self.assertEqual((answer["JobId"], answer["Operation"]), (job["JobId"], "CreateBackendAPI"))
            self.assertLessEqual(
                {"AppId", "BackendEnvironmentName", "CreateTime", "JobId", "Operation", "Status", "UpdateTime"}, set(answer)
            )
        error = self.failed(job)
        self.assertRegex(error, "(?i)cancel")
        self.bad(".", self.sdk.update_backend_job, **at, JobId=job["JobId"], Status="FAILED")
        # What it had begun is cleaned up behind its back; then nothing is left, and
        # the environment takes the next job.
        deadline = time.monotonic() + 30
        while True:
            try:
                self.sdk.get_backend_api(**at, ResourceName="shop")
            except self.sdk.exceptions.NotFoundException:
                break
            self.assertLess(time.monotonic(), deadline, "the clean-up does not end")
            time.sleep(0.1)
        self.api()
        self.graphql_api()("{ listTodos { items { id } } }")
