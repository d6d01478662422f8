package attack_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"preamp/internal/db/dbtest"
	"preamp/test/harness"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

type answer = harness.Answer

// app is an auth resource of the server, with an app client of its own that may
// use every flow.
type app struct {
	harness.Auth
	client string
}

// world is a server with two apps, their users, and what was sent to them.
type world struct {
	*testing.T
	server *harness.Server
	http   *harness.Client
	post   *harness.Post
	shop   app
	other  app
	api    harness.API
	names  atomic.Int64
}

const password, nextPassword = "Passw0rd!x", "Passw0rd!y"

// each runs a test in a world on each store.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { fn(t, newWorld(t, "")) })
	t.Run("postgres", func(t *testing.T) {
		harness.Without(t, "postgres")
		fn(t, newWorld(t, dbtest.Database(t)))
	})
}

func newWorld(t *testing.T, database string) *world {
	t.Helper()
	post := harness.NewPost(t)
	s := harness.Serve(t, harness.ServeOptions{Database: database, Extra: post.Extra + harness.Unlimited})
	w := &world{T: t, server: s, http: s.Client(), post: post}
	w.shop = w.app("shop", "schema.graphql")
	w.other = w.app("other", "")
	w.api = w.http.MustAPI(t, "shop", "dev")
	return w
}

func (w *world) app(name, schema string) app {
	w.Helper()
	a := app{Auth: w.http.Backend(w.T, name, harness.AuthConfig(name, nil), schema)}
	made := w.admin("CreateUserPoolClient", harness.M{
		"UserPoolId": a.UserPool, "ClientName": "attack", "PreventUserExistenceErrors": "ENABLED",
		"ExplicitAuthFlows": []string{"ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_AUTH"},
	})
	w.good("CreateUserPoolClient", made)
	client, _ := made.Body["UserPoolClient"].(harness.M)
	a.client, _ = client["ClientId"].(string)
	return a
}

// good fails the test unless an answer is one that was asked for.
func (w *world) good(what string, a answer) answer {
	w.Helper()
	if a.Err != nil || a.Status != http.StatusOK {
		w.Fatalf("%s: %v", what, a)
	}
	return a
}

// idp calls an operation of user pools, unsigned.
func (w *world) idp(operation string, in any) answer {
	return w.target("AWSCognitoIdentityProviderService."+operation, in, nil)
}

// identity calls an operation of identity pools, unsigned.
func (w *world) identity(operation string, in any) answer {
	return w.target("AWSCognitoIdentityService."+operation, in, nil)
}

// admin calls an operation of user pools with the access key.
func (w *world) admin(operation string, in any) answer {
	signer := w.http.Signer
	signer.Service = "cognito-idp"
	return w.target("AWSCognitoIdentityProviderService."+operation, in, &signer)
}

func (w *world) target(operation string, in any, signer *harness.Signer) answer {
	w.Helper()
	body, ok := in.(string)
	if !ok {
		b, err := json.Marshal(in)
		if err != nil {
			w.Fatal(err)
		}
		body = string(b)
	}
	r, err := harness.NewRequest(w.Context(), http.MethodPost, w.server.Status.URL+"/", []byte(body))
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", operation)
	if signer != nil {
		signer.Sign(r, []byte(body))
	}
	return w.http.Send(r)
}

// graphql asks for the notes that a token may see.
func (w *world) graphql(token string) answer {
	w.Helper()
	body := []byte(`{"query":"{ listNotes { items { id title owner } } }"}`)
	r, err := harness.NewRequest(w.Context(), http.MethodPost, w.api.Endpoint, body)
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header["Authorization"] = []string{token}
	a := w.http.Send(r)
	if a.Status == http.StatusOK && bytes.Contains(a.Raw, []byte(`"errors"`)) {
		a.Status = http.StatusUnauthorized // a refusal, as AppSync writes those of fields
	}
	return a
}

// user is somebody who has signed up.
type user struct {
	app              app
	email            string
	id, access, refr string
}

// address is one that nobody has.
func (w *world) address() string { return fmt.Sprintf("user%d@example.com", w.names.Add(1)) }

// code is the newest code that was sent to an address.
func (w *world) code(to string, after int) string {
	w.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if codes := w.codes(to); len(codes) > after {
			return codes[len(codes)-1]
		}
	}
	w.Fatalf("%s was sent no code", to)
	return ""
}

// codes are all that were sent to an address, oldest first.
func (w *world) codes(to string) []string {
	w.Helper()
	f, err := os.Open(w.post.File)
	if err != nil {
		w.Fatal(err)
	}
	defer f.Close()
	var out []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var m struct{ To, Code string }
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			w.Fatal(err)
		}
		if strings.EqualFold(m.To, to) {
			out = append(out, m.Code)
		}
	}
	return out
}

// user makes a confirmed user with a password, without any message.
func (w *world) user(a app) user {
	w.Helper()
	u := user{app: a, email: w.address()}
	w.good("AdminCreateUser", w.admin("AdminCreateUser", harness.M{
		"UserPoolId": a.UserPool, "Username": u.email, "MessageAction": "SUPPRESS",
		"UserAttributes": []harness.M{{"Name": "email", "Value": u.email}, {"Name": "email_verified", "Value": "true"}},
	}))
	w.good("AdminSetUserPassword", w.admin("AdminSetUserPassword", harness.M{
		"UserPoolId": a.UserPool, "Username": u.email, "Password": password, "Permanent": true,
	}))
	return u
}

// signIn gives a user tokens.
func (w *world) signIn(u *user) {
	w.Helper()
	a := w.good("InitiateAuth", w.password(u.app.client, u.email, password))
	tokens, _ := a.Body["AuthenticationResult"].(harness.M)
	u.id, _ = tokens["IdToken"].(string)
	u.access, _ = tokens["AccessToken"].(string)
	u.refr, _ = tokens["RefreshToken"].(string)
	if u.id == "" || u.access == "" || u.refr == "" {
		w.Fatalf("sign-in gave no tokens: %v", a)
	}
}

func (w *world) signedIn(a app) user {
	w.Helper()
	u := w.user(a)
	w.signIn(&u)
	return u
}

func (w *world) password(client, name, password string) answer {
	return w.idp("InitiateAuth", harness.M{
		"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": harness.M{"USERNAME": name, "PASSWORD": password},
	})
}

// refused fails the test unless an answer refuses by one of these names.
func refused(t *testing.T, a answer, names ...string) {
	t.Helper()
	name := a.Header.Get("X-Amzn-Errortype")
	if a.Err != nil || a.Status < 400 || a.Status >= 500 {
		t.Fatalf("not refused: %v", a)
	}
	if slices.Contains(names, name) {
		return
	}
	if len(names) > 0 {
		t.Errorf("refused by %q, want one of %v: %v", name, names, a)
	}
}

// taken fails the test unless an answer is what was asked for: it is the control.
func taken(t *testing.T, a answer) answer {
	t.Helper()
	if a.Err != nil || a.Status != http.StatusOK {
		t.Fatalf("the control is refused: %v", a)
	}
	return a
}
