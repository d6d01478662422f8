package wire_test

import (
	"fmt"
	"sync"
	"testing"

	"preamp/test/harness"
)

// TestRepeatedCall sends attempts of one call: the same invocation id, as SDKs do.
func TestRepeatedCall(t *testing.T) {
	t.Parallel()
	s, client := fixture(t)
	const call = "7a3c2f10-5d9b-4c1e-8a77-0c6c5f1b2d3e"
	in := harness.M{"appId": "wire", "appName": "Wire", "backendEnvironmentName": "again"}

	first := client.CallAs(t.Context(), call, "CreateBackend", in)
	if first.Status != 200 {
		t.Fatal(first)
	}
	if _, err := client.WaitJob(t.Context(), "wire", "again", first.Text("jobId"), harness.JobLimit); err != nil {
		t.Fatal(err)
	}
	repeat := client.CallAs(t.Context(), call, "CreateBackend", in)
	if repeat.Status != 200 || repeat.Text("jobId") != first.Text("jobId") {
		t.Errorf("a repeat answers %v, want job %s", repeat, first.Text("jobId"))
	}
	for name, c := range map[string]struct {
		client *harness.Client
		call   string
		op     string
		in     harness.M
	}{
		"another call":     {client, "00000000-5d9b-4c1e-8a77-0c6c5f1b2d3e", "CreateBackend", in},
		"another body":     {client, call, "CreateBackend", harness.M{"appId": "wire", "appName": "Other", "backendEnvironmentName": "again"}},
		"another caller":   {otherKey(t, s), call, "CreateBackend", in},
		"another resource": {client, call, "CloneBackend", harness.M{"appId": "wire", "backendEnvironmentName": "dev", "targetEnvironmentName": "again"}},
	} {
		t.Run(name, func(t *testing.T) {
			// It is judged for itself: the environment exists.
			a := c.client.CallAs(t.Context(), c.call, c.op, c.in)
			if a.Status != 400 || a.Header.Get("X-Amzn-Errortype") != badRequest {
				t.Errorf("got %v, want 400 %s", a, badRequest)
			}
		})
	}

	t.Run("at the same time", func(t *testing.T) {
		in := harness.M{"appId": "wire", "appName": "Wire", "backendEnvironmentName": "racing"}
		answers := make([]harness.Answer, 8)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() { answers[i] = client.CallAs(t.Context(), call+"-racing", "CreateBackend", in) })
		}
		wg.Wait()
		for _, a := range answers {
			if a.Status != 200 || a.Text("jobId") != answers[0].Text("jobId") {
				t.Errorf("got %v, want job %s for every attempt", a, answers[0].Text("jobId"))
			}
		}
	})
	t.Run("different calls for one name", func(t *testing.T) {
		in := harness.M{"appId": "wire", "appName": "Wire", "backendEnvironmentName": "contended"}
		made := make(chan string, 8)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if a := client.CallAs(t.Context(), fmt.Sprint(call, i), "CreateBackend", in); a.Status == 200 {
					made <- a.Text("jobId")
				} else if a.Status != 400 {
					t.Errorf("got %v, want 200 or 400", a)
				}
			})
		}
		wg.Wait()
		if len(made) != 1 {
			t.Errorf("%d of 8 calls made the environment, want 1", len(made))
		}
	})
}

// otherKey is a client with a second access key of the installation.
func otherKey(t *testing.T, s *harness.Server) *harness.Client {
	t.Helper()
	key, secret := s.NewKey(t, "second")
	return harness.NewClient(s.Status.URL, key, secret)
}
