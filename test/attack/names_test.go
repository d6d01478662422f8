package attack_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"preamp/test/harness"
)

type attribute struct{ name, value string }

func attributes(list ...attribute) []harness.M {
	var out []harness.M
	for _, a := range list {
		out = append(out, harness.M{"Name": a.name, "Value": a.value})
	}
	return out
}

// TestNames signs up with names that look like those of others, and writes
// attributes that are not the user's to write.
func TestNames(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		victim := w.user(w.shop)
		local, domain, _ := strings.Cut(victim.email, "@")
		signUp := func(client, name string, more ...attribute) answer {
			return w.idp("SignUp", harness.M{"ClientId": client, "Username": name, "Password": password, "UserAttributes": attributes(more...)})
		}
		for _, name := range []string{
			victim.email, strings.ToUpper(victim.email), strings.ToUpper(local) + "@" + domain, local + "@" + strings.ToUpper(domain),
			" " + victim.email, victim.email + " ", victim.email + "\x00", victim.email + "\n", "\u200b" + victim.email, victim.email + "\u200b",
			local + "@@" + domain, local, "@" + domain, local + "@", "<" + victim.email + ">", "Victim <" + victim.email + ">", victim.email + "," + "x@example.com",
			strings.Replace(victim.email, "user", "ｕser", 1), "", strings.Repeat("a", 129) + "@example.com",
		} {
			t.Run(fmt.Sprintf("sign-up as %q", name), func(t *testing.T) { refused(t, signUp(w.shop.client, name)) })
		}
		t.Run("control", func(t *testing.T) { taken(t, signUp(w.shop.client, w.address())) })

		me := w.signedIn(w.shop)
		sub := w.good("GetUser", w.idp("GetUser", harness.M{"AccessToken": me.access})).Text("Username")
		write := func(list ...attribute) answer {
			return w.idp("UpdateUserAttributes", harness.M{"AccessToken": me.access, "UserAttributes": attributes(list...)})
		}
		for _, tc := range []struct {
			name string
			try  func() answer
		}{
			{"email_verified at sign-up", func() answer { return signUp(w.shop.client, w.address(), attribute{"email_verified", "true"}) }},
			{"another's address at sign-up", func() answer { return signUp(w.shop.client, w.address(), attribute{"email", victim.email}) }},
			{"sub at sign-up", func() answer { return signUp(w.shop.client, w.address(), attribute{"sub", sub}) }},
			{"a group at sign-up", func() answer { return signUp(w.shop.client, w.address(), attribute{"cognito:groups", "Admin"}) }},
			{"an unknown custom attribute at sign-up", func() answer { return signUp(w.shop.client, w.address(), attribute{"custom:role", "admin"}) }},
			{"email_verified", func() answer { return write(attribute{"email_verified", "true"}) }},
			{"phone_number_verified", func() answer {
				return write(attribute{"phone_number", "+15550001111"}, attribute{"phone_number_verified", "true"})
			}},
			{"sub", func() answer { return write(attribute{"sub", "11111111-2222-4333-8444-555555555555"}) }},
			{"a group", func() answer { return write(attribute{"cognito:groups", "Admin"}) }},
			{"a status", func() answer { return write(attribute{"cognito:user_status", "CONFIRMED"}) }},
			{"identities", func() answer { return write(attribute{"identities", "[]"}) }},
			{"an unknown custom attribute", func() answer { return write(attribute{"custom:role", "admin"}) }},
			{"an address that is none", func() answer { return write(attribute{"email", "not an address"}) }},
			{"a number that is none", func() answer { return write(attribute{"phone_number", "12345"}) }},
			{"a huge value", func() answer { return write(attribute{"name", strings.Repeat("a", 2049)}) }},
			{"NUL", func() answer { return write(attribute{"name", "a\x00b"}) }},
		} {
			t.Run(tc.name, func(t *testing.T) { refused(t, tc.try()) })
		}
		t.Run("control of attributes", func(t *testing.T) { taken(t, write(attribute{"name", "Me"})) })
		t.Run("a new address waits for its proof", func(t *testing.T) {
			fresh := w.address()
			taken(t, write(attribute{"email", fresh}))
			a := w.password(w.shop.client, fresh, password)
			refused(t, a, "NotAuthorizedException")
			taken(t, w.password(w.shop.client, me.email, password))
		})
	})
}

// TestMessages sends bodies and headers that two readers understand differently.
func TestMessages(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.user(w.shop)
		good := fmt.Sprintf(`{"ClientId":%q,"AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":%q,"PASSWORD":%q}}`, w.shop.client, u.email, password)
		const target = "AWSCognitoIdentityProviderService.InitiateAuth"
		for _, tc := range []struct{ name, body string }{
			{"a member twice", strings.Replace(good, `"AuthFlow"`, `"ClientId":"0123456789abcdefghijklmnop","AuthFlow"`, 1)},
			{"a member in another case", strings.Replace(good, `"ClientId"`, `"clientid"`, 1)},
			{"a member in two cases", strings.Replace(good, `"AuthFlow"`, `"clientId":"0123456789abcdefghijklmnop","AuthFlow"`, 1)},
			{"a parameter twice", strings.Replace(good, `"USERNAME"`, `"USERNAME":"nobody@example.com","USERNAME"`, 1)},
			{"a list for a text", strings.Replace(good, `"`+w.shop.client+`"`, `["`+w.shop.client+`"]`, 1)},
			{"a number for a text", strings.Replace(good, `"`+password+`"`, `12345678`, 1)},
			{"an object for a text", strings.Replace(good, `"`+password+`"`, `{"$ne":""}`, 1)},
			{"null for a text", strings.Replace(good, `"`+w.shop.client+`"`, `null`, 1)},
			{"two documents", good + good},
			{"text behind", good + "x"},
			{"cut", good[:len(good)-1]},
			{"a list", "[" + good + "]"},
			{"nothing", ""},
			{"null", "null"},
			{"deep", `{"AuthParameters":` + strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5001)},
			{"huge", `{"ClientId":"` + strings.Repeat("a", 2<<20) + `"}`},
			{"not UTF-8", strings.Replace(good, password, "Passw0rd\xff", 1)},
			{"UTF-16", "\xfe\xff" + good},
			{"half a surrogate", strings.Replace(good, password, `Passw0rd!\ud800`, 1)},
			{"a client with SQL", strings.Replace(good, w.shop.client, "' OR 1=1 --", 1)},
			{"a user with SQL", strings.Replace(good, u.email, `' OR '1'='1`, 1)},
			{"a user with a wildcard", strings.Replace(good, u.email, `%`, 1)},
		} {
			t.Run(tc.name, func(t *testing.T) { refused(t, w.target(target, tc.body, nil)) })
		}
		t.Run("control", func(t *testing.T) { taken(t, w.target(target, good, nil)) })

		for _, name := range []string{
			"awscognitoidentityproviderservice.InitiateAuth", "AWSCognitoIdentityProviderService.initiateAuth",
			"AWSCognitoIdentityProviderService", "InitiateAuth", "AWSCognitoIdentityProviderService.", "AWSCognitoIdentityProviderService..InitiateAuth",
			"AWSCognitoIdentityService.InitiateAuth", "DynamoDB_20120810.GetItem", "../../InitiateAuth",
		} {
			t.Run("target "+name, func(t *testing.T) { refused(t, w.target(name, good, nil)) })
		}
		for _, operation := range []string{
			"AdminGetUser", "AdminDeleteUser", "AdminSetUserPassword", "ListUsers", "CreateUserPool", "DeleteUserPool", "UpdateUserPool", "AdminInitiateAuth",
			"AdminAddUserToGroup", "DescribeUserPoolClient", "CreateUserPoolClient", "SetUserPoolMfaConfig", "DescribeIdentityProvider", "ListUserPools",
		} {
			in := harness.M{"UserPoolId": w.shop.UserPool, "Username": u.email, "ClientId": w.shop.client, "MaxResults": 1}
			t.Run(operation+" unsigned", func(t *testing.T) { refused(t, w.idp(operation, in)) })
			t.Run(operation+" with another service's signature", func(t *testing.T) {
				signer := w.http.Signer
				signer.Service = "appsync"
				refused(t, w.target("AWSCognitoIdentityProviderService."+operation, in, &signer))
			})
			t.Run(operation+" with another's secret", func(t *testing.T) {
				signer := w.http.Signer
				signer.Service, signer.Secret = "cognito-idp", signer.Secret[1:]+"A"
				refused(t, w.target("AWSCognitoIdentityProviderService."+operation, in, &signer))
			})
		}
		t.Run("control of signatures", func(t *testing.T) {
			taken(t, w.admin("AdminGetUser", harness.M{"UserPoolId": w.shop.UserPool, "Username": u.email}))
		})
		t.Run("forwarded host", func(t *testing.T) {
			r, err := harness.NewRequest(w.Context(), http.MethodGet, w.server.Status.URL+"/"+w.shop.UserPool+"/.well-known/openid-configuration", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = "attacker.example"
			for _, h := range []string{"X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Original-Url", "X-Rewrite-Url"} {
				r.Header.Set(h, "attacker.example")
			}
			a := w.http.Send(r)
			if a.Status == http.StatusOK && strings.Contains(string(a.Raw), "attacker") {
				t.Errorf("a header decides on addresses: %s", a.Raw)
			}
		})
	})
}
