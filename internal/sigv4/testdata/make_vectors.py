#!/usr/bin/env python3
"""Writes vectors.json: requests signed by botocore, an implementation of
SigV4 that is independent of this package. Run it with botocore installed:

    python3 make_vectors.py > vectors.json

The key is the example key of the AWS documentation.
"""
import datetime
import json
from unittest import mock

import botocore
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = datetime.datetime(2026, 1, 15, 12, 0, 0, tzinfo=datetime.timezone.utc)
HOST = "127.0.0.1:8080"
SHAPES = {
    "header": botocore.auth.SigV4Auth,
    "query": botocore.auth.SigV4QueryAuth,
    "s3 header": botocore.auth.S3SigV4Auth,
    "s3 query": botocore.auth.S3SigV4QueryAuth,
}
UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

# name, method, target, headers, body
CASES = [
    ("vanilla get", "GET", "/", {}, ""),
    ("vanilla post", "POST", "/", {}, ""),
    ("delete", "DELETE", "/backend/d1a2b3c4d5e6f7", {}, ""),
    ("json body", "POST", "/backend/d1a2b3c4d5e6f7/details", {"Content-Type": "application/json"}, '{"backendEnvironmentName": "dev"}'),
    ("body of two-byte characters", "POST", "/backend", {"Content-Type": "application/json"}, '{"appName": "gr\u00fc\u00df"}'),
    ("body with line ends", "POST", "/backend", {"Content-Type": "application/json"}, '{\r\n"appName":\n"x"}\n'),
    ("form body", "POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}, "a=1&b=2"),
    ("form body with parameters", "POST", "/", {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}, "a=1"),
    ("escaped label", "POST", "/backend/a%20b%2Fc/challenge", {}, ""),
    ("escaped utf-8 label", "POST", "/backend/%C3%A9/details", {}, ""),
    ("lower-case escapes", "POST", "/backend/%c3%a9%2f/details", {}, ""),
    ("escaped star", "GET", "/backend/%2A/job/dev/1", {}, ""),
    ("escaped percent", "GET", "/backend/100%25/job/dev/1", {}, ""),
    ("reserved characters", "GET", "/backend/a!$&'()*+,;=:@b/job/dev/1", {}, ""),
    ("unreserved characters", "GET", "/" + UNRESERVED, {}, ""),
    ("empty label", "POST", "/backend//details", {}, ""),
    ("only slashes", "GET", "///", {}, ""),
    ("slash at the end", "POST", "/backend/", {}, ""),
    ("slashes at both ends", "GET", "//backend//", {}, ""),
    ("job", "GET", "/backend/d1a2b3c4d5e6f7/job/dev/11111111-2222-4333-8444-555555555555", {}, ""),
    ("query", "GET", "/?Param1=value1", {}, ""),
    ("query out of order", "GET", "/?Param2=value2&Param1=value1", {}, ""),
    ("query names in one another", "GET", "/?a-b=1&a=2&a.b=3", {}, ""),
    ("query values out of order", "GET", "/?a=2&a=1", {}, ""),
    ("query with empty value", "GET", "/?a=&b=1", {}, ""),
    ("query case", "GET", "/?b=1&B=2&a=3", {}, ""),
    ("query escaped", "GET", "/?a%20b=c%2Fd&%C3%A9=%2B", {}, ""),
    ("query unreserved", "GET", "/?" + UNRESERVED + "=" + UNRESERVED, {}, ""),
    ("header value with blanks", "GET", "/", {"X-Amz-Meta-A": "  a   b   c  "}, ""),
    ("header value quoted", "GET", "/", {"X-Amz-Meta-A": '"a   b"'}, ""),
    ("header value with tab", "GET", "/", {"X-Amz-Meta-A": "a\t b"}, ""),
    ("header value empty", "GET", "/", {"X-Amz-Meta-A": ""}, ""),
    ("header value case", "GET", "/", {"X-Amz-Meta-A": "VALUE"}, ""),
    ("header names out of order", "GET", "/", {"X-Amz-Meta-B": "2", "X-Amz-Meta-A": "1"}, ""),
    ("header name case", "GET", "/", {"x-AMZ-meta-A": "1"}, ""),
    ("header not of aws", "GET", "/", {"My-Header1": "value1", "Accept": "*/*"}, ""),
    ("user agent of the javascript sdk", "POST", "/", {"X-Amz-User-Agent": "aws-sdk-js/3.1138.0"}, ""),
    ("region with a slash", "GET", "/", {}, ""),
    ("other service", "POST", "/", {"X-Amz-Target": "AWSCognitoIdentityService.GetId", "Content-Type": "application/x-amz-json-1.1"}, "{}"),
    ("long path", "GET", "/" + "/".join("segment%d" % i for i in range(40)), {}, ""),
]


def vector(name, shape, method, target, headers, body):
    s3 = shape.startswith("s3")
    service = "s3" if s3 else "cognito-identity" if name == "other service" else "amplifybackend"
    region = "preamp.test:4500/#" if name == "region with a slash" else "us-east-1"
    seen = {}

    class Signer(SHAPES[shape]):
        def canonical_request(self, request):
            seen["canonical"] = super().canonical_request(request)
            return seen["canonical"]

        def string_to_sign(self, request, canonical):
            seen["string_to_sign"] = super().string_to_sign(request, canonical)
            return seen["string_to_sign"]

        def signature(self, text, request):
            seen["signature"] = super().signature(text, request)
            return seen["signature"]

    request = AWSRequest(method=method, url="http://" + HOST + target, headers=headers, data=body.encode() or None)
    request.context["payload_signing_enabled"] = True
    with mock.patch.object(botocore.auth, "get_current_datetime", return_value=NOW):
        Signer(Credentials(KEY, SECRET), service, region).add_auth(request)
    sent = [["Host", HOST]] + [[k, v] for k, v in request.headers.items()]
    return {
        "name": name + ", " + shape,
        "service": service,
        "method": method,
        "target": request.url.removeprefix("http://" + HOST),
        "headers": sent,
        # The query signers move the members of a JSON body into the query.
        "body": "" if shape.endswith("query") else body,
        **seen,
    }


vectors = []
for case in CASES:
    for shape in SHAPES:
        if shape.startswith("s3") and case[0] == "other service":
            continue
        if shape.endswith("query") and "form body" in case[0]:
            continue
        vectors.append(vector(case[0], shape, *case[1:]))
print(json.dumps({
    "source": "signed by botocore " + botocore.__version__ + ", see make_vectors.py",
    "access_key": KEY, "secret": SECRET, "time": NOW.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "vectors": vectors,
}, indent=1, ensure_ascii=False))
