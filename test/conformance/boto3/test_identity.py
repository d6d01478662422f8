"""Identity pools by boto3, and a GraphQL API by tokens and temporary credentials."""

import unittest

import support
from cognito import PASSWORD, Refused, address, auth_config, aws, backend, claims, graphql, identity, idp, job, make_backend, meta

LIST = "query { listNews { items { id } } }"
CREATE = 'mutation { createNews(input: {text: "x"}) { id } }'
NOTE = 'mutation { createNote(input: {text: "x"}) { id owner } }'
NOTES = "query { listNotes { items { id } } }"


def changed(text):
    """The text with another first letter."""
    return ("B" if text[0] == "A" else "A") + text[1:]


class Identities(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.output = make_backend("identities", auth_config("identities"), support.schema("users.graphql"))
        cls.pool, cls.client, cls.identities = (cls.output[k] for k in ("UserPoolId", "AppClientIDWeb", "IdentityPoolId"))
        cls.endpoint = meta("identities")["api"]["identitiesapi"]["output"]["GraphQLAPIEndpointOutput"]
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        idp.update_user_pool_client(UserPoolId=cls.pool, ClientId=cls.client, ExplicitAuthFlows=flows)

    def user(self, *groups):
        mail = address()
        idp.admin_create_user(
            UserPoolId=self.pool, Username=mail, MessageAction="SUPPRESS", UserAttributes=[{"Name": "email", "Value": mail}]
        )
        idp.admin_set_user_password(UserPoolId=self.pool, Username=mail, Password=PASSWORD, Permanent=True)
        for group in groups:
            idp.admin_add_user_to_group(UserPoolId=self.pool, Username=mail, GroupName=group)
        return idp.initiate_auth(
            ClientId=self.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": mail, "PASSWORD": PASSWORD}
        )["AuthenticationResult"]

    def logins(self, tokens):
        return {claims(tokens["IdToken"])["iss"].removeprefix("https://"): tokens["IdToken"]}

    def credentials(self, **logins):
        id = identity.get_id(IdentityPoolId=self.identities, **logins)["IdentityId"]
        self.assertRegex(id, r"^us-east-1:[0-9a-f-]{36}$")
        got = identity.get_credentials_for_identity(IdentityId=id, **logins)
        self.assertRegex(got["Credentials"]["AccessKeyId"], "^ASIA")
        return got["IdentityId"], got["Credentials"]

    def ok(self, query, **how):
        status, body = graphql(self.endpoint, query, **how)
        self.assertEqual((status, body.get("errors")), (200, None), body)
        return body["data"]

    def denied(self, query, **how):
        status, body = graphql(self.endpoint, query, **how)
        self.assertTrue(body.get("errors"), body)
        kind = str(body["errors"][0].get("errorType", ""))
        self.assertRegex(kind, "^(Unauthorized|UnauthorizedException|UnrecognizedClientException|InvalidSignatureException)$", body)

    def test_guest(self):
        _, guest = self.credentials()
        self.ok(LIST, credentials=guest)
        for query in CREATE, NOTE, NOTES:
            self.denied(query, credentials=guest)
        # Credentials of a guest are for the API, not for administration.
        signed = aws("cognito-idp", guest["AccessKeyId"], guest["SecretKey"], guest["SessionToken"])
        with self.assertRaises(Exception):
            signed.list_users(UserPoolId=self.pool)
        for member in "SessionToken", "SecretKey":
            self.denied(LIST, credentials={**guest, member: changed(guest[member])})

    def test_signed_in(self):
        tokens = self.user()
        logins = self.logins(tokens)
        id, credentials = self.credentials(Logins=logins)
        again, _ = self.credentials(Logins=logins)
        self.assertEqual(id, again)
        # The name that AWS has for the pool is good as well.
        other, _ = self.credentials(Logins={"cognito-idp.us-east-1.amazonaws.com/" + self.pool: tokens["IdToken"]})
        self.assertEqual(id, other)
        self.ok(CREATE, credentials=credentials)
        self.denied(NOTE, credentials=credentials)
        with Refused("NotAuthorizedException"):
            identity.get_credentials_for_identity(IdentityId=id)
        with Refused("NotAuthorizedException"):
            identity.get_credentials_for_identity(IdentityId=id, Logins=self.logins(self.user()))
        parts = tokens["IdToken"].split(".")
        for bad in ".".join(parts[:2] + ["AAAA"]), ".".join(parts[:2] + [""]), "x", tokens["AccessToken"]:
            with Refused("NotAuthorizedException"):
                identity.get_id(IdentityPoolId=self.identities, Logins={k: bad for k in logins})

    def test_guest_becomes_user(self):
        guest, _ = self.credentials()
        logins = self.logins(self.user())
        got = identity.get_credentials_for_identity(IdentityId=guest, Logins=logins)
        again, _ = self.credentials(Logins=logins)
        self.assertEqual(got["IdentityId"], again)

    def test_credentials_of_another_app(self):
        output = make_backend("others", auth_config("others"))
        id = identity.get_id(IdentityPoolId=output["IdentityPoolId"])["IdentityId"]
        guest = identity.get_credentials_for_identity(IdentityId=id)["Credentials"]
        status, body = graphql(self.endpoint, LIST, credentials=guest)
        self.assertEqual((status, body["errors"][0]["errorType"]), (403, "UnauthorizedException"), body)

    def test_open_id_token(self):
        logins = self.logins(self.user())
        id, _ = self.credentials(Logins=logins)
        token = claims(identity.get_open_id_token(IdentityId=id, Logins=logins)["Token"])
        self.assertEqual((token["sub"], token["aud"], token["iss"]), (id, self.identities, "https://cognito-identity.amazonaws.com"))
        self.assertIn("authenticated", token["amr"])

    def test_tokens(self):
        idp.create_group(UserPoolId=self.pool, GroupName="editors")
        ann, bob, editor = self.user(), self.user(), self.user("editors")
        note = self.ok(NOTE, token=ann["AccessToken"])["createNote"]
        for token in ann["AccessToken"], ann["IdToken"], editor["AccessToken"]:
            self.assertIn({"id": note["id"]}, self.ok(NOTES, token=token)["listNotes"]["items"])
        self.assertNotIn({"id": note["id"]}, self.ok(NOTES, token=bob["AccessToken"])["listNotes"]["items"])
        self.denied(CREATE, token=bob["AccessToken"])
        self.ok(CREATE, token=editor["AccessToken"])
        change = 'mutation { updateNote(input: {id: "%s", text: "y"}) { id } }' % note["id"]
        self.denied(change, token=bob["AccessToken"])
        self.ok(change, token=editor["AccessToken"])
        head, body, signature = bob["AccessToken"].split(".")
        self.denied(NOTES, token=".".join((head, ann["AccessToken"].split(".")[1], signature)))

    def test_pool_administration(self):
        made = identity.create_identity_pool(
            IdentityPoolName="made",
            AllowUnauthenticatedIdentities=False,
            CognitoIdentityProviders=[
                {"ProviderName": "cognito-idp.us-east-1.amazonaws.com/" + self.pool, "ClientId": self.client}
            ],
        )
        pool = made["IdentityPoolId"]
        with Refused("NotAuthorizedException", "Unauthenticated access is not supported for this identity pool."):
            identity.get_id(IdentityPoolId=pool)
        roles = {"authenticated": "arn:aws:iam::123456789012:role/in", "unauthenticated": "arn:aws:iam::123456789012:role/out"}
        identity.set_identity_pool_roles(IdentityPoolId=pool, Roles=roles)
        self.assertEqual(identity.get_identity_pool_roles(IdentityPoolId=pool)["Roles"], roles)
        logins = self.logins(self.user())
        id = identity.get_id(IdentityPoolId=pool, Logins=logins)["IdentityId"]
        self.assertEqual(identity.describe_identity(IdentityId=id)["IdentityId"], id)
        listed = identity.list_identities(IdentityPoolId=pool, MaxResults=10)["Identities"]
        self.assertEqual([i["IdentityId"] for i in listed], [id])
        credentials = identity.get_credentials_for_identity(IdentityId=id, Logins=logins)["Credentials"]
        # The API is of another environment, whose roles these credentials are not of.
        self.denied(LIST, credentials=credentials)
        identity.delete_identity_pool(IdentityPoolId=pool)
        with Refused("ResourceNotFoundException"):
            identity.get_id(IdentityPoolId=pool, Logins=logins)


class Ended(unittest.TestCase):
    def test_credentials_end_with_their_pool(self):
        output = make_backend("ended", auth_config("ended"), support.schema("users.graphql"))
        endpoint = meta("ended")["api"]["endedapi"]["output"]["GraphQLAPIEndpointOutput"]
        id = identity.get_id(IdentityPoolId=output["IdentityPoolId"])["IdentityId"]
        guest = identity.get_credentials_for_identity(IdentityId=id)["Credentials"]
        status, body = graphql(endpoint, LIST, credentials=guest)
        self.assertEqual((status, body.get("errors")), (200, None), body)
        job(backend.delete_backend_auth(AppId="ended", BackendEnvironmentName="dev", ResourceName="endedauth"))
        status, body = graphql(endpoint, LIST, credentials=guest)
        self.assertEqual((status, body["errors"][0]["errorType"]), (403, "UnrecognizedClientException"))
        with Refused("ResourceNotFoundException"):
            identity.get_credentials_for_identity(IdentityId=id)
