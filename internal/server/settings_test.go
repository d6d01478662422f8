package server

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"preamp/internal/amplifybackend"
)

// local calls an endpoint for the commands of this machine.
func (r *running) local(method, path string) (int, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.baseURL()+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, strings.TrimSpace(string(body))
}

func TestSettings(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		r.createBackend("dev")
		const at = "/_preamp/settings?app=app&env=dev"
		want := func(settings map[string]string) {
			t.Helper()
			status, body := r.local(http.MethodGet, at)
			var got map[string]string
			if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK {
				t.Fatalf("%d %s", status, body)
			}
			for name, value := range settings {
				if got[name] != value {
					t.Errorf("%s is %q, want %s", name, got[name], value)
				}
			}
		}
		want(map[string]string{"transformerversion": "2", "sandbox": "true", "improvepluralization": "false", "enableautoindexquerynames": "true"})

		// What is wrong changes nothing.
		for _, tc := range []struct {
			query  string
			status int
			want   string
		}{
			{"app=app&env=dev&set=improvepluralization=true&set=transformerversion=3", 400, "must be 1 or 2"},
			{"app=app&env=dev&set=improvepluralization=true&set=other=3", 400, "There is no backend setting other"},
			{"app=app&env=dev&set=improvepluralization", 400, "set=name=value"},
			{"app=app&env=prod&set=improvepluralization=true", 404, "does not exist"},
		} {
			if status, body := r.local(http.MethodPost, "/_preamp/settings?"+tc.query); status != tc.status || !strings.Contains(body, tc.want) {
				t.Errorf("%s: %d %s", tc.query, status, body)
			}
		}
		if status, _ := r.local(http.MethodGet, "/_preamp/settings?app=app&env=prod"); status != http.StatusNotFound {
			t.Errorf("settings of a missing environment: %d", status)
		}
		want(map[string]string{"transformerversion": "2", "improvepluralization": "false"})

		// A push honours them: version 1 writes its own plurals.
		const schema = `type Person @model { id: ID! name: String }`
		if status, body := r.local(http.MethodPost, at+"&set=transformerVersion=1"); status != http.StatusOK {
			t.Fatalf("%d %s", status, body)
		}
		if e := r.createAPI("people", schema); e != "" {
			t.Fatal(e)
		}
		a := r.api("dev", "people")
		r.want(a, `{ listPersons { items { id } } }`, `{"data":{"listPersons":{"items":[]}}}`)
		r.local(http.MethodPost, at+"&set=improvepluralization=true")
		r.want(a, `{ listPersons { items { id } } }`, `{"data":{"listPersons":{"items":[]}}}`)
		if e := r.updateAPI("people", schema); e != "" {
			t.Fatal(e)
		}
		r.want(a, `{ listPeople { items { id } } }`, `{"data":{"listPeople":{"items":[]}}}`)

		// An API need not describe itself.
		const describe = `{ __type(name: "Person") { name } }`
		r.want(a, describe, `{"data":{"__type":{"name":"Person"}}}`)
		r.local(http.MethodPost, at+"&set=introspection=false")
		if e := r.updateAPI("people", schema); e != "" {
			t.Fatal(e)
		}
		if _, answer := r.query(a, a.APIKey, describe); !strings.Contains(answer, "Field'__type'intype'Query'isundefined") {
			t.Errorf("introspection switched off: %s", answer)
		}

		// GetBackend shows them, and a clone keeps them.
		out, err := r.service.CloneBackend(t.Context(), &amplifybackend.CloneBackendRequest{
			AppID: "app", BackendEnvironmentName: "dev", TargetEnvironmentName: "copy",
		})
		if err != nil {
			t.Fatal(err)
		}
		r.must(out.JobID, nil)
		for _, env := range []string{"dev", "copy"} {
			got, err := r.service.GetBackend(t.Context(), &amplifybackend.GetBackendRequest{AppID: "app", BackendEnvironmentName: &env})
			if err != nil {
				t.Fatal(err)
			}
			for _, flag := range []string{`"transformerversion":1`, `"useexperimentalpipelinedtransformer":false`, `"improvepluralization":true`, `"sandbox":true`} {
				if flags := strings.ReplaceAll(*got.AmplifyFeatureFlags, " ", ""); !strings.Contains(flags, flag) {
					t.Errorf("%s: %s is not in %s", env, flag, flags)
				}
			}
		}
	})
}
