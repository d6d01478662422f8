"""Pools that administrators make, and the operations of the control plane on them."""

import unittest

from cognito import PASSWORD, Refused, address, attributes, auth_config, backend, idp, job, make_backend


class Administration(unittest.TestCase):
    """Pools that are made by the Cognito API itself."""

    def test_pool_and_client(self):
        made = idp.create_user_pool(
            PoolName="made",
            Policies={"PasswordPolicy": {"MinimumLength": 12}},
            Schema=[{"Name": "team", "AttributeDataType": "String", "Mutable": True}],
            AutoVerifiedAttributes=["email"],
        )["UserPool"]
        pool = made["Id"]
        self.addCleanup(idp.delete_user_pool, UserPoolId=pool)
        self.assertRegex(pool, r"^us-east-1_[0-9A-Za-z]{9}$")
        idp.add_custom_attributes(UserPoolId=pool, CustomAttributes=[{"Name": "level", "AttributeDataType": "Number"}])
        got = idp.describe_user_pool(UserPoolId=pool)["UserPool"]
        self.assertEqual(got["Policies"]["PasswordPolicy"]["MinimumLength"], 12)
        names = {a["Name"] for a in got["SchemaAttributes"]}
        self.assertLessEqual({"custom:team", "custom:level", "email", "sub"}, names)
        listed = [p["Id"] for page in idp.get_paginator("list_user_pools").paginate(MaxResults=2) for p in page["UserPools"]]
        self.assertIn(pool, listed)
        self.assertEqual(len(listed), len(set(listed)))

        client = idp.create_user_pool_client(UserPoolId=pool, ClientName="app")["UserPoolClient"]
        self.assertRegex(client["ClientId"], r"^[0-9a-z]{26}$")
        self.assertNotIn("ClientSecret", client)
        ids = [c["ClientId"] for c in idp.list_user_pool_clients(UserPoolId=pool)["UserPoolClients"]]
        self.assertEqual(ids, [client["ClientId"]])
        idp.delete_user_pool_client(UserPoolId=pool, ClientId=client["ClientId"])
        with Refused("ResourceNotFoundException"):
            idp.describe_user_pool_client(UserPoolId=pool, ClientId=client["ClientId"])

        idp.set_user_pool_mfa_config(
            UserPoolId=pool, SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration="OPTIONAL"
        )
        self.assertEqual(idp.get_user_pool_mfa_config(UserPoolId=pool)["MfaConfiguration"], "OPTIONAL")

        idp.create_user_pool_domain(UserPoolId=pool, Domain="made-" + pool[-9:].lower())
        got = idp.describe_user_pool_domain(Domain="made-" + pool[-9:].lower())["DomainDescription"]
        self.assertEqual(got["UserPoolId"], pool)
        idp.delete_user_pool_domain(UserPoolId=pool, Domain="made-" + pool[-9:].lower())

        details = {"client_id": "c", "client_secret": "s3cret", "authorize_scopes": "openid email"}
        idp.create_identity_provider(
            UserPoolId=pool,
            ProviderName="Google",
            ProviderType="Google",
            ProviderDetails=details,
            AttributeMapping={"email": "email"},
        )
        got = idp.describe_identity_provider(UserPoolId=pool, ProviderName="Google")["IdentityProvider"]
        self.assertEqual(got["ProviderDetails"]["client_id"], "c")
        listed = idp.list_identity_providers(UserPoolId=pool)["Providers"]
        self.assertEqual([p["ProviderName"] for p in listed], ["Google"])
        idp.delete_identity_provider(UserPoolId=pool, ProviderName="Google")

    def test_unknown(self):
        for call in (
            lambda: idp.describe_user_pool(UserPoolId="us-east-1_AAAAAAAAA"),
            lambda: idp.list_users(UserPoolId="us-east-1_AAAAAAAAA"),
        ):
            with Refused("ResourceNotFoundException", "User pool us-east-1_AAAAAAAAA does not exist."):
                call()
        with Refused("ResourceNotFoundException"):
            idp.initiate_auth(
                ClientId="a" * 26, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "u", "PASSWORD": "p"}
            )


class Lifecycle(unittest.TestCase):
    """The five operations of the control plane on a pool that has users."""

    def test_update_and_delete(self):
        output = make_backend("lifecycle", auth_config("lifecycle"))
        pool, client, at = output["UserPoolId"], output["AppClientIDWeb"], {"AppId": "lifecycle", "BackendEnvironmentName": "dev"}
        mail = address()
        idp.admin_create_user(UserPoolId=pool, Username=mail, MessageAction="SUPPRESS", UserAttributes=attributes(email=mail))
        change = {
            "AuthResources": "IDENTITY_POOL_AND_USER_POOL",
            "Service": "COGNITO",
            "UserPoolConfigs": {
                "PasswordPolicy": {"MinimumLength": 20},
                "VerificationMessage": {"DeliveryMethod": "EMAIL"},
            },
        }
        job(backend.update_backend_auth(ResourceName="lifecycleauth", ResourceConfig=change, **at))
        with Refused("InvalidPasswordException"):
            idp.admin_set_user_password(UserPoolId=pool, Username=mail, Password=PASSWORD, Permanent=True)
        got = backend.get_backend_auth(ResourceName="lifecycleauth", **at)["ResourceConfig"]["UserPoolConfigs"]
        self.assertEqual((got["PasswordPolicy"]["MinimumLength"], got["SignInMethod"]), (20, "EMAIL"))
        job(backend.delete_backend_auth(ResourceName="lifecycleauth", **at))
        with Refused("ResourceNotFoundException"):
            idp.describe_user_pool(UserPoolId=pool)
        with Refused("ResourceNotFoundException"):
            idp.initiate_auth(
                ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": mail, "PASSWORD": PASSWORD}
            )
