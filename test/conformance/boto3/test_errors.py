"""Every modelled error, the authentication errors, and what is judged in the job."""

import datetime
import os
import threading
from unittest import mock

import botocore.auth
import botocore.exceptions

from support import DATA, TODO, BackendTest, Held, client, schema

# The operations that this version does not have, with members that the model
# would accept.
NOT_AVAILABLE = {
    "create_backend_storage": {"BackendEnvironmentName": "dev", "ResourceName": "files", "ResourceConfig": {
        "ServiceName": "S3", "Permissions": {"Authenticated": ["READ"]}}},
    "update_backend_storage": {"BackendEnvironmentName": "dev", "ResourceName": "files", "ResourceConfig": {
        "ServiceName": "S3", "Permissions": {"Authenticated": ["READ"]}}},
    "get_backend_storage": {"BackendEnvironmentName": "dev", "ResourceName": "files"},
    "delete_backend_storage": {"BackendEnvironmentName": "dev", "ResourceName": "files", "ServiceName": "S3"},
    "import_backend_storage": {"BackendEnvironmentName": "dev", "ServiceName": "S3"},
    "list_s3_buckets": {},
}

STRATEGIES = ("OPTIMISTIC_CONCURRENCY", "LAMBDA", "AUTOMERGE")


class BadRequest(BackendTest):
    def test_missing_members(self):
        """The client's own checks are off: the server is the one that refuses."""
        self.backend()
        required = {
            "create_backend": ({}, ("appId", "appName", "backendEnvironmentName")),
            "clone_backend": ({"AppId": self.app, "BackendEnvironmentName": "dev"}, ("targetEnvironmentName",)),
            "create_backend_api": ({"AppId": self.app}, ("backendEnvironmentName", "resourceConfig", "resourceName")),
            "update_backend_api": ({"AppId": self.app, "BackendEnvironmentName": "dev"}, ("resourceName",)),
            "delete_backend_api": ({"AppId": self.app, "BackendEnvironmentName": "dev"}, ("resourceName",)),
            "get_backend_api": ({"AppId": self.app, "BackendEnvironmentName": "dev"}, ("resourceName",)),
            "generate_backend_api_models": ({"AppId": self.app, "BackendEnvironmentName": "dev"}, ("resourceName",)),
            "get_backend_api_models": ({"AppId": self.app, "BackendEnvironmentName": "dev"}, ("resourceName",)),
        }
        values = {"appId": self.app, "appName": "Shop", "backendEnvironmentName": "dev", "resourceName": "shop",
                  "targetEnvironmentName": "copy", "resourceConfig": {"TransformSchema": TODO}}
        for operation, (labels, members) in required.items():
            for member in members:
                with self.subTest(operation=operation, missing=member):
                    rest = {m[0].upper() + m[1:]: values[m] for m in members if m != member}
                    self.bad(f"'{member}'|{member}", getattr(self.unchecked, operation), **labels, **rest)
        self.nothing_happened()

    def test_wrong_values(self):
        self.backend()
        at = {"AppId": self.app, "BackendEnvironmentName": "dev"}
        api = {**at, "ResourceName": "shop"}

        def config(**c):
            return {**api, "ResourceConfig": {"TransformSchema": TODO, **c}}

        rows = {
            "enum": ("mode.*API_KEY", "create_backend_api", config(DefaultAuthType={"Mode": "AWS_LAMBDA"})),
            "enum in a list": ("mode", "create_backend_api", config(AdditionalAuthTypes=[{"Mode": "api_key"}])),
            "enum in a structure": ("resolutionStrategy", "create_backend_api", config(ConflictResolution={"ResolutionStrategy": "LAST"})),
            "key for 0 days": ("expirationTime.*1.*365", "create_backend_api", config(DefaultAuthType={"Mode": "API_KEY", "Settings": {"ExpirationTime": 0}})),
            "key for 366 days": ("expirationTime.*1.*365", "create_backend_api", config(DefaultAuthType={"Mode": "API_KEY", "Settings": {"ExpirationTime": 366}})),
            "page of 0": ("maxResults.*1", "list_backend_jobs", {**at, "MaxResults": 0}),
            "page of 26": ("maxResults.*25", "list_backend_jobs", {**at, "MaxResults": 26}),
            "number for a string": ("resourceName", "get_backend_api", {**at, "ResourceName": 7}),
            "string for a boolean": ("cleanAmplifyApp", "remove_all_backends", {"AppId": self.app, "CleanAmplifyApp": "yes"}),
            "app id": ("(?i)appId", "create_backend", {"AppId": "a_b", "AppName": "Shop", "BackendEnvironmentName": "dev"}),
            "app id of 65": ("(?i)appId", "create_backend", {"AppId": "a" * 65, "AppName": "Shop", "BackendEnvironmentName": "dev"}),
            "environment name": ("(?i)backendEnvironmentName", "create_backend", {**at, "AppName": "Shop", "BackendEnvironmentName": "Dev"}),
            "environment name of 41": ("(?i)backendEnvironmentName", "create_backend", {**at, "AppName": "Shop", "BackendEnvironmentName": "d" * 41}),
            "no schema": ("transformSchema", "create_backend_api", {**api, "ResourceConfig": {"ApiName": "shop"}}),
            "target name": ("(?i)targetEnvironmentName", "clone_backend", {**at, "TargetEnvironmentName": "1st"}),
        }
        for name, (text, operation, members) in rows.items():
            with self.subTest(name):
                self.bad(text, getattr(self.unchecked, operation), **members)
        self.nothing_happened()

    def nothing_happened(self):
        """What was refused at once has left neither a job nor anything else."""
        jobs = self.sdk.list_backend_jobs(AppId=self.app, BackendEnvironmentName="dev")["Jobs"]
        self.assertEqual([j["Operation"] for j in jobs], ["CreateBackend"])
        self.assertNotIn("api", self.meta())
        self.assertEqual(self.sdk.get_backend(AppId=self.app)["BackendEnvironmentList"], ["dev"])

    def test_duplicates(self):
        self.backend()
        self.bad("dev", self.sdk.create_backend, AppId=self.app, AppName="Shop", BackendEnvironmentName="dev")
        self.bad("dev", self.sdk.clone_backend, AppId=self.app, BackendEnvironmentName="dev", TargetEnvironmentName="dev")
        self.api()
        self.bad(
            "shop", self.sdk.create_backend_api, AppId=self.app, BackendEnvironmentName="dev", ResourceName="shop",
            ResourceConfig={"TransformSchema": TODO},
        )
        # Nothing of the refused call has reached the API.
        config = self.sdk.get_backend_api(AppId=self.app, BackendEnvironmentName="dev", ResourceName="shop")["ResourceConfig"]
        self.assertEqual(config["ApiName"], "shop")

    def test_not_available_in_this_version(self):
        self.backend()
        for operation, members in NOT_AVAILABLE.items():
            with self.subTest(operation):
                app = {} if operation == "list_s3_buckets" else {"AppId": self.app}
                self.bad("not available in this version", getattr(self.sdk, operation), **app, **members)

    def test_a_finished_job_cannot_be_changed(self):
        self.backend()
        (job,) = self.sdk.list_backend_jobs(AppId=self.app, BackendEnvironmentName="dev")["Jobs"]
        for status in ("FAILED", "COMPLETED", "RUNNING", "CANCELLED"):
            with self.subTest(status):
                self.bad(".", self.sdk.update_backend_job, AppId=self.app, BackendEnvironmentName="dev", JobId=job["JobId"], Status=status)


class JudgedInTheJob(BackendTest):
    """What needs the schema read: the call answers RUNNING, the job FAILED."""

    def test_create(self):
        self.backend()
        rows = {
            "syntax": ("type Todo @model {\n  id ID!\n}", r"^2:\d+: "),
            "unknown type": ("type Todo @model {\n  id: ID!\n  x: Nope\n}", r"^3:\d+: Todo\.x.*: .*Nope"),
            "unknown directive": ("type Todo @model @nope {\n  id: ID!\n}", r"^1:\d+: Todo.*@nope"),
            "directive of a later version": (
                "type Todo @model @auth(rules: [{allow: public}]) {\n  id: ID!\n  x: String @function(name: \"f\")\n}",
                r"^3:\d+: Todo\.x @function: ",
            ),
            "auth rule of a later version": (
                "type Todo @model @auth(rules: [{allow: owner}]) {\n  id: ID!\n}",
                r"^1:\d+: Todo @auth: ",
            ),
        }
        at = {"AppId": self.app, "BackendEnvironmentName": "dev"}
        for name, (sdl, error) in rows.items():
            with self.subTest(name):
                job = self.sdk.create_backend_api(**at, ResourceName="shop", ResourceConfig={"TransformSchema": sdl})
                self.assertEqual(job["Status"], "RUNNING")
                self.assertRegex(self.failed(job), error)
                self.missing("Api", self.sdk.get_backend_api, **at, ResourceName="shop")
                self.assertNotIn("api", self.meta())
        # The name was not taken by the failures.
        self.api()

    def test_members_that_this_version_cannot_honour(self):
        self.backend()
        at = {"AppId": self.app, "BackendEnvironmentName": "dev", "ResourceName": "shop"}
        rows = {s: {"ConflictResolution": {"ResolutionStrategy": s}} for s in STRATEGIES}
        private = {"OpenIDIssueURL": "https://169.254.169.254"}
        rows["outgoing.allow"] = {"AdditionalAuthTypes": [{"Mode": "OPENID_CONNECT", "Settings": private}]}
        for name, config in rows.items():
            with self.subTest(name):
                job = self.sdk.create_backend_api(**at, ResourceConfig={"TransformSchema": TODO, **config})
                self.assertIn(name.split()[-1], self.failed(job))

    def test_update_leaves_the_live_version(self):
        self.backend()
        self.api(schema("shop-1.graphql"))
        shop = self.graphql_api()
        shop('mutation { createCustomer(input: {id: "1", name: "Ada", vip: true}) { id } }')
        error = self.failed(self.update_api(schema("shop-changed-type.graphql")))
        self.assertRegex(error, r"^25:\d+: Customer\.vip\b.*: ")
        self.assertRegex(self.failed(self.update_api("type Customer @model {")), r"^\d+:\d+: ")
        self.assertEqual(
            shop('{ getCustomer(id: "1") { name vip note } }')["getCustomer"], {"name": "Ada", "vip": True, "note": None}
        )
        # The configuration is the live one again, not the one that failed.
        config = self.sdk.get_backend_api(AppId=self.app, BackendEnvironmentName="dev", ResourceName="shop")["ResourceConfig"]
        self.assertEqual(config["TransformSchema"], schema("shop-1.graphql"))


class NotFound(BackendTest):
    def test_resource_types(self):
        self.backend()
        self.api()
        nobody = {"AppId": "nobody"}
        nowhere = {"AppId": self.app, "BackendEnvironmentName": "nowhere"}
        at = {"AppId": self.app, "BackendEnvironmentName": "dev"}
        no_api = {**at, "ResourceName": "nothing"}
        job = "11111111-2222-4333-8444-555555555555"
        api = {"ResourceName": "shop"}
        rows = {
            "App": {
                "get_backend": nobody,
                "clone_backend": {**nobody, "BackendEnvironmentName": "dev", "TargetEnvironmentName": "copy"},
                "delete_backend": {**nobody, "BackendEnvironmentName": "dev"},
                "remove_all_backends": nobody,
                "create_backend_api": {**nobody, "BackendEnvironmentName": "dev", **api, "ResourceConfig": {"TransformSchema": TODO}},
                "get_backend_api": {**nobody, "BackendEnvironmentName": "dev", **api},
                "create_backend_config": nobody,
                "update_backend_config": nobody,
                "remove_backend_config": nobody,
                "create_token": nobody,
            },
            "BackendEnvironment": {
                "get_backend": nowhere,
                "clone_backend": {**nowhere, "TargetEnvironmentName": "copy"},
                "delete_backend": nowhere,
                "create_backend_api": {**nowhere, **api, "ResourceConfig": {"TransformSchema": TODO}},
                "update_backend_api": {**nowhere, **api},
                "delete_backend_api": {**nowhere, **api},
                "get_backend_api": {**nowhere, **api},
                "generate_backend_api_models": {**nowhere, **api},
                "get_backend_api_models": {**nowhere, **api},
            },
            "Api": {
                "update_backend_api": no_api,
                "delete_backend_api": no_api,
                "get_backend_api": no_api,
                "generate_backend_api_models": no_api,
                "get_backend_api_models": no_api,
            },
            "Job": {
                "get_backend_job": {**at, "JobId": job},
                "update_backend_job": {**at, "JobId": job, "Status": "FAILED"},
            },
            "Token": {
                "get_token": {"AppId": self.app, "SessionId": job},
                "delete_token": {"AppId": self.app, "SessionId": job},
            },
        }
        for resource, calls in rows.items():
            for operation, members in calls.items():
                with self.subTest(resource=resource, operation=operation):
                    self.missing(resource, getattr(self.sdk, operation), **members)

    def test_jobs_belong_to_their_environment(self):
        self.backend()
        (job,) = self.sdk.list_backend_jobs(AppId=self.app, BackendEnvironmentName="dev")["Jobs"]
        self.backend("other")
        self.missing("Job", self.sdk.get_backend_job, AppId=self.app, BackendEnvironmentName="other", JobId=job["JobId"])
        other = self.backend(app=self.app + "-b")
        self.missing("Job", self.sdk.get_backend_job, AppId=other, BackendEnvironmentName="dev", JobId=job["JobId"])

    def test_tokens_belong_to_their_app(self):
        self.backend()
        other = self.backend(app=self.app + "-b")
        token = self.sdk.create_token(AppId=self.app)
        self.missing("Token", self.sdk.get_token, AppId=other, SessionId=token["SessionId"])
        self.missing("Token", self.sdk.delete_token, AppId=other, SessionId=token["SessionId"])


class Authentication(BackendTest):
    def forbidden(self, code, text, sdk):
        response = self.refused(code, sdk.get_backend, AppId=self.app)
        self.assertEqual(response["ResponseMetadata"]["HTTPStatusCode"], 403)
        self.assertRegex(response["Error"]["Message"], text)

    def test_wrong_secret(self):
        self.forbidden("InvalidSignatureException", ".", client(secret="x" * 40))

    def test_unknown_key(self):
        self.forbidden(
            "UnrecognizedClientException", "^The security token included in the request is invalid\\.$",
            client(key="AKIAAAAAAAAAAAAAAAAA"),
        )

    def test_clock(self):
        # botocore signs with the present in one of two ways, depending on its age.
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        for minutes, text in ((-6, "^Signature expired: .* is now earlier than .*5 min"), (6, "^Signature not yet current")):
            with self.subTest(minutes=minutes):
                moved = now + datetime.timedelta(minutes=minutes)
                if hasattr(botocore.auth, "get_current_datetime"):
                    patch = mock.patch.object(botocore.auth, "get_current_datetime", return_value=moved)
                else:
                    patch = mock.patch.object(botocore.auth, "datetime", mock.Mock(wraps=datetime, datetime=mock.Mock(
                        wraps=datetime.datetime, utcnow=mock.Mock(return_value=moved))))
                with patch:
                    self.forbidden("InvalidSignatureException", text, client())
        # Four minutes are within the tolerance: this is an answer of the registry.
        moved = now - datetime.timedelta(minutes=4)
        if hasattr(botocore.auth, "get_current_datetime"):
            with mock.patch.object(botocore.auth, "get_current_datetime", return_value=moved):
                self.missing("App", client().get_backend, AppId="nobody")

    def test_other_region(self):
        """The region of the scope is opaque: any works as long as the signature does."""
        self.missing("App", client(region="eu-central-1").get_backend, AppId="nobody")


class TooManyRequests(BackendTest):
    """Against a production server: 100 requests per second and key, 200 at once."""

    def test_rate_limit(self):
        endpoint = os.environ["SUITE_SERVE_ENDPOINT"]
        sdk = client(endpoint, os.environ["SUITE_SERVE_KEY"], os.environ["SUITE_SERVE_SECRET"])
        limited, stop = [], threading.Event()

        def flood():
            for _ in range(400):
                if stop.is_set():
                    return
                try:
                    sdk.get_backend(AppId="nobody")
                except botocore.exceptions.ClientError as e:
                    if e.response["Error"]["Code"] == "TooManyRequestsException":
                        limited.append(e.response)
                        stop.set()

        threads = [threading.Thread(target=flood) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertTrue(limited, "1600 requests at full speed met no limit")
        response = limited[0]
        self.assertEqual(response["ResponseMetadata"]["HTTPStatusCode"], 429)
        self.assertEqual(response.get("LimitType", response["Error"].get("LimitType")), "RequestRate")
        # Another key is not held up.
        other = client(endpoint, os.environ["SUITE_SERVE_OTHER_KEY"], os.environ["SUITE_SERVE_OTHER_SECRET"])
        self.missing("App", other.get_backend, AppId="nobody")


class GatewayTimeout(BackendTest):
    def test_control_database_is_held(self):
        """The control transaction cannot begin within 10 s. Only a caller with
        the data directory at hand can bring this about."""
        with Held(os.path.join(DATA, "control.db")):
            response = self.refused(
                "GatewayTimeoutException", self.sdk.create_backend, AppId=self.app, AppName="Shop", BackendEnvironmentName="dev"
            )
            self.assertEqual(response["ResponseMetadata"]["HTTPStatusCode"], 504)
        # It wrote nothing, and the same call works now.
        self.missing("App", self.sdk.get_backend, AppId=self.app)
        self.backend()
