"""Second factors by boto3."""

from cognito import (
    PASSWORD,
    Pool,
    Refused,
    Token,
    code,
    idp,
    number,
    srp_login,
    wrong,
)

MFA = {"MfaTypes": ["SMS", "TOTP"], "SmsMessage": "Sign in by {####}"}


class Optional(Pool):
    settings = {"Mfa": {"MFAMode": "OPTIONAL", "Settings": MFA}}

    def test_sms_then_token_then_choice(self):
        phone = number()
        mail = self.user(phone_number=phone, phone_number_verified="true")
        access = self.tokens(mail)["AccessToken"]
        idp.set_user_mfa_preference(AccessToken=access, SMSMfaSettings={"Enabled": True, "PreferredMfa": True})
        asked = self.login(mail)
        self.assertEqual(asked["ChallengeParameters"]["CODE_DELIVERY_DELIVERY_MEDIUM"], "SMS")
        right = code(phone)
        with Refused("CodeMismatchException", "Invalid code or auth state for the user."):
            self.respond(asked, "SMS_MFA", {"USERNAME": mail, "SMS_MFA_CODE": wrong(right)})
        done = self.respond(asked, "SMS_MFA", {"USERNAME": mail, "SMS_MFA_CODE": right})
        access = done["AuthenticationResult"]["AccessToken"]
        with Refused("NotAuthorizedException", "Invalid session for the user, session can only be used once."):
            self.respond(asked, "SMS_MFA", {"USERNAME": mail, "SMS_MFA_CODE": right})

        token = Token(idp.associate_software_token(AccessToken=access)["SecretCode"])
        first = token.next()
        with Refused("EnableSoftwareTokenMFAException"):
            idp.verify_software_token(AccessToken=access, UserCode=wrong(first))
        self.assertEqual(idp.verify_software_token(AccessToken=access, UserCode=first)["Status"], "SUCCESS")
        idp.set_user_mfa_preference(
            AccessToken=access,
            SMSMfaSettings={"Enabled": True, "PreferredMfa": False},
            SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": False},
        )
        got = idp.get_user(AccessToken=access)
        self.assertEqual(set(got["UserMFASettingList"]), {"SMS_MFA", "SOFTWARE_TOKEN_MFA"})
        asked = self.login(mail)
        self.assertEqual(asked["ChallengeParameters"]["MFAS_CAN_CHOOSE"], '["SMS_MFA","SOFTWARE_TOKEN_MFA"]')
        asked = self.respond(asked, "SELECT_MFA_TYPE", {"USERNAME": mail, "ANSWER": "SOFTWARE_TOKEN_MFA"})
        right = token.next()
        answer = {"USERNAME": mail, "SOFTWARE_TOKEN_MFA_CODE": right}
        self.assertIn("AuthenticationResult", self.respond(asked, "SOFTWARE_TOKEN_MFA", answer))

        idp.admin_set_user_mfa_preference(
            UserPoolId=self.pool,
            Username=mail,
            SMSMfaSettings={"Enabled": False},
            SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True},
        )
        asked = srp_login(self.pool, self.client, mail, PASSWORD)
        with Refused("CodeMismatchException"):
            # A code is good once.
            self.respond(asked, "SOFTWARE_TOKEN_MFA", answer)
        done = self.respond(asked, "SOFTWARE_TOKEN_MFA", {**answer, "SOFTWARE_TOKEN_MFA_CODE": token.next()})
        self.assertIn("AuthenticationResult", done)

    def test_session_of_another(self):
        phone = number()
        ann = self.user(phone_number=phone, phone_number_verified="true")
        idp.admin_set_user_mfa_preference(UserPoolId=self.pool, Username=ann, SMSMfaSettings={"Enabled": True})
        asked = self.login(ann)
        answer = {"USERNAME": self.user(), "SMS_MFA_CODE": code(phone)}
        with Refused("NotAuthorizedException"):
            self.respond(asked, "SMS_MFA", answer)


class Required(Pool):
    settings = {"Mfa": {"MFAMode": "ON", "Settings": MFA}}

    def test_setup(self):
        mail = self.user()
        asked = self.login(mail)
        self.assertEqual(asked["ChallengeName"], "MFA_SETUP")
        made = idp.associate_software_token(Session=asked["Session"])
        token = Token(made["SecretCode"])
        verified = idp.verify_software_token(Session=made["Session"], UserCode=token.next(), FriendlyDeviceName="phone")
        done = self.respond({**asked, "Session": verified["Session"]}, "MFA_SETUP", {"USERNAME": mail})
        self.assertIn("AuthenticationResult", done)
        asked = self.login(mail)
        self.assertEqual(asked["ChallengeParameters"].get("FRIENDLY_DEVICE_NAME"), "phone")
        done = self.respond(asked, "SOFTWARE_TOKEN_MFA", {"USERNAME": mail, "SOFTWARE_TOKEN_MFA_CODE": token.next()})
        self.assertIn("AuthenticationResult", done)

    def test_sms(self):
        phone = number()
        mail = self.user(phone_number=phone, phone_number_verified="true")
        asked = self.login(mail)
        done = self.respond(asked, "SMS_MFA", {"USERNAME": mail, "SMS_MFA_CODE": code(phone)})
        self.assertIn("AuthenticationResult", done)
