"""What the suites of user pools share: clients, messages, SRP, software tokens."""

import base64
import contextlib
import hashlib
import hmac
import itertools
import json
import os
import subprocess
import time
import unittest
import uuid

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions
import urllib.error
import urllib.request

import support

PASSWORD = "Passw0rd!x"
NEXT = "Passw0rd!y"


def aws(service, key=support.KEY, secret=support.SECRET, token=None):
    config = botocore.config.Config(retries={"total_max_attempts": 1, "mode": "legacy"}, read_timeout=60)
    return boto3.Session(key, secret, token, region_name="us-east-1").client(
        service, endpoint_url=support.ENDPOINT, config=config
    )


class Wire:
    """The operations of user pools as requests without a model, by the names that boto3 has for them."""

    # Those that apps call: as boto3 does, without a signature.
    unsigned = {"GetTokensFromRefreshToken", "InitiateAuth", "StartWebAuthnRegistration"}

    def __getattr__(self, method):
        operation = method.title().replace("_", "")
        return lambda **members: self.send(operation, members)

    def send(self, operation, members):
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AWSCognitoIdentityProviderService." + operation,
        }
        url, body = support.ENDPOINT + "/", json.dumps(members).encode()
        if operation not in self.unsigned:
            headers = signed("cognito-idp", url, body, headers, support.KEY, support.SECRET)
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers), timeout=60) as r:
                return json.load(r)
        except urllib.error.HTTPError as e:
            with contextlib.closing(e):
                error = json.load(e)
            error = {"Code": error["__type"], "Message": error["message"]}
            raise botocore.exceptions.ClientError({"Error": error}, operation) from None


def signed(service, url, body, headers, *credentials):
    """The headers of a POST with its signature."""
    request = botocore.awsrequest.AWSRequest("POST", url, data=body, headers=headers)
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(*credentials), service, "us-east-1").add_auth(request)
    return dict(request.headers)


idp = aws("cognito-idp")
wire = Wire()
# For operations and members that came to Cognito after 2022: the boto3 of Debian 12
# does not know them. GetTokensFromRefreshToken is the youngest that the suites use.
recent = idp if hasattr(idp, "get_tokens_from_refresh_token") else wire
identity = aws("cognito-identity")
backend = support.client()


def job(answer):
    """Waits for the job of an operation."""
    for _ in range(600):
        now = backend.get_backend_job(
            AppId=answer["AppId"], BackendEnvironmentName=answer["BackendEnvironmentName"], JobId=answer["JobId"]
        )
        if now["Status"] != "RUNNING":
            assert now["Status"] == "COMPLETED", now
            return
        time.sleep(0.05)
    raise AssertionError("the job has not ended: %s" % answer)


def auth_config(name, **pool):
    """A ResourceConfig for CreateBackendAuth; pool replaces members of UserPoolConfigs."""
    users = {
        "UserPoolName": name,
        "SignInMethod": "EMAIL",
        "RequiredSignUpAttributes": ["EMAIL"],
        "PasswordPolicy": {"MinimumLength": 8, "AdditionalConstraints": ["REQUIRE_DIGIT", "REQUIRE_LOWERCASE"]},
        "VerificationMessage": {
            "DeliveryMethod": "EMAIL",
            "EmailSettings": {"EmailSubject": "Welcome", "EmailMessage": "Confirm by {####}"},
        },
        "ForgotPassword": {
            "DeliveryMethod": "EMAIL",
            "EmailSettings": {"EmailSubject": "New password", "EmailMessage": "Reset by {####}"},
        },
        "Mfa": {"MFAMode": "OFF"},
    }
    users.update(pool)
    return {
        "AuthResources": "IDENTITY_POOL_AND_USER_POOL",
        "Service": "COGNITO",
        "IdentityPoolConfigs": {"IdentityPoolName": name + "_identities", "UnauthenticatedLogin": True},
        "UserPoolConfigs": users,
    }


def make_backend(app, config, schema=None):
    """Makes an app with an auth resource, and a GraphQL API if there is a schema."""
    at = {"AppId": app, "BackendEnvironmentName": "dev"}
    job(backend.create_backend(AppName=app, **at))
    job(backend.create_backend_auth(ResourceName=app + "auth", ResourceConfig=config, **at))
    output = meta(app)["auth"][app + "auth"]["output"]
    if schema:
        api = {
            "ApiName": app + "api",
            "Service": "AppSync",
            "TransformSchema": schema,
            "DefaultAuthType": {
                "Mode": "AMAZON_COGNITO_USER_POOLS",
                "Settings": {"CognitoUserPoolId": output["UserPoolId"]},
            },
            "AdditionalAuthTypes": [{"Mode": "AWS_IAM"}],
        }
        job(backend.create_backend_api(ResourceName=app + "api", ResourceConfig=api, **at))
    return output


def meta(app):
    answer = backend.get_backend(AppId=app, BackendEnvironmentName="dev")
    return json.loads(answer["AmplifyMetaConfig"])


numbers = itertools.count(1)


def address():
    return "mail%d-%s@example.com" % (next(numbers), uuid.uuid4().hex[:8])


def number():
    return "+1555%07d" % (os.getpid() % 1000 * 10000 + next(numbers))


seen = set()


def messages(to):
    """What an address was sent: of `preamp inbox`, or what a production server handed over."""
    if "SUITE_POST" in os.environ:
        with open(os.environ["SUITE_POST"], encoding="utf-8") as f:
            # The last line may be half written.
            lines = [line for line in f if line.endswith("\n")]
        for i, m in enumerate(map(json.loads, lines)):
            if m["to"].lower() == to.lower():
                yield i, m
        return
    command = [os.environ["SUITE_BINARY"], "inbox", "--json", "--wait", "--to", to, "--data", support.DATA]
    for m in json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout):
        yield (m["at"], m["id"]), m


def message(to):
    """The message that an address was sent next."""
    for _ in range(200):
        for key, m in messages(to):
            if (to, key) not in seen:
                seen.add((to, key))
                return m
        time.sleep(0.05)
    raise AssertionError("no message for " + to)


def code(to):
    """The code in that message."""
    return message(to)["code"]


def wrong(right):
    return "%0*d" % (len(right), (int(right) + 1) % 10 ** len(right))


def attributes(**values):
    return [{"Name": k, "Value": v} for k, v in values.items()]


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Refused:
    """The error that a block of calls must end with."""

    def __init__(self, name, text=None):
        self.name, self.text = name, text

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        assert error is not None, "no error, want " + self.name
        if not isinstance(error, botocore.exceptions.ClientError):
            return False
        got = error.response["Error"]
        assert got["Code"] == self.name, "%s, want %s" % (got, self.name)
        if self.text is not None:
            assert got["Message"] == self.text, "%s, want %s" % (got["Message"], self.text)
        return True


class Token:
    """A software token. A server takes the code of each step once, and those of
    the steps beside the present one, so that three come at once and then one waits."""

    def __init__(self, secret):
        self.key = base64.b32decode(secret + "=" * (-len(secret) % 8))
        self.last = 0

    def next(self):
        now = time.time()
        # Not the step before when the present one is about to end.
        first = int(now // 30) - (1 if now % 30 < 22 else 0)
        step = max(self.last + 1, first)
        early = (step - 1) * 30 - now
        if early > 0:
            time.sleep(early + 0.1)
        self.last = step
        mac = hmac.new(self.key, step.to_bytes(8, "big"), hashlib.sha1).digest()
        at = mac[19] & 15
        return "%06d" % ((int.from_bytes(mac[at : at + 4], "big") & 0x7FFFFFFF) % 10**6)


# The group of RFC 3526 with 3072 bits.
N = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
    "49286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D"
    "670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7D"
    "B3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)


def pad(n):
    """The bytes of java.math.BigInteger."""
    return n.to_bytes(n.bit_length() // 8 + 1, "big")


def sha(*parts):
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "big")


class SRP:
    """The client of a password proof, from the description of the protocol."""

    def __init__(self, pool, password):
        self.pool, self.password = pool.split("_")[1], password
        self.a = int.from_bytes(os.urandom(64), "big")
        self.A = pow(2, self.a, N)

    @property
    def wire(self):
        return "%x" % self.A

    def answer(self, parameters):
        """The ChallengeResponses for the parameters of PASSWORD_VERIFIER."""
        user, block = parameters["USER_ID_FOR_SRP"], parameters["SECRET_BLOCK"]
        B, salt = int(parameters["SRP_B"], 16), int(parameters["SALT"], 16)
        u = sha(pad(self.A), pad(B))
        inner = hashlib.sha256((self.pool + user + ":" + self.password).encode()).digest()
        x = sha(pad(salt), inner)
        k = sha(pad(N), pad(2))
        S = pow(B - k * pow(2, x, N), self.a + u * x, N)
        prk = hmac.new(pad(u), pad(S), hashlib.sha256).digest()
        key = hmac.new(prk, b"Caldera Derived Key\x01", hashlib.sha256).digest()[:16]
        now = time.gmtime()
        stamp = time.strftime("%a %b ", now) + "%d" % now.tm_mday + time.strftime(" %H:%M:%S UTC %Y", now)
        text = (self.pool + user).encode() + base64.b64decode(block) + stamp.encode()
        return {
            "USERNAME": user,
            "PASSWORD_CLAIM_SECRET_BLOCK": block,
            "TIMESTAMP": stamp,
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode(),
        }


def srp_login(pool, client, username, password):
    srp = SRP(pool, password)
    asked = idp.initiate_auth(
        ClientId=client, AuthFlow="USER_SRP_AUTH", AuthParameters={"USERNAME": username, "SRP_A": srp.wire}
    )
    assert asked["ChallengeName"] == "PASSWORD_VERIFIER", asked
    # As in Cognito, this one step has no Session.
    assert "Session" not in asked, asked
    return idp.respond_to_auth_challenge(
        ClientId=client, ChallengeName="PASSWORD_VERIFIER", ChallengeResponses=srp.answer(asked["ChallengeParameters"])
    )


def graphql(endpoint, query, token=None, credentials=None):
    """Status and body of a GraphQL operation, by token or signed."""
    body = json.dumps({"query": query}).encode()
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = token
    if credentials:
        keys = (credentials[k] for k in ("AccessKeyId", "SecretKey", "SessionToken"))
        headers = signed("appsync", endpoint, body, headers, *keys)
    try:
        with urllib.request.urlopen(urllib.request.Request(endpoint, data=body, headers=headers), timeout=30) as r:
            return r.status, json.load(r)
    except urllib.error.HTTPError as e:
        with contextlib.closing(e):
            return e.code, json.load(e)


class Pool(unittest.TestCase):
    """A pool of addresses, made by CreateBackendAuth, whose web client may all flows."""

    @classmethod
    def setUpClass(cls):
        cls.app = cls.__name__.lower()
        output = make_backend(cls.app, auth_config(cls.app, **cls.settings))
        cls.pool, cls.client = output["UserPoolId"], output["AppClientIDWeb"]
        cls.set_client()

    settings = {}

    @classmethod
    def set_client(cls, **change):
        flows = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH"]
        settings = {"ExplicitAuthFlows": flows + ["ALLOW_REFRESH_TOKEN_AUTH"], **change}
        idp.update_user_pool_client(UserPoolId=cls.pool, ClientId=cls.client, **settings)

    def user(self, **more):
        """A confirmed user with a verified address."""
        username = more.pop("username", None) or address()
        more = {"email": username, "email_verified": "true", **more}
        made = idp.admin_create_user(
            UserPoolId=self.pool, Username=username, MessageAction="SUPPRESS", UserAttributes=attributes(**more)
        )
        self.assertEqual(made["User"]["UserStatus"], "FORCE_CHANGE_PASSWORD")
        idp.admin_set_user_password(UserPoolId=self.pool, Username=username, Password=PASSWORD, Permanent=True)
        return username

    def login(self, username, password=PASSWORD):
        return idp.initiate_auth(
            ClientId=self.client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": password},
        )

    def tokens(self, username, password=PASSWORD):
        return self.login(username, password)["AuthenticationResult"]

    def respond(self, challenge, name, responses):
        self.assertEqual(challenge.get("ChallengeName"), name, challenge)
        return idp.respond_to_auth_challenge(
            ClientId=self.client, ChallengeName=name, ChallengeResponses=responses, Session=challenge["Session"]
        )
