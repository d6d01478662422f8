package config

import (
	"fmt"
	"slices"
	"strings"
)

// messageKeys say how users are reached, and with whose accounts they sign in.
var messageKeys = slices.Concat([]key{
	{
		path: "mail.smtp.host", form: "host name", example: "smtp.example.com",
		doc: "Mail server for the codes and invitations of user pools. Absent: an operation that would send an e-mail answers " +
			"CodeDeliveryFailureException. `preamp dev` sends nothing: `preamp inbox` shows what it would have sent.",
		value: stringValue{get: func(c *Config) *string { return &c.Mail.SMTP.Host }, check: checkHost},
	},
	{
		path: "mail.smtp.port", form: "number", example: "2525",
		doc:   "Port of the mail server. Absent: 587; 465 with `tls: tls`; 25 with `tls: none`.",
		value: optionalIntValue{intValue{get: func(c *Config) *int { return &c.Mail.SMTP.Port }, least: 1, most: 65535}},
	},
	{
		path: "mail.smtp.username", form: "text", example: "preamp",
		doc:   "User name at the mail server. Absent: none. It is sent over TLS only.",
		value: stringValue{get: func(c *Config) *string { return &c.Mail.SMTP.Username }, check: checkNotEmpty},
	},
	{
		path: "mail.smtp.password.file", form: "path", example: "/etc/preamp/smtp.password",
		doc:   "File with the password at the mail server, readable by its owner only.",
		serve: "this or `mail.smtp.password.env` is required with a user name",
		value: stringValue{get: func(c *Config) *string { return &c.Mail.SMTP.Password.File }, check: checkNotEmpty},
	},
	{
		path: "mail.smtp.password.env", form: "variable name", example: "SMTP_PASSWORD",
		doc:   "Name of the environment variable that holds the password at the mail server.",
		value: stringValue{get: func(c *Config) *string { return &c.Mail.SMTP.Password.Env }, check: checkVariable},
	},
	{
		path: "mail.smtp.from", form: "e-mail address, with or without a name", example: "Example <no-reply@example.com>",
		doc:   "Sender of all e-mails. Required with `mail.smtp.host`.",
		value: stringValue{get: func(c *Config) *string { return &c.Mail.SMTP.From }, check: checkFrom},
	},
	{
		path: "mail.smtp.tls", form: "`starttls`, `tls` or `none`", def: TLSStart, example: "tls",
		doc: "How the connection is protected: by STARTTLS, which the server then has to offer, by TLS from the beginning, or not " +
			"at all, which allows no user name.",
		value: enumValue{get: func(c *Config) *string { return &c.Mail.SMTP.TLS }, words: []string{TLSStart, TLSAlways, TLSNever}},
	},
	{
		path: "sms.webhook.url", form: "URL", example: "https://sms.example.com/send",
		doc: "Receives a POST for each text message: JSON with `id`, `channel`, `to`, `text`, `code`, and the header " +
			"Idempotency-Key. Status 2xx says that it was taken. Absent: an operation that would send a text message answers " +
			"CodeDeliveryFailureException. `preamp config print` shows scheme and host only.",
		value: secretURLValue{stringValue{get: func(c *Config) *string { return &c.SMS.URL }, check: checkTrustedURL}},
	},
	{
		path: "sms.webhook.secret.file", form: "path", example: "/etc/preamp/sms.secret",
		doc: "File with the secret that signs the calls, readable by its owner only: `X-Preamp-Signature` is `v1=` and the " +
			"HMAC-SHA256, in hexadecimal, of `X-Preamp-Timestamp`, a dot and the body. Absent: not signed.",
		value: stringValue{get: func(c *Config) *string { return &c.SMS.Secret.File }, check: checkNotEmpty},
	},
	{
		path: "sms.webhook.secret.env", form: "variable name", example: "SMS_SECRET",
		doc:   "Name of the environment variable that holds the secret that signs the calls.",
		value: stringValue{get: func(c *Config) *string { return &c.SMS.Secret.Env }, check: checkVariable},
	},
}, socialKeys())

// SocialProviders are the identity providers whose addresses can be set.
func SocialProviders() []string {
	return []string{"Google", "Facebook", "LoginWithAmazon", "SignInWithApple"}
}

// socialKeys are the addresses of the identity providers.
func socialKeys() []key {
	var out []key
	for _, name := range SocialProviders() {
		for _, f := range []struct {
			name, doc string
			get       func(*Endpoints) *string
		}{
			{"authorize_url", "the browser is sent to for signing in", func(e *Endpoints) *string { return &e.Authorize }},
			{"token_url", "codes are exchanged at", func(e *Endpoints) *string { return &e.Token }},
			{"userinfo_url", "tells who has signed in", func(e *Endpoints) *string { return &e.UserInfo }},
			{"jwks_url", "publishes the keys of id tokens", func(e *Endpoints) *string { return &e.Keys }},
			{"issuer", "id tokens name as their issuer", func(e *Endpoints) *string { return &e.Issuer }},
		} {
			get := f.get
			out = append(out, key{
				path: "social." + name + "." + f.name, form: "URL", example: "http://127.0.0.1:8080/" + strings.TrimSuffix(f.name, "_url"),
				doc:   fmt.Sprintf("What %s of %s. For tests with a provider of your own: absent, it is the real one.", f.doc, name),
				value: stringValue{get: func(c *Config) *string { return get(c.Social[name]) }, check: checkTrustedURL},
			})
		}
	}
	return out
}

// poolKeys are what is left of user pools.
var poolKeys = []key{
	{
		path: "aws_names", form: "`true` or `false`", example: "true",
		doc: "Answer at the host names of AWS as well: `cognito-idp.<region>.amazonaws.com`, `cognito-identity.<region>.amazonaws.com` " +
			"and `<prefix>.auth.<region>.amazoncognito.com`, with certificates of the local authority. For clients that cannot be " +
			"given another address, on machines where these names lead here. Absent: `false`.",
		value: boolValue{get: func(c *Config) **bool { return &c.AWSNames }},
	},
	{
		path: "oauth.require_pkce", form: "`true` or `false`", example: "true",
		doc: "The hosted pages give authorization codes to app clients without a secret only for requests with a PKCE challenge. Amplify " +
			"always sends one. Absent: `false`, as in Cognito.",
		value: boolValue{get: func(c *Config) **bool { return &c.RequirePKCE }},
	},
	{
		path: "test.fixed_code", form: "6 to 8 digits", example: `"123456"`,
		doc: "All codes that users are sent are this one, so that tests need not read messages. Whoever knows it signs in as anybody: " +
			"it is refused by `preamp serve`. `preamp dev --fixed-code` is the same.",
		serve: "refused",
		value: hiddenValue{stringValue{get: func(c *Config) *string { return &c.Test.FixedCode }, check: CheckFixedCode}},
	},
}
