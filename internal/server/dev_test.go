package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"preamp/internal/amplifybackend"
	"preamp/internal/provision"
)

// dev gives the API what its schema asks for, and keeps what somebody configured.
func TestDevModes(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		issuer := newIssuer(t)
		file := filepath.Join(t.TempDir(), "schema.graphql")
		save := func(schema string) {
			t.Helper()
			if err := os.WriteFile(file, []byte(schema), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		save(plain)
		source, err := findSchema(file)
		if err != nil {
			t.Fatal(err)
		}
		d := &dev{Server: r.Server, source: source, appName: "notes", env: "dev"}
		if d.app, err = d.ensureApp(t.Context()); err != nil {
			t.Fatal(err)
		}
		push := func(skipped bool, problem string) {
			t.Helper()
			if p := d.push(t.Context()); p.Skipped != skipped || (problem == "") != (p.Problem == "") || !strings.Contains(p.Problem, problem) {
				t.Fatalf("push: %+v, want skipped %v, problem %q", p, skipped, problem)
			}
		}
		view := func() provision.APIView {
			t.Helper()
			v, err := r.provision.View(t.Context(), d.app.ID, "dev")
			if err != nil || len(v.APIs) != 1 {
				t.Fatalf("%+v, %v", v, err)
			}
			return v.APIs[0]
		}
		modes := func() string {
			var all []string
			for _, m := range view().Config.Modes() {
				all = append(all, string(m))
			}
			return strings.Join(all, " ")
		}
		push(false, "")
		push(true, "")
		if got := modes(); got != "API_KEY AWS_IAM" {
			t.Errorf("plain: %s", got)
		}
		key := view().APIKey
		// The root key, which dev shows, opens what no rule opens yet.
		root, err := r.creds.Root(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if status, body := r.call(view(), `{ listNotes { items { id } } }`, signedBy(root, "appsync")); status != 200 || !strings.Contains(body, `"items":[]`) {
			t.Errorf("the root key: %d %s", status, body)
		}

		// A directive of AppSync is a need, too.
		const custom = plain + ` type Extra @aws_oidc { x: Int }`
		save(custom)
		push(false, "--oidc-issuer")
		d.o.Providers.Issuer = issuer.URL
		push(false, "")
		push(true, "")
		if got := modes(); got != "API_KEY OPENID_CONNECT AWS_IAM" {
			t.Errorf("with OIDC: %s", got)
		}
		if status, body := r.call(view(), `{ __typename }`, with("Authorization", issuer.Good(time.Now()))); status != 200 {
			t.Errorf("token: %d %s", status, body)
		}
		if view().APIKey != key {
			t.Error("the key changed")
		}

		// What is configured by hand stays.
		pool := authType("AMAZON_COGNITO_USER_POOLS", &wireSettings{CognitoUserPoolID: new("us-east-1_A")})
		out, err := r.service.UpdateBackendAPI(t.Context(), &amplifybackend.UpdateBackendAPIRequest{
			AppID: d.app.ID, BackendEnvironmentName: "dev", ResourceName: view().Name,
			ResourceConfig: &wireConfig{AdditionalAuthTypes: []wireAuth{authType("OPENID_CONNECT", &wireSettings{OpenIDIssueURL: &issuer.URL}), pool}},
		})
		if err != nil {
			t.Fatal(err)
		}
		r.must(out.JobID, nil)
		push(false, "") // AWS_IAM, which was taken away
		push(true, "")
		save(plain)
		push(false, "")
		if got := modes(); got != "API_KEY AWS_IAM OPENID_CONNECT AMAZON_COGNITO_USER_POOLS" {
			t.Errorf("after a change by hand: %s", got)
		}

		// What runs is told with its doors.
		st, err := r.status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		const want = "API_KEY (default), AWS_IAM, OPENID_CONNECT ("
		if got := st.Apps[0].Environments[0].APIs[0].Modes; len(got) != 4 || !strings.HasPrefix(got.String(), want) {
			t.Errorf("status: %s", got)
		}
	})
}

// A first push that fails is made once and told as what it is; the save that mends
// it tells where the API is.
func TestDevFirstPushFails(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		file := filepath.Join(t.TempDir(), "schema.graphql")
		save := func(schema string) {
			t.Helper()
			if err := os.WriteFile(file, []byte(schema), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		save(`type Note @model { id: Nothing }`)
		source, err := findSchema(file)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		var told []Started
		d := &dev{Server: r.Server, source: source, appName: "notes", env: "dev", o: DevOptions{
			Out: &out, Watch: true, Describe: func(s Started) { told = append(told, s) },
		}}
		if err := d.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(told) != 1 || told[0].Endpoint != "" || told[0].Push.Live || !strings.Contains(told[0].Push.Problem, "Nothing") {
			t.Fatalf("%+v", told)
		}
		pushes := func() int {
			t.Helper()
			all, err := r.service.ListBackendJobs(t.Context(), &amplifybackend.ListBackendJobsRequest{
				AppID: d.app.ID, BackendEnvironmentName: "dev", Operation: new("CreateBackendAPI"),
			})
			if err != nil {
				t.Fatal(err)
			}
			return len(all.Jobs)
		}
		d.settled(t.Context()) // as the watch begins
		if n := pushes(); n != 1 || out.Len() != 0 {
			t.Errorf("%d pushes of one schema: %s", n, out.String())
		}
		// Saved again it is tried again.
		d.settled(t.Context())
		if n := pushes(); n != 2 || !strings.HasPrefix(out.String(), "push failed, nothing is served yet:\n  "+file+":1:") {
			t.Errorf("%d pushes: %s", n, out.String())
		}
		out.Reset()
		save(plain)
		d.settled(t.Context())
		if len(told) != 2 || told[1].Endpoint == "" || told[1].APIKey == "" || told[1].Modes.String() != "API_KEY (default), AWS_IAM" || !told[1].Push.Live {
			t.Errorf("%+v", told)
		}
		// From now on a line is enough, with the modes when they change.
		save(plain + ` type Own @model @auth(rules: [{allow: owner}]) { id: ID! }`)
		d.settled(t.Context())
		// and the user pool that was made for them.
		v, err := d.provision.View(t.Context(), d.app.ID, "dev")
		if err != nil || v.Auth() == nil {
			t.Fatalf("no user pool: %v", err)
		}
		pool := v.Auth().UserPool
		news := "  auth: AMAZON_COGNITO_USER_POOLS (default, " + pool + "), API_KEY, AWS_IAM\n  users: " + pool + ", sign-in by email\n"
		if got := out.String(); len(told) != 2 || !strings.HasPrefix(got, "pushed ") || !strings.HasSuffix(got, news) {
			t.Errorf("told %d times: %s", len(told), got)
		}
		out.Reset()
		save(`type`)
		d.settled(t.Context())
		if got := out.String(); !strings.HasPrefix(got, "push failed, the last version keeps serving:\n") {
			t.Errorf("%s", got)
		}
	})
}
