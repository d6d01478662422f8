package wire_test

import (
	"bytes"
	"maps"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/test/harness"
)

func TestAccepted(t *testing.T) {
	t.Parallel()
	_, client := fixture(t)
	const details = "/backend/wire/details"
	jsonType := http.Header{"Content-Type": {"application/json"}}
	for _, c := range []struct {
		name, method, path string
		header             http.Header
		body               string
		member, want       string
	}{
		{name: "empty body", path: details, member: "appName", want: "Wire"},
		{name: "empty object", path: details, body: `{}`, header: jsonType, member: "appName", want: "Wire"},
		{name: "null", path: details, body: `null`, header: jsonType, member: "appName", want: "Wire"},
		{name: "no content type", path: details, body: `{"backendEnvironmentName":"dev"}`, member: "backendEnvironmentName", want: "dev"},
		{name: "spaces and lines", path: details, body: " {\n \"backendEnvironmentName\" : \"dev\" }\n", header: jsonType, member: "backendEnvironmentName", want: "dev"},
		{name: "escapes in JSON", path: details, body: `{"backend\u0045nvironmentName":"\u0064ev"}`, header: jsonType, member: "backendEnvironmentName", want: "dev"},
		{name: "unknown members", path: details, body: `{"backendEnvironmentName":"dev","later":{"x":[1]}}`, header: jsonType, member: "backendEnvironmentName", want: "dev"},
		{name: "null for an optional member", path: details, body: `{"backendEnvironmentName":null}`, header: jsonType, member: "appName", want: "Wire"},
		{name: "escaped letter in a label", path: "/backend/w%69re/details", body: `{}`, header: jsonType, member: "appName", want: "Wire"},
		{name: "members of the query do not count", path: details + "?backendEnvironmentName=dev", body: `{}`, header: jsonType, member: "backendEnvironmentName", want: ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := client.Raw(t.Context(), "POST", c.path, c.header, []byte(c.body))
			if a.Err != nil || a.Status != 200 || a.Text(c.member) != c.want {
				t.Errorf("got %v, want %s %q", a, c.member, c.want)
			}
			checkHeaders(t, a)
			if a.Header.Get("X-Amzn-Errortype") != "" {
				t.Errorf("an answer of success names an error: %v", a.Header)
			}
		})
	}
}

// TestMembers compares the members of each answer with the model's: nothing
// missing, nothing more, absent members omitted and never null.
func TestMembers(t *testing.T) {
	t.Parallel()
	_, client := fixture(t)
	at := harness.M{"appId": "wire", "backendEnvironmentName": "dev"}
	with := func(more harness.M) harness.M {
		m := harness.M{}
		for _, part := range []harness.M{at, more} {
			maps.Copy(m, part)
		}
		return m
	}
	app := harness.M{"appId": "wire"}
	api := with(harness.M{"resourceName": "shop"})
	job6 := []string{"appId", "backendEnvironmentName", "jobId", "operation", "status"}
	job4 := []string{"appId", "backendEnvironmentName", "jobId", "status"}
	job8 := append([]string{"createTime", "updateTime"}, job6...)
	token := []string{"appId", "challengeCode", "sessionId", "ttl"}
	sessionID := client.Must(t, "CreateToken", app)["sessionId"]
	session := harness.M{"appId": "wire", "sessionId": sessionID}
	first := client.Must(t, "ListBackendJobs", at)["jobs"].([]any)[0].(harness.M)["jobId"]

	for _, c := range []struct {
		op   string
		in   harness.M
		want []string
		job  bool
	}{
		{"GetBackend", app, []string{"appId", "appName", "backendEnvironmentList"}, false},
		{"CreateBackendAPI", with(harness.M{"resourceName": "shop", "resourceConfig": harness.M{"transformSchema": todo}}), job6, true},
		{"GetBackend", at, []string{"amplifyFeatureFlags", "amplifyMetaConfig", "appId", "appName", "backendEnvironmentList", "backendEnvironmentName"}, false},
		{"GetBackendAPI", api, []string{"appId", "backendEnvironmentName", "resourceConfig", "resourceName"}, false},
		{"UpdateBackendAPI", api, job6, true},
		{"GenerateBackendAPIModels", api, job6, true},
		{"GetBackendAPIModels", api, []string{"modelIntrospectionSchema", "models", "status"}, false},
		{"CloneBackend", with(harness.M{"targetEnvironmentName": "copy"}), job6, true},
		{"CreateBackendConfig", harness.M{"appId": "wire", "backendManagerAppId": "m"}, job4, true},
		{"UpdateBackendConfig", harness.M{"appId": "wire", "loginAuthConfig": harness.M{"aws_user_pools_id": "us-east-1_x"}}, []string{"appId", "backendManagerAppId", "loginAuthConfig"}, false},
		{"RemoveBackendConfig", app, nil, false},
		{"CreateToken", app, token, false},
		{"GetToken", session, token, false},
		{"DeleteToken", session, []string{"isSuccess"}, false},
		{"GetBackendJob", with(harness.M{"jobId": first}), job8, false},
		{"ListBackendJobs", at, []string{"jobs"}, false},
		{"ListBackendJobs", with(harness.M{"maxResults": 1}), []string{"jobs", "nextToken"}, false},
		{"DeleteBackendAPI", api, job6, true},
		{"DeleteBackend", at, job6, true},
		{"RemoveAllBackends", app, []string{"appId", "jobId", "operation", "status"}, true},
	} {
		t.Run(c.op, func(t *testing.T) {
			a := client.Call(t.Context(), c.op, c.in)
			if a.Err != nil || a.Status != 200 {
				t.Fatal(a)
			}
			checkHeaders(t, a)
			want := map[string]bool{}
			for _, m := range c.want {
				want[m] = true
			}
			got := map[string]bool{}
			for m, v := range a.Body {
				got[m] = v != nil
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
			if !c.job {
				return
			}
			if a.Text("status") != "RUNNING" || !uuid.MatchString(a.Text("jobId")) {
				t.Errorf("got %v, want a RUNNING job", a)
			}
			done, err := client.WaitJob(t.Context(), "wire", "dev", a.Text("jobId"), harness.JobLimit)
			if err != nil || done["status"] != "COMPLETED" {
				t.Fatalf("job: %v %v", done, err)
			}
		})
	}
	// An empty list is there and is no null.
	a := client.Call(t.Context(), "ListBackendJobs", harness.M{"appId": "wire", "backendEnvironmentName": "dev", "status": "NONE"})
	if !bytes.Contains(a.Raw, []byte(`"jobs":[]`)) {
		t.Errorf("empty list: %v", a)
	}
}
