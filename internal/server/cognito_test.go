package server

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"preamp/internal/creds"
	"preamp/internal/notify"
	"preamp/internal/sigv4"
)

// cognito calls an operation of a Cognito service, signed when there is a key.
func (r *running) cognito(key *creds.Key, service, operation string, in any) (int, map[string]any) {
	r.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.target(service, operation, body, func(q *http.Request, body []byte) {
		if key != nil {
			signRequest(q, body, key.ID, key.Secret.Reveal(), service)
		}
	})
}

func signRequest(q *http.Request, body []byte, id, secret, service string) {
	sigv4.Sign(q, body, id, secret, Region, service, time.Now())
}

// target calls an operation, changed by sign before it goes out.
func (r *running) target(service, operation string, body []byte, sign func(*http.Request, []byte)) (int, map[string]any) {
	r.t.Helper()
	q, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.baseURL()+"/"+service+"/", bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	prefix := map[string]string{"cognito-idp": "AWSCognitoIdentityProviderService", "cognito-identity": "AWSCognitoIdentityService"}[service]
	q.Header.Set("X-Amz-Target", prefix+"."+operation)
	q.Header.Set("Content-Type", "application/x-amz-json-1.1")
	sign(q, body)
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		r.t.Fatalf("%s: %s: %v", operation, raw, err)
	}
	return resp.StatusCode, out
}

// idp is cognito for an operation that has to succeed.
func (r *running) idp(key *creds.Key, operation string, in any) map[string]any {
	r.t.Helper()
	status, out := r.cognito(key, "cognito-idp", operation, in)
	if status != http.StatusOK {
		r.t.Fatalf("%s: %d %v", operation, status, out)
	}
	return out
}

// at is the value at a path of an answer.
func at(v any, path string) string {
	for step := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[step]
	}
	s, _ := v.(string)
	return s
}

type in = map[string]any

// newPool makes a user pool that belongs to no app, and a client.
func (r *running) newPool(key *creds.Key) (pool, client string) {
	r.t.Helper()
	pool = at(r.idp(key, "CreateUserPool", in{"PoolName": "users", "AutoVerifiedAttributes": []string{"email"}, "UsernameAttributes": []string{"email"}}), "UserPool.Id")
	client = at(r.idp(key, "CreateUserPoolClient", in{
		"UserPoolId": pool, "ClientName": "web", "ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	}), "UserPoolClient.ClientId")
	return pool, client
}

// inboxOf is what `preamp inbox --json --wait --to` prints.
func (r *running) inboxOf(to string) []notify.Stored {
	r.t.Helper()
	status, body := r.local(http.MethodGet, "/_preamp/inbox?wait=10000&to="+to)
	var list []notify.Stored
	if err := json.Unmarshal([]byte(body), &list); err != nil || status != http.StatusOK {
		r.t.Fatalf("%d %s: %v", status, body, err)
	}
	return list
}

// signUp makes a user who is confirmed by the code of the inbox, and signs in.
func (r *running) signUp(client, email, password string) map[string]any {
	r.t.Helper()
	r.idp(nil, "SignUp", in{"ClientId": client, "Username": email, "Password": password})
	list := r.inboxOf(email)
	if len(list) != 1 || len(list[0].Code) != 6 || !strings.Contains(list[0].Text, list[0].Code) || !strings.Contains(list[0].HTML, list[0].Code) {
		r.t.Fatalf("inbox: %+v", list)
	}
	r.idp(nil, "ConfirmSignUp", in{"ClientId": client, "Username": email, "ConfirmationCode": list[0].Code})
	return r.signIn(client, email, password)
}

func (r *running) signIn(client, email, password string) map[string]any {
	r.t.Helper()
	return r.idp(nil, "InitiateAuth", in{
		"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": in{"USERNAME": email, "PASSWORD": password},
	})
}

func (r *running) newKey() *creds.Key {
	r.t.Helper()
	key, err := r.creds.Create(r.t.Context(), "tester")
	if err != nil {
		r.t.Fatal(err)
	}
	return &key
}

// A pool that is made by its own operations: its users sign up and in, and an API
// takes their tokens.
func TestUserPoolOfThisServer(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		key := r.newKey()
		pool, client := r.newPool(key)
		tokens := r.signUp(client, "ann@example.com", "Passw0rd!")
		access, id := at(tokens, "AuthenticationResult.AccessToken"), at(tokens, "AuthenticationResult.IdToken")
		if got := at(r.idp(nil, "GetUser", in{"AccessToken": access}), "Username"); got == "" {
			t.Error("GetUser has no name")
		}

		r.createBackend("dev")
		schema := `type Note @model @auth(rules: [{allow: owner}]) { id: ID! title: String! }`
		if e := r.createWith("notes", wireConfig{
			TransformSchema: &schema, DefaultAuthType: new(authType("AMAZON_COGNITO_USER_POOLS", &wireSettings{CognitoUserPoolID: &pool})),
		}); e != "" {
			t.Fatal(e)
		}
		a := r.api("dev", "notes")
		const create = `mutation { createNote(input: {title: "mine"}) { title } }`
		for name, token := range map[string]string{"access": access, "id": id, "bearer": "Bearer " + access} {
			if status, body := r.call(a, create, with("Authorization", token)); status != 200 || !strings.Contains(body, `"title":"mine"`) {
				t.Errorf("%s token: %d %s", name, status, body)
			}
		}
		if status, body := r.call(a, `{ listNotes { items { owner } } }`, with("Authorization", id)); status != 200 || strings.Count(body, `"owner"`) != 3 {
			t.Errorf("the tokens are not of one owner: %d %s", status, body)
		}
		other, otherClient := r.newPool(key)
		foreign := at(r.signUp(otherClient, "eve@example.com", "Passw0rd!"), "AuthenticationResult.AccessToken")
		for name, token := range map[string]string{"of another pool": foreign, "tampered with": access[:len(access)-8] + "AAAAAAAA", "none": "x"} {
			if status, body := r.call(a, create, with("Authorization", token)); status != 401 {
				t.Errorf("token %s: %d %s", name, status, body)
			}
		}

		// Rotated keys: old and new tokens are good.
		if status, body := r.local(http.MethodPost, "/_preamp/rotate-keys?pool="+pool); status != 200 || !strings.Contains(body, pool) {
			t.Errorf("rotate: %d %s", status, body)
		}
		if status, body := r.local(http.MethodPost, "/_preamp/rotate-keys?pool=us-east-1_Nothing00"); status != 404 {
			t.Errorf("rotate the keys of no pool: %d %s", status, body)
		}
		newer := at(r.signIn(client, "ann@example.com", "Passw0rd!"), "AuthenticationResult.AccessToken")
		for name, token := range map[string]string{"old": access, "new": newer} {
			if status, body := r.call(a, create, with("Authorization", token)); status != 200 {
				t.Errorf("%s token after rotation: %d %s", name, status, body)
			}
		}

		// The inbox of all environments is merged.
		if list := r.inboxOf(""); len(list) != 2 || list[0].To != "ann@example.com" || list[1].To != "eve@example.com" {
			t.Errorf("inbox: %+v", list)
		}

		// A deleted pool lets nobody in.
		r.idp(key, "DeleteUserPool", in{"UserPoolId": pool})
		if status, body := r.call(a, create, with("Authorization", newer)); status != 401 {
			t.Errorf("deleted pool: %d %s", status, body)
		}
		if got := at(r.idp(key, "DescribeUserPool", in{"UserPoolId": other}), "UserPool.Id"); got != other {
			t.Errorf("the other pool: %s", got)
		}
	})
}

// Operations of administrators want a signature for their own service.
func TestCognitoSignatures(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		key := r.newKey()
		for _, tc := range []struct {
			name, service, operation string
			key                      *creds.Key
			code                     string
		}{
			{"no signature", "cognito-idp", "ListUserPools", nil, "MissingAuthenticationTokenException"},
			{"unknown key", "cognito-idp", "ListUserPools", &creds.Key{ID: "AKIAZZZZZZZZZZZZZZZZ", Secret: key.Secret}, "UnrecognizedClientException"},
			{"unknown operation", "cognito-idp", "Nothing", key, "UnknownOperationException"},
			{"identity pools, no signature", "cognito-identity", "ListIdentityPools", nil, "MissingAuthenticationTokenException"},
		} {
			status, out := r.cognito(tc.key, tc.service, tc.operation, in{"MaxResults": 1})
			if status != 400 && status != 403 || !strings.Contains(at(out, "__type"), tc.code) {
				t.Errorf("%s: %d %v, want %s", tc.name, status, out, tc.code)
			}
		}
		if status, out := r.cognito(key, "cognito-idp", "ListUserPools", in{"MaxResults": 1}); status != 200 {
			t.Errorf("signed: %d %v", status, out)
		}
	})
}
