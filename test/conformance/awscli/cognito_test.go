package awscli_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"preamp/test/harness"
)

const (
	cliPassword = "Passw0rd!x"
	cliNext     = "Passw0rd!y"
)

// TestCognito makes a user pool by create-backend-auth, and goes through the life
// of a user and the credentials of an identity pool.
func TestCognito(t *testing.T) {
	t.Parallel()
	s := start(t)
	idp, identity := s.of("cognito-idp"), s.of("cognito-identity")
	s.completed(t, s.ok(t, "create-backend", "--app-id", "users", "--app-name", "Users", "--backend-environment-name", "dev"))
	s.completed(t, s.ok(t, "create-backend-auth", "--app-id", "users", "--backend-environment-name", "dev", "--resource-name", "users",
		"--resource-config", shapes(t, harness.AuthConfig("users", nil))))
	ids := s.client.Auth(t, "users", "dev")

	const mail = "ann@example.com"
	client := []string{"--client-id", ids.WebClient}
	with := func(op string, more ...string) []string { return append([]string{op}, append(client, more...)...) }
	idp.ok(t, "update-user-pool-client", "--user-pool-id", ids.UserPool, "--client-id", ids.WebClient,
		"--explicit-auth-flows", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")

	signUp := with("sign-up", "--username", mail, "--password", cliPassword, "--user-attributes", "Name=email,Value="+mail)
	made := idp.ok(t, signUp...)
	members(t, made, "UserConfirmed", "UserSub", "CodeDeliveryDetails")
	idp.fails(t, "UsernameExistsException", "already exists", signUp...)
	idp.fails(t, "UserNotConfirmedException", "^User is not confirmed.$", passwordLogin(ids, mail, cliPassword)...)
	idp.text(t, with("confirm-sign-up", "--username", mail, "--confirmation-code", s.lastCode(t, mail))...)
	idp.fails(t, "NotAuthorizedException", "^Incorrect username or password.$", passwordLogin(ids, mail, "wrong")...)
	tokens := tokensOf(t, idp.ok(t, passwordLogin(ids, mail, cliPassword)...))

	user := idp.ok(t, "get-user", "--access-token", tokens.AccessToken)
	if user["Username"] != made["UserSub"] {
		t.Errorf("get-user: %v, want the user name %v", user, made["UserSub"])
	}
	idp.text(t, "change-password", "--access-token", tokens.AccessToken, "--previous-password", cliPassword, "--proposed-password", cliNext)
	idp.ok(t, with("forgot-password", "--username", mail)...)
	idp.text(t, with("confirm-forgot-password", "--username", mail, "--confirmation-code", s.lastCode(t, mail), "--password", cliPassword)...)
	tokens = tokensOf(t, idp.ok(t, passwordLogin(ids, mail, cliPassword)...))
	answer, refused := s.refresh(t, ids.WebClient, tokens.RefreshToken)
	if refused != "" {
		t.Fatalf("get-tokens-from-refresh-token: %s", refused)
	}
	again := tokensOf(t, answer)

	got := identity.ok(t, "get-id", "--identity-pool-id", ids.IdentityPool)
	guest := identity.ok(t, "get-credentials-for-identity", "--identity-id", fmt.Sprint(got["IdentityId"]))
	members(t, guest, "IdentityId", "Credentials")
	logins := "cognito-idp.us-east-1.amazonaws.com/" + ids.UserPool + "=" + again.IDToken
	member := identity.ok(t, "get-id", "--identity-pool-id", ids.IdentityPool, "--logins", logins)
	identity.ok(t, "get-credentials-for-identity", "--identity-id", fmt.Sprint(member["IdentityId"]), "--logins", logins)
	identity.fails(t, "NotAuthorizedException", ".", "get-credentials-for-identity", "--identity-id", fmt.Sprint(member["IdentityId"]))

	listed := idp.ok(t, "list-users", "--user-pool-id", ids.UserPool, "--filter", `email = "`+mail+`"`)
	if users, _ := listed["Users"].([]any); len(users) != 1 {
		t.Errorf("list-users: %v", listed)
	}
	idp.text(t, with("revoke-token", "--token", tokens.RefreshToken)...)
	const revoked = "NotAuthorizedException: Refresh Token has been revoked"
	if _, refused := s.refresh(t, ids.WebClient, tokens.RefreshToken); refused != revoked {
		t.Errorf("get-tokens-from-refresh-token after revoke-token: got %q, want %q", refused, revoked)
	}
	idp.text(t, "admin-delete-user", "--user-pool-id", ids.UserPool, "--username", mail)
	idp.fails(t, "UserNotFoundException", "^User does not exist.$", "admin-get-user", "--user-pool-id", ids.UserPool, "--username", mail)
	s.completed(t, s.ok(t, "delete-backend-auth", "--app-id", "users", "--backend-environment-name", "dev", "--resource-name", "users"))
	idp.fails(t, "ResourceNotFoundException", "^User pool "+ids.UserPool+" does not exist.$", "describe-user-pool", "--user-pool-id", ids.UserPool)
}

func passwordLogin(ids harness.Auth, username, password string) []string {
	return []string{
		"initiate-auth", "--client-id", ids.WebClient, "--auth-flow", "USER_PASSWORD_AUTH",
		"--auth-parameters", "USERNAME=" + username + ",PASSWORD=" + password,
	}
}

// refresh calls GetTokensFromRefreshToken. The CLI of Debian 12 is older than that
// operation: there the request goes without the CLI. refused is "code: message".
func (s suite) refresh(t *testing.T, client, token string) (answer harness.M, refused string) {
	t.Helper()
	out, errOut, err := s.of("cognito-idp").run(t, "get-tokens-from-refresh-token", "--client-id", client, "--refresh-token", token)
	switch m := failure.FindStringSubmatch(errOut); {
	case err == nil:
		if err := json.Unmarshal([]byte(out), &answer); err != nil {
			t.Fatalf("get-tokens-from-refresh-token printed no JSON: %v\n%s", err, out)
		}
		return answer, ""
	case m != nil:
		return nil, m[1] + ": " + m[3]
	case !strings.Contains(errOut, "Invalid choice"):
		t.Fatalf("get-tokens-from-refresh-token: %v\n%s", err, errOut)
	}
	body, err := json.Marshal(harness.M{"ClientId": client, "RefreshToken": token})
	if err != nil {
		t.Fatal(err)
	}
	r, err := harness.NewRequest(t.Context(), http.MethodPost, s.url+"/", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.GetTokensFromRefreshToken")
	got := s.client.Send(r)
	switch {
	case got.Err != nil || got.Body == nil:
		t.Fatalf("GetTokensFromRefreshToken: %v", got)
	case got.Status != http.StatusOK:
		return nil, got.Text("__type") + ": " + got.Text("message")
	}
	return got.Body, ""
}

// issued are the tokens of an answer.
type issued struct{ AccessToken, IDToken, RefreshToken string }

func tokensOf(t *testing.T, answer harness.M) issued {
	t.Helper()
	r, ok := answer["AuthenticationResult"].(harness.M)
	if !ok {
		t.Fatalf("no tokens: %v", answer)
	}
	text := func(name string) string {
		s, _ := r[name].(string)
		return s
	}
	return issued{text("AccessToken"), text("IdToken"), text("RefreshToken")}
}

// lastCode is the code in the last message to an address.
func (s suite) lastCode(t *testing.T, to string) string {
	t.Helper()
	var list []struct{ Code string }
	out := s.server.Run(t, "inbox", "--json", "--wait", "--to", to, "--data", s.server.Data)
	if err := json.Unmarshal(out, &list); err != nil || len(list) == 0 {
		t.Fatalf("preamp inbox: %v\n%s", err, out)
	}
	return list[len(list)-1].Code
}

// shapes writes a structure with the member names of the CLI, which are those of
// the wire with a capital.
func shapes(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(raw, &plain); err != nil {
		t.Fatal(err)
	}
	if raw, err = json.Marshal(capitals(plain)); err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func capitals(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, value := range v {
			out[strings.ToUpper(name[:1])+name[1:]] = capitals(value)
		}
		return out
	case []any:
		for i := range v {
			v[i] = capitals(v[i])
		}
	}
	return v
}
