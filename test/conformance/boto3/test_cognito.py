"""User pools by boto3: every operation that apps call, and those of administrators."""

import base64
import hashlib
import hmac

from cognito import (
    NEXT,
    PASSWORD,
    SRP,
    Pool,
    Refused,
    address,
    attributes,
    claims,
    code,
    idp,
    message,
    number,
    recent,
    srp_login,
    wire,
    wrong,
)


class Users(Pool):
    def test_sign_up(self):
        mail = address()
        made = idp.sign_up(ClientId=self.client, Username=mail, Password=PASSWORD, UserAttributes=attributes(email=mail))
        self.assertFalse(made["UserConfirmed"])
        self.assertEqual(made["CodeDeliveryDetails"]["DeliveryMedium"], "EMAIL")
        with Refused("UsernameExistsException"):
            idp.sign_up(ClientId=self.client, Username=mail, Password=PASSWORD, UserAttributes=attributes(email=mail))
        with Refused("UserNotConfirmedException", "User is not confirmed."):
            self.login(mail)
        first = code(mail)
        with Refused("CodeMismatchException", "Invalid verification code provided, please try again."):
            idp.confirm_sign_up(ClientId=self.client, Username=mail, ConfirmationCode=wrong(first))
        idp.resend_confirmation_code(ClientId=self.client, Username=mail)
        idp.confirm_sign_up(ClientId=self.client, Username=mail, ConfirmationCode=code(mail))
        with Refused("NotAuthorizedException"):
            idp.confirm_sign_up(ClientId=self.client, Username=mail, ConfirmationCode="123456")
        got = idp.get_user(AccessToken=self.tokens(mail)["AccessToken"])
        self.assertEqual(got["Username"], made["UserSub"])
        self.assertIn({"Name": "email_verified", "Value": "true"}, got["UserAttributes"])

    def test_flows(self):
        mail = self.user(name="Ann")
        answers = [
            self.login(mail),
            srp_login(self.pool, self.client, mail, PASSWORD),
            idp.admin_initiate_auth(
                UserPoolId=self.pool,
                ClientId=self.client,
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": mail, "PASSWORD": PASSWORD},
            ),
        ]
        for a in answers:
            r = a["AuthenticationResult"]
            self.assertEqual((r["ExpiresIn"], r["TokenType"]), (3600, "Bearer"))
            id, access = claims(r["IdToken"]), claims(r["AccessToken"])
            self.assertEqual((id["email"], id["email_verified"], id["name"], id["aud"]), (mail, True, "Ann", self.client))
            self.assertEqual((access["client_id"], access["token_use"]), (self.client, "access"))
            self.assertEqual(id["sub"], access["sub"])
        with Refused("NotAuthorizedException", "Incorrect username or password."):
            srp_login(self.pool, self.client, mail, "wrong")
        with Refused("NotAuthorizedException", "Incorrect username or password."):
            self.login(mail, "wrong")
        with Refused("UserNotFoundException", "User does not exist."):
            self.login(address())

    def test_srp_many_salts(self):
        mail = self.user()
        for i in range(25):
            secret = "Passw0rd ✓ %d" % i
            idp.admin_set_user_password(UserPoolId=self.pool, Username=mail, Password=secret, Permanent=True)
            self.assertIn("AuthenticationResult", srp_login(self.pool, self.client, mail, secret))

    def test_srp_block_once(self):
        mail = self.user()
        srp = SRP(self.pool, PASSWORD)
        asked = idp.initiate_auth(
            ClientId=self.client, AuthFlow="USER_SRP_AUTH", AuthParameters={"USERNAME": mail, "SRP_A": srp.wire}
        )
        answer = {
            "ClientId": self.client,
            "ChallengeName": "PASSWORD_VERIFIER",
            "ChallengeResponses": srp.answer(asked["ChallengeParameters"]),
        }
        idp.respond_to_auth_challenge(**answer)
        with Refused("NotAuthorizedException"):
            idp.respond_to_auth_challenge(**answer)

    def test_hidden_users(self):
        self.set_client(PreventUserExistenceErrors="ENABLED")
        self.addCleanup(self.set_client)
        nobody = address()
        with Refused("NotAuthorizedException", "Incorrect username or password."):
            self.login(nobody)
        with Refused("NotAuthorizedException", "Incorrect username or password."):
            srp_login(self.pool, self.client, nobody, PASSWORD)
        got = idp.forgot_password(ClientId=self.client, Username=nobody)
        self.assertEqual(got["CodeDeliveryDetails"]["DeliveryMedium"], "EMAIL")
        with Refused("CodeMismatchException"):
            idp.confirm_forgot_password(ClientId=self.client, Username=nobody, ConfirmationCode="123456", Password=NEXT)

    def test_refresh(self):
        t = self.tokens(self.user())
        by_flow = idp.initiate_auth(
            ClientId=self.client, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": t["RefreshToken"]}
        )["AuthenticationResult"]
        self.assertNotIn("RefreshToken", by_flow)
        again = recent.get_tokens_from_refresh_token(ClientId=self.client, RefreshToken=t["RefreshToken"])["AuthenticationResult"]
        self.assertNotIn("RefreshToken", again)
        for r in by_flow, again:
            self.assertEqual(claims(r["AccessToken"])["origin_jti"], claims(t["AccessToken"])["origin_jti"])
            self.assertEqual(claims(r["IdToken"])["auth_time"], claims(t["IdToken"])["auth_time"])
        for bad in t["RefreshToken"][:-4], t["RefreshToken"] + "AAAA", "x", t["AccessToken"]:
            with Refused("NotAuthorizedException", "Invalid Refresh Token"):
                recent.get_tokens_from_refresh_token(ClientId=self.client, RefreshToken=bad)
        idp.revoke_token(ClientId=self.client, Token=t["RefreshToken"])
        with Refused("NotAuthorizedException", "Refresh Token has been revoked"):
            recent.get_tokens_from_refresh_token(ClientId=self.client, RefreshToken=t["RefreshToken"])
        with Refused("NotAuthorizedException", "Access Token has been revoked"):
            idp.get_user(AccessToken=again["AccessToken"])

    def test_without_a_model(self):
        at = {"UserPoolId": self.pool, "ClientId": self.client}
        self.assertEqual(wire.describe_user_pool_client(**at)["UserPoolClient"]["ClientId"], self.client)
        login = {"USERNAME": self.user(), "PASSWORD": PASSWORD}
        t = wire.initiate_auth(ClientId=self.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=login)
        refresh = {"ClientId": self.client, "RefreshToken": t["AuthenticationResult"]["RefreshToken"]}
        self.assertIn("AccessToken", wire.get_tokens_from_refresh_token(**refresh)["AuthenticationResult"])
        with Refused("NotAuthorizedException", "Invalid Refresh Token"):
            wire.get_tokens_from_refresh_token(**{**refresh, "RefreshToken": "x"})
        with Refused("ResourceNotFoundException"):
            wire.describe_user_pool_client(**{**at, "ClientId": "a" * 26})

    def test_rotation(self):
        made = recent.create_user_pool_client(
            UserPoolId=self.pool,
            ClientName="rotating",
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
            RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
        )["UserPoolClient"]["ClientId"]
        first = idp.initiate_auth(
            ClientId=made, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": self.user(), "PASSWORD": PASSWORD}
        )["AuthenticationResult"]["RefreshToken"]
        second = recent.get_tokens_from_refresh_token(ClientId=made, RefreshToken=first)["AuthenticationResult"]["RefreshToken"]
        self.assertNotEqual(first, second)
        with Refused("RefreshTokenReuseException"):
            recent.get_tokens_from_refresh_token(ClientId=made, RefreshToken=first)
        # Using a token again ends the family.
        with Refused("NotAuthorizedException"):
            recent.get_tokens_from_refresh_token(ClientId=made, RefreshToken=second)

    def test_passwords(self):
        mail = self.user()
        sent = idp.forgot_password(ClientId=self.client, Username=mail)["CodeDeliveryDetails"]
        self.assertEqual((sent["AttributeName"], sent["DeliveryMedium"]), ("email", "EMAIL"))
        right = code(mail)
        change = {"ClientId": self.client, "Username": mail, "Password": NEXT}
        with Refused("CodeMismatchException"):
            idp.confirm_forgot_password(ConfirmationCode=wrong(right), **change)
        with Refused("InvalidPasswordException", "Password does not conform to policy: Password not long enough"):
            idp.confirm_forgot_password(ConfirmationCode=right, **{**change, "Password": "short"})
        idp.confirm_forgot_password(ConfirmationCode=right, **change)
        with Refused("ExpiredCodeException"):
            idp.confirm_forgot_password(ConfirmationCode=right, **change)
        access = self.tokens(mail, NEXT)["AccessToken"]
        with Refused("NotAuthorizedException", "Incorrect username or password."):
            idp.change_password(AccessToken=access, PreviousPassword="wrong", ProposedPassword=PASSWORD)
        idp.change_password(AccessToken=access, PreviousPassword=NEXT, ProposedPassword=PASSWORD)
        self.tokens(mail)

        idp.admin_reset_user_password(UserPoolId=self.pool, Username=mail)
        with Refused("PasswordResetRequiredException", "Password reset required for the user"):
            self.login(mail)
        idp.confirm_forgot_password(ConfirmationCode=code(mail), **change)
        self.tokens(mail, NEXT)

    def test_lock(self):
        mail = self.user()
        for _ in range(5):
            with Refused("NotAuthorizedException", "Incorrect username or password."):
                self.login(mail, "wrong")
        for _ in range(3):
            with Refused("NotAuthorizedException", "Password attempts exceeded"):
                self.login(mail)

    def test_temporary_password(self):
        mail = address()
        idp.admin_create_user(
            UserPoolId=self.pool,
            Username=mail,
            UserAttributes=attributes(email=mail, email_verified="true"),
            TemporaryPassword=PASSWORD,
            DesiredDeliveryMediums=["EMAIL"],
        )
        self.assertIn(PASSWORD, message(mail)["text"])
        asked = self.login(mail, PASSWORD)
        answer = {"USERNAME": mail, "NEW_PASSWORD": "short"}
        with Refused("InvalidPasswordException"):
            self.respond(asked, "NEW_PASSWORD_REQUIRED", answer)
        done = self.respond(asked, "NEW_PASSWORD_REQUIRED", {**answer, "NEW_PASSWORD": NEXT, "userAttributes.name": "Ann"})
        self.assertEqual(claims(done["AuthenticationResult"]["IdToken"])["name"], "Ann")
        with Refused("NotAuthorizedException", "Invalid session for the user, session can only be used once."):
            self.respond(asked, "NEW_PASSWORD_REQUIRED", {**answer, "NEW_PASSWORD": PASSWORD})

    def test_attributes(self):
        mail, other, phone = self.user(), address(), number()
        access = self.tokens(mail)["AccessToken"]
        sent = idp.update_user_attributes(AccessToken=access, UserAttributes=attributes(email=other, nickname="N"))
        self.assertEqual([d["AttributeName"] for d in sent["CodeDeliveryDetailsList"]], ["email"])
        right = code(other)
        with Refused("CodeMismatchException"):
            idp.verify_user_attribute(AccessToken=access, AttributeName="email", Code=wrong(right))
        idp.verify_user_attribute(AccessToken=access, AttributeName="email", Code=right)
        idp.update_user_attributes(AccessToken=access, UserAttributes=attributes(phone_number=phone))
        idp.get_user_attribute_verification_code(AccessToken=access, AttributeName="phone_number")
        idp.verify_user_attribute(AccessToken=access, AttributeName="phone_number", Code=code(phone))
        idp.delete_user_attributes(AccessToken=access, UserAttributeNames=["nickname"])
        got = {a["Name"]: a["Value"] for a in idp.get_user(AccessToken=access)["UserAttributes"]}
        self.assertEqual(
            {k: v for k, v in got.items() if k != "sub"},
            {"email": other, "email_verified": "true", "phone_number": phone, "phone_number_verified": "true"},
        )
        with Refused("InvalidParameterException"):
            idp.update_user_attributes(AccessToken=access, UserAttributes=attributes(phone_number="12345"))

    def test_choice_of_first_factor(self):
        pool = idp.describe_user_pool(UserPoolId=self.pool)["UserPool"]
        policies = {**pool["Policies"], "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}}
        verified = pool["AutoVerifiedAttributes"]
        recent.update_user_pool(UserPoolId=self.pool, AutoVerifiedAttributes=verified, Policies=policies)
        phone = number()
        mail = self.user(phone_number=phone, phone_number_verified="true")

        def begin(**parameters):
            return recent.initiate_auth(
                ClientId=self.client, AuthFlow="USER_AUTH", AuthParameters={"USERNAME": mail, **parameters}
            )

        for name, to in ("EMAIL_OTP", mail), ("SMS_OTP", phone):
            asked = begin(PREFERRED_CHALLENGE=name)
            right = code(to)
            self.assertEqual(len(right), 8)
            with Refused("CodeMismatchException", "Invalid code or auth state for the user."):
                self.respond(asked, name, {"USERNAME": mail, name + "_CODE": wrong(right)})
            self.assertIn("AuthenticationResult", self.respond(asked, name, {"USERNAME": mail, name + "_CODE": right}))
        choice = begin()
        self.assertEqual(set(choice["AvailableChallenges"]), {"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP"})
        done = self.respond(choice, "SELECT_CHALLENGE", {"USERNAME": mail, "ANSWER": "PASSWORD", "PASSWORD": PASSWORD})
        self.assertIn("AuthenticationResult", done)
        srp = SRP(self.pool, PASSWORD)
        asked = begin(PREFERRED_CHALLENGE="PASSWORD_SRP", SRP_A=srp.wire)
        done = self.respond(asked, "PASSWORD_VERIFIER", srp.answer(asked["ChallengeParameters"]))
        self.assertIn("AuthenticationResult", done)

    def test_secret(self):
        made = idp.create_user_pool_client(
            UserPoolId=self.pool,
            ClientName="with a secret",
            GenerateSecret=True,
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )["UserPoolClient"]
        mail = self.user()

        def digest(name):
            mac = hmac.new(made["ClientSecret"].encode(), (name + made["ClientId"]).encode(), hashlib.sha256)
            return base64.b64encode(mac.digest()).decode()

        start = {"ClientId": made["ClientId"], "AuthFlow": "USER_PASSWORD_AUTH"}
        parameters = {"USERNAME": mail, "PASSWORD": PASSWORD}
        text = "Client %s is configured with secret but SECRET_HASH was not received" % made["ClientId"]
        with Refused("NotAuthorizedException", text):
            idp.initiate_auth(AuthParameters=parameters, **start)
        with Refused("NotAuthorizedException", "Unable to verify secret hash for client " + made["ClientId"]):
            idp.initiate_auth(AuthParameters={**parameters, "SECRET_HASH": digest("other")}, **start)
        t = idp.initiate_auth(AuthParameters={**parameters, "SECRET_HASH": digest(mail)}, **start)["AuthenticationResult"]
        again = recent.get_tokens_from_refresh_token(
            ClientId=made["ClientId"], ClientSecret=made["ClientSecret"], RefreshToken=t["RefreshToken"]
        )
        self.assertIn("AccessToken", again["AuthenticationResult"])

    def test_end(self):
        mail = self.user()
        first, second = self.tokens(mail), self.tokens(mail)
        idp.global_sign_out(AccessToken=first["AccessToken"])
        for t in first, second:
            with Refused("NotAuthorizedException"):
                idp.get_user(AccessToken=t["AccessToken"])
            with Refused("NotAuthorizedException"):
                recent.get_tokens_from_refresh_token(ClientId=self.client, RefreshToken=t["RefreshToken"])
        third = self.tokens(mail)
        idp.admin_user_global_sign_out(UserPoolId=self.pool, Username=mail)
        with Refused("NotAuthorizedException"):
            idp.get_user(AccessToken=third["AccessToken"])
        idp.admin_disable_user(UserPoolId=self.pool, Username=mail)
        with Refused("NotAuthorizedException", "User is disabled."):
            self.login(mail)
        idp.admin_enable_user(UserPoolId=self.pool, Username=mail)
        idp.delete_user(AccessToken=self.tokens(mail)["AccessToken"])
        with Refused("UserNotFoundException", "User does not exist."):
            idp.admin_get_user(UserPoolId=self.pool, Username=mail)

    def test_lists_and_groups(self):
        mails = sorted(self.user(family_name="Lister") for _ in range(5))
        found, more = [], {}
        while True:
            page = idp.list_users(UserPoolId=self.pool, Filter='family_name = "Lister"', Limit=2, **more)
            found += [a["Value"] for u in page["Users"] for a in u["Attributes"] if a["Name"] == "email"]
            if "PaginationToken" not in page:
                break
            more = {"PaginationToken": page["PaginationToken"]}
        self.assertEqual(sorted(found), mails)
        self.assertEqual(len(idp.list_users(UserPoolId=self.pool, Filter='email ^= "%s"' % mails[0][:12])["Users"]), 1)
        with Refused("InvalidParameterException", "Error while parsing filter"):
            idp.list_users(UserPoolId=self.pool, Filter="nonsense")

        for name, precedence in ("low", 9), ("high", 1):
            role = "arn:aws:iam::123456789012:role/" + name
            idp.create_group(UserPoolId=self.pool, GroupName=name, Precedence=precedence, RoleArn=role)
            idp.admin_add_user_to_group(UserPoolId=self.pool, Username=mails[0], GroupName=name)
        t = self.tokens(mails[0])
        self.assertEqual(sorted(claims(t["AccessToken"])["cognito:groups"]), ["high", "low"])
        self.assertEqual(claims(t["IdToken"])["cognito:preferred_role"], "arn:aws:iam::123456789012:role/high")
        listed = idp.admin_list_groups_for_user(UserPoolId=self.pool, Username=mails[0])["Groups"]
        self.assertEqual({g["GroupName"] for g in listed}, {"high", "low"})
        self.assertEqual(len(idp.list_users_in_group(UserPoolId=self.pool, GroupName="low")["Users"]), 1)
        idp.admin_remove_user_from_group(UserPoolId=self.pool, Username=mails[0], GroupName="low")
        idp.update_group(UserPoolId=self.pool, GroupName="high", Description="up")
        self.assertEqual(idp.get_group(UserPoolId=self.pool, GroupName="high")["Group"]["Description"], "up")
        idp.delete_group(UserPoolId=self.pool, GroupName="high")
        with Refused("ResourceNotFoundException"):
            idp.get_group(UserPoolId=self.pool, GroupName="high")

    def test_deferred(self):
        access = self.tokens(self.user())["AccessToken"]
        for call in (
            lambda: recent.start_web_authn_registration(AccessToken=access),
            lambda: idp.create_resource_server(UserPoolId=self.pool, Identifier="x", Name="x"),
        ):
            with self.assertRaises(Exception) as caught:
                call()
            self.assertIn("not available", str(caught.exception))
