"""Presigned URLs as boto3 makes them: members travel in the query, the body is empty."""

import json
import time
import urllib.error
import urllib.request

from support import TODO, BackendTest, client


class Presigned(BackendTest):
    def fetch(self, operation, members, sdk=None, expires=60, body=b"", **replace):
        url = (sdk or self.sdk).generate_presigned_url(operation, Params=members, ExpiresIn=expires)
        for old, new in replace.values():
            self.assertIn(old, url)
            url = url.replace(old, new)
        method = "GET" if operation in ("get_backend_job", "get_token") else "POST"
        request = urllib.request.Request(url, method=method, data=None if method == "GET" else body)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, json.load(response), response.headers
        except urllib.error.HTTPError as e:
            with e:
                return e.code, json.load(e), e.headers

    def ok(self, operation, **members):
        status, body, _ = self.fetch(operation, members)
        self.assertEqual(status, 200, body)
        return body

    def test_scalar_members(self):
        made = self.ok("create_backend", AppId=self.app, AppName="Shop é & co", BackendEnvironmentName="dev")
        self.assertEqual((made["operation"], made["status"]), ("CreateBackend", "RUNNING"))
        self.completed({"AppId": self.app, "BackendEnvironmentName": "dev", "JobId": made["jobId"]})
        self.assertEqual(self.ok("get_backend", AppId=self.app, BackendEnvironmentName="dev")["appName"], "Shop é & co")
        self.api()
        at = {"AppId": self.app, "BackendEnvironmentName": "dev"}
        self.assertEqual(len(self.ok("list_backend_jobs", **at, MaxResults=1)["jobs"]), 1)
        self.assertEqual(self.ok("get_backend_api", **at, ResourceName="shop")["resourceName"], "shop")
        self.assertEqual(self.ok("get_backend_job", **at, JobId=made["jobId"])["status"], "COMPLETED")
        token = self.ok("create_token", AppId=self.app)
        self.assertEqual(self.ok("get_token", AppId=self.app, SessionId=token["sessionId"]), token)
        self.assertEqual(self.ok("delete_token", AppId=self.app, SessionId=token["sessionId"]), {"isSuccess": True})
        # A boolean arrives as Python writes it: True.
        gone = self.ok("remove_all_backends", AppId=self.app, CleanAmplifyApp=True)
        self.completed({"AppId": self.app, "JobId": gone["jobId"]})
        self.missing("App", self.sdk.get_backend, AppId=self.app)

    def test_members_of_the_query_are_validated(self):
        self.backend()
        status, body, headers = self.fetch("list_backend_jobs", {"AppId": self.app, "BackendEnvironmentName": "dev", "MaxResults": 26})
        self.assertEqual((status, headers["x-amzn-ErrorType"]), (400, "BadRequestException"))
        self.assertIn("maxResults", body["message"])

    def test_a_structure_cannot_be_presigned(self):
        self.backend()
        members = {"AppId": self.app, "BackendEnvironmentName": "dev", "ResourceName": "shop", "ResourceConfig": {"TransformSchema": TODO}}
        status, body, headers = self.fetch("create_backend_api", members)
        self.assertEqual((status, headers["x-amzn-ErrorType"]), (400, "BadRequestException"))
        self.assertIn("resourceConfig", body["message"])
        self.assertNotIn("api", self.meta())

    def test_life(self):
        url = {"AppId": "nobody"}
        self.assertEqual(self.fetch("get_backend", url, expires=604800)[0], 404)
        short = self.sdk.generate_presigned_url("get_backend", Params=url, ExpiresIn=1)
        time.sleep(2.1)
        request = urllib.request.Request(short, method="POST", data=b"", headers={"Content-Type": "application/json"})
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=30)
        self.assertEqual(caught.exception.code, 403)

    def test_what_was_signed_counts(self):
        self.backend()
        # A member added behind the signer's back.
        status, _, headers = self.fetch("get_backend", {"AppId": "nobody"}, other=("nobody", self.app))
        self.assertEqual((status, headers["x-amzn-ErrorType"]), (403, "InvalidSignatureException"))
        # A body that was not signed.
        status, _, headers = self.fetch("get_backend", {"AppId": self.app}, body=b'{"backendEnvironmentName":"dev"}')
        self.assertEqual((status, headers["x-amzn-ErrorType"]), (403, "InvalidSignatureException"))
        status, _, headers = self.fetch("get_backend", {"AppId": self.app}, sdk=client(secret="x" * 40))
        self.assertEqual((status, headers["x-amzn-ErrorType"]), (403, "InvalidSignatureException"))
