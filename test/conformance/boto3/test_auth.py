"""The five operations of auth resources."""

import json
import unittest

from cognito import auth_config, aws, idp
from support import UUID, BackendTest, without_metadata

REDIRECT = "http://localhost:3000/"


class Auth(BackendTest):
    def made(self, env="dev", name="users", **pool):
        answer = self.sdk.create_backend_auth(
            AppId=self.app, BackendEnvironmentName=env, ResourceName=name, ResourceConfig=auth_config("shoppers", **pool)
        )
        return self.completed(answer)

    def ids(self, env="dev"):
        meta = json.loads(self.sdk.get_backend(AppId=self.app, BackendEnvironmentName=env)["AmplifyMetaConfig"])
        # What scripts do: .auth[keys[0]].output
        return meta["auth"][list(meta["auth"])[0]]["output"]

    def test_create_backend_auth(self):
        self.backend()
        answer = self.sdk.create_backend_auth(
            AppId=self.app, BackendEnvironmentName="dev", ResourceName="users", ResourceConfig=auth_config("shoppers")
        )
        self.assertRegex(answer["JobId"], UUID)
        self.assertEqual(
            without_metadata(answer),
            {"AppId": self.app, "BackendEnvironmentName": "dev", "JobId": answer["JobId"], "Operation": "CreateBackendAuth", "Status": "RUNNING"},
        )
        self.completed(answer)
        ids = self.ids()
        self.assertRegex(ids["UserPoolId"], r"^us-east-1_[0-9A-Za-z]{9}$")
        self.assertRegex(ids["AppClientIDWeb"], r"^[a-z0-9]{26}$")
        self.assertRegex(ids["AppClientID"], r"^[a-z0-9]{26}$")
        self.assertRegex(ids["IdentityPoolId"], r"^us-east-1:" + UUID.strip("^$") + "$")
        self.assertTrue(ids["UserPoolArn"].endswith("userpool/" + ids["UserPoolId"]))
        # The pool is one that the API of Cognito knows.
        pool = idp.describe_user_pool(UserPoolId=ids["UserPoolId"])["UserPool"]
        self.assertEqual((pool["Name"], pool["UsernameAttributes"], pool["MfaConfiguration"]), ("shoppers", ["email"], "OFF"))
        policy = pool["Policies"]["PasswordPolicy"]
        self.assertEqual((policy["MinimumLength"], policy["RequireNumbers"], policy["RequireSymbols"]), (8, True, False))
        clients = idp.list_user_pool_clients(UserPoolId=ids["UserPoolId"])["UserPoolClients"]
        self.assertEqual({c["ClientId"] for c in clients}, {ids["AppClientIDWeb"], ids["AppClientID"]})
        identities = aws("cognito-identity").describe_identity_pool(IdentityPoolId=ids["IdentityPoolId"])
        self.assertTrue(identities["AllowUnauthenticatedIdentities"])
        self.assertEqual(
            {p["ClientId"] for p in identities["CognitoIdentityProviders"]}, {ids["AppClientIDWeb"], ids["AppClientID"]}
        )

    def test_get_backend_auth(self):
        self.backend()
        google = {"ClientId": "id", "ClientSecret": "canary"}
        oauth = {
            "DomainPrefix": self.app.lower() + "-login", "OAuthGrantType": "CODE", "OAuthScopes": ["OPENID"],
            "RedirectSignInURIs": [REDIRECT], "RedirectSignOutURIs": [REDIRECT], "SocialProviderSettings": {"Google": google},
        }
        self.made(OAuth=oauth)
        shown = self.sdk.get_backend_auth(AppId=self.app, BackendEnvironmentName="dev", ResourceName="users")
        del google["ClientSecret"]
        self.assertEqual(
            without_metadata(shown),
            {
                "AppId": self.app, "BackendEnvironmentName": "dev", "ResourceName": "users",
                "ResourceConfig": auth_config("shoppers", OAuth=oauth),
            },
        )
        provider = idp.describe_identity_provider(UserPoolId=self.ids()["UserPoolId"], ProviderName="Google")["IdentityProvider"]
        self.assertEqual(provider["ProviderDetails"]["client_id"], "id")

    def test_update_backend_auth(self):
        self.backend()
        self.made()
        before = self.ids()
        answer = self.sdk.update_backend_auth(
            AppId=self.app, BackendEnvironmentName="dev", ResourceName="users",
            ResourceConfig={
                "AuthResources": "IDENTITY_POOL_AND_USER_POOL", "Service": "COGNITO",
                "UserPoolConfigs": {"PasswordPolicy": {"MinimumLength": 12}, "Mfa": {"MFAMode": "OPTIONAL", "Settings": {"MfaTypes": ["TOTP"]}}},
            },
        )
        self.assertEqual(answer["Operation"], "UpdateBackendAuth")
        self.completed(answer)
        self.assertEqual(self.ids(), before)
        pool = idp.describe_user_pool(UserPoolId=before["UserPoolId"])["UserPool"]
        policy = pool["Policies"]["PasswordPolicy"]
        self.assertEqual((policy["MinimumLength"], policy["RequireNumbers"], pool["MfaConfiguration"]), (12, True, "OPTIONAL"))

    def test_delete_backend_auth(self):
        self.backend()
        self.made()
        pool = self.ids()["UserPoolId"]
        self.completed(self.sdk.delete_backend_auth(AppId=self.app, BackendEnvironmentName="dev", ResourceName="users"))
        with self.assertRaises(idp.exceptions.ResourceNotFoundException):
            idp.describe_user_pool(UserPoolId=pool)
        with self.assertRaises(self.sdk.exceptions.NotFoundException) as caught:
            self.sdk.get_backend_auth(AppId=self.app, BackendEnvironmentName="dev", ResourceName="users")
        self.assertEqual(caught.exception.response["ResourceType"], "Auth")

    def test_import_backend_auth(self):
        self.backend()
        self.backend("prod")
        self.made()
        ids = self.ids()
        given = {
            "AppId": self.app, "BackendEnvironmentName": "prod", "UserPoolId": ids["UserPoolId"], "WebClientId": ids["AppClientIDWeb"],
            "NativeClientId": ids["AppClientID"], "IdentityPoolId": ids["IdentityPoolId"],
        }
        with self.assertRaises(self.sdk.exceptions.NotFoundException):
            self.sdk.import_backend_auth(**{**given, "UserPoolId": "us-east-1_000000000"})
        with self.assertRaises(self.sdk.exceptions.NotFoundException):
            self.sdk.import_backend_auth(**{**given, "WebClientId": "none"})
        self.completed(self.sdk.import_backend_auth(**given))
        self.assertEqual(self.ids("prod"), ids)
        text = self.sdk.get_backend(AppId=self.app, BackendEnvironmentName="prod")["AmplifyMetaConfig"]
        (name, resource), = json.loads(text)["auth"].items()
        self.assertEqual(resource["serviceType"], "imported")
        self.completed(self.sdk.delete_backend_auth(AppId=self.app, BackendEnvironmentName="prod", ResourceName=name))
        self.assertEqual(idp.describe_user_pool(UserPoolId=ids["UserPoolId"])["UserPool"]["Id"], ids["UserPoolId"])

    def test_what_is_refused(self):
        self.backend()
        for member, value in {
            "UserPoolName": "a/b",
            "SignInMethod": "FACE",
            "PasswordPolicy": {"MinimumLength": 5.5},
            "Mfa": {"MFAMode": "ON"},
            "VerificationMessage": {"DeliveryMethod": "EMAIL", "EmailSettings": {"EmailMessage": "no place for the code"}},
        }.items():
            with self.subTest(member), self.assertRaises(self.sdk.exceptions.BadRequestException) as caught:
                self.made(**{member: value})
            self.assertIn(member[0].lower() + member[1:], caught.exception.response["Error"]["Message"])
        with self.assertRaises(self.sdk.exceptions.NotFoundException):
            self.sdk.get_backend_auth(AppId=self.app, BackendEnvironmentName="dev", ResourceName="users")


if __name__ == "__main__":
    unittest.main()
