"""What the boto3 suite shares: the clients, waiting for jobs, GraphQL over HTTP."""

import glob
import itertools
import json
import os
import sqlite3
import time
import unittest
import urllib.error
import urllib.request

import boto3
import botocore.config
import botocore.exceptions

ENDPOINT = os.environ["SUITE_ENDPOINT"]
KEY = os.environ["SUITE_KEY"]
SECRET = os.environ["SUITE_SECRET"]
# Only where the server keeps its data in a directory.
DATA = os.environ.get("SUITE_DATA", "")
LOSSY_ENDPOINT = os.environ.get("SUITE_LOSSY_ENDPOINT", "")
SCHEMAS = os.environ["SUITE_SCHEMAS"]

PENDING = (
    "There is already a pending job for the requested appId: {app} and backendEnvironmentName: {env}, "
    "wait for it to complete before creating a new job."
)
UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
MILLISECONDS = r"^[0-9]{13}$"

TODO = """
type Todo @model @auth(rules: [{ allow: public }]) {
  id: ID!
  title: String!
  done: Boolean
}
"""


def client(endpoint=ENDPOINT, key=KEY, secret=SECRET, attempts=1, validate=True, region="us-east-1"):
    """An amplifybackend client. Without validation it sends what it is given."""
    config = botocore.config.Config(
        retries={"total_max_attempts": attempts, "mode": "legacy"},
        parameter_validation=validate,
        read_timeout=60,
    )
    return boto3.Session(key, secret, region_name=region).client(
        "amplifybackend", endpoint_url=endpoint, config=config
    )


def schema(name):
    with open(os.path.join(SCHEMAS, name), encoding="utf-8") as f:
        return f.read()


def without_metadata(response):
    return {k: v for k, v in response.items() if k != "ResponseMetadata"}


class BackendTest(unittest.TestCase):
    """Tests against one server. Each test takes an app id of its own."""

    maxDiff = None
    numbers = itertools.count(1)

    def setUp(self):
        self.sdk = client()
        self.unchecked = client(validate=False)
        self.app = f"boto3-{type(self).__name__}-{next(self.numbers)}"

    def wait(self, job, env=None):
        """Polls a job, given as an operation's answer, until it has ended."""
        deadline = time.monotonic() + 30
        env = env or job.get("BackendEnvironmentName", "dev")
        while True:
            now = self.sdk.get_backend_job(AppId=job["AppId"], BackendEnvironmentName=env, JobId=job["JobId"])
            if now["Status"] != "RUNNING":
                return without_metadata(now)
            self.assertLess(time.monotonic(), deadline, f"job still runs: {now}")
            time.sleep(0.02)

    def completed(self, job, env=None):
        ended = self.wait(job, env)
        self.assertEqual(ended["Status"], "COMPLETED", ended)
        return ended

    def failed(self, job, env=None):
        ended = self.wait(job, env)
        self.assertEqual(ended["Status"], "FAILED", ended)
        return ended["Error"]

    def backend(self, env="dev", app=None, name="Shop"):
        """A new environment."""
        app = app or self.app
        self.completed(self.sdk.create_backend(AppId=app, AppName=name, BackendEnvironmentName=env))
        return app

    def api(self, sdl=TODO, env="dev", name="shop", **config):
        """A new API in an environment that exists."""
        config.setdefault("DefaultAuthType", {"Mode": "API_KEY"})
        job = self.sdk.create_backend_api(
            AppId=self.app,
            BackendEnvironmentName=env,
            ResourceName=name,
            ResourceConfig={"ApiName": name, "Service": "AppSync", "TransformSchema": sdl, **config},
        )
        return self.completed(job)

    def update_api(self, sdl, env="dev", name="shop"):
        return self.sdk.update_backend_api(
            AppId=self.app, BackendEnvironmentName=env, ResourceName=name, ResourceConfig={"TransformSchema": sdl}
        )

    def meta(self, env="dev"):
        answer = self.sdk.get_backend(AppId=self.app, BackendEnvironmentName=env)
        return json.loads(answer["AmplifyMetaConfig"])

    def graphql_api(self, env="dev", name="shop"):
        return GraphQL(self, self.meta(env)["api"][name]["output"])

    def refused(self, code, call, *args, **kwargs):
        """The parsed error of a call that must fail with this code."""
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(*args, **kwargs)
        response = caught.exception.response
        self.assertEqual(response["Error"]["Code"], code, response)
        headers = response["ResponseMetadata"]["HTTPHeaders"]
        self.assertRegex(headers["x-amzn-requestid"], UUID)
        self.assertIn("date", headers)
        return response

    def bad(self, text, call, *args, **kwargs):
        response = self.refused("BadRequestException", call, *args, **kwargs)
        self.assertEqual(response["ResponseMetadata"]["HTTPStatusCode"], 400)
        self.assertRegex(response["Error"]["Message"], text)
        return response

    def missing(self, resource, call, *args, **kwargs):
        response = self.refused("NotFoundException", call, *args, **kwargs)
        self.assertEqual(response["ResponseMetadata"]["HTTPStatusCode"], 404)
        self.assertEqual(response.get("ResourceType", response["Error"].get("ResourceType")), resource, response)
        self.assertTrue(response["Error"]["Message"])
        return response


class GraphQL:
    """One live API over HTTP, as a client without any SDK."""

    def __init__(self, test, output):
        self.test = test
        self.url = output["GraphQLAPIEndpointOutput"]
        self.key = output.get("GraphQLAPIKeyOutput")

    def send(self, query, **variables):
        """Status and body, whatever they are."""
        request = urllib.request.Request(
            self.url,
            data=json.dumps({"query": query, "variables": variables}).encode(),
            headers={"content-type": "application/json", "x-api-key": self.key or ""},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as e:
            with e:
                return e.code, json.load(e)

    def __call__(self, query, **variables):
        """The data of an operation that must succeed."""
        status, body = self.send(query, **variables)
        self.test.assertEqual((status, body.get("errors")), (200, None), body)
        return body["data"]

    def error(self, query, **variables):
        """The only error of an operation that must fail."""
        status, body = self.send(query, **variables)
        self.test.assertEqual((status, len(body.get("errors") or [])), (200, 1), body)
        return body["errors"][0]


def databases():
    return set(glob.glob(os.path.join(DATA, "env", "**", "*.db"), recursive=True))


class Held:
    """Holds the write lock of a SQLite database from outside, so that whatever
    the server wants to write there waits: a job stays RUNNING, a control
    transaction cannot begin."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.db = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        self.db.execute("BEGIN IMMEDIATE")
        return self

    def __exit__(self, *_):
        self.db.rollback()
        self.db.close()
