package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"preamp/internal/oidc"
)

func samples(perSecond ...float64) []sample {
	var out []sample
	for _, n := range perSecond {
		out = append(out, sample{perSecond: n, p50: time.Millisecond, p99: 2 * time.Millisecond})
	}
	return out
}

// A ratio compares what was measured in the same round, and the round in the
// middle counts.
func TestRatio(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		a, b []sample
		want float64
	}{
		{"equal", samples(10, 20, 30), samples(10, 20, 30), 1},
		{"half", samples(10, 20, 30), samples(20, 40, 60), 0.5},
		{"one round is disturbed", samples(10, 1, 10), samples(20, 20, 20), 0.5},
	} {
		if got := ratio(tc.a, tc.b); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	r := report{
		stores: []storeReport{{
			name: "sqlite", settings: "a database",
			starts: []time.Duration{40 * time.Millisecond}, pushes: []time.Duration{20 * time.Millisecond}, idle: 30e6, loaded: 50e6,
			rows:   []row{{name: "get", connections: 32, own: samples(60, 60, 60), limit: samples(80, 80, 80), target: 0.6}},
			growth: []growthRow{{name: "index", connections: 1, small: samples(120, 120, 120), large: samples(100, 100, 100)}},
		}},
		size: &sizeReport{compile: []time.Duration{20 * time.Millisecond}, pushes: []time.Duration{time.Second}, heap: 900e3, rss: 1e6, plans: 7e6, more: 1e3},
	}
	got := strings.Join(strings.Fields(r.String()), " ")
	for _, want := range []string{
		"== sqlite: a database", "get 32 0.75 0.6 60 80 1.00 ms 2.00 ms", "index 1 1.20 1.3 120 100", "start to ready, empty 40 ms under 300ms",
		"compile 50 models (parse, expand) 20.00 ms under 100ms", "idle API of 15 models, heap 900 kB under 1000 kB", "7000 kB", "all targets that were measured are met",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, r.String())
		}
	}
	// What was not asked for is not in the report.
	if got := (&report{stores: []storeReport{{name: "sqlite"}}}).String(); strings.Contains(got, "request") || strings.Contains(got, "size") {
		t.Errorf("an empty run reports\n%s", got)
	}
}

// What is said of user pools, and which of their targets are missed.
func TestAuthReport(t *testing.T) {
	t.Parallel()
	r := authReport{
		signins: []signinRow{{name: "SRP", samples: []signinSample{{perSecond: 150, cost: 5 * time.Millisecond, crypt: 4 * time.Millisecond}}}},
		token:   []row{{name: "get", connections: 1, own: samples(95, 95, 95), limit: samples(100, 100, 100), target: leastToken}},
		growth:  []growthRow{{name: "sign-in", connections: 1, small: samples(110, 110, 110), large: samples(100, 100, 100)}},
		storm:   []stormRow{{connections: 8, quiet: samples(1, 1, 1), storm: samples(1, 1, 1), signins: 200}},
	}
	var b strings.Builder
	r.write(&b)
	got := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{"SRP 0.80 0.8 5.00 ms 4.00 ms 150", "get 1 0.95 0.9 95 100", "sign-in 1 1.10 1.3 110 100", "get 8 1.00 3.0 2.00 ms 2.00 ms 200"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
	if missed := r.missed("sqlite"); missed != nil {
		t.Errorf("missed %v", missed)
	}
	slow := samples(1, 1, 1)
	for i := range slow {
		slow[i].p99 *= 3
	}
	r.signins[0].samples[0].cost, r.token[0].own, r.growth[0].large, r.storm[0].storm = 8*time.Millisecond, samples(80, 80, 80), samples(80, 80, 80), slow
	want := "sqlite sign-in by SRP (0.50 of 0.8); sqlite get with a token at 1 (0.80 of 0.9); sqlite sign-in in a large pool (1.38, at most 1.3); " +
		"sqlite get at 8 in a storm of sign-ins (3.0, under 3.0)"
	if got := strings.Join(r.missed("sqlite"), "; "); got != want {
		t.Errorf("missed: %s\nwant    %s", got, want)
	}
}

// Every target that is not met is named.
func TestMissed(t *testing.T) {
	t.Parallel()
	bad := report{
		stores: []storeReport{{
			name: "sqlite", starts: []time.Duration{mostStart}, pushes: []time.Duration{mostPush}, idle: mostIdle,
			rows: []row{
				{name: "get", connections: 32, own: samples(10, 10, 10), limit: samples(20, 20, 20), target: 0.6},
				{name: "create", connections: 1, own: samples(1, 1, 1), limit: samples(20, 20, 20)}, // has none
			},
			growth: []growthRow{{name: "index", connections: 1, small: samples(140, 140, 140), large: samples(100, 100, 100)}},
		}},
		size: &sizeReport{compile: []time.Duration{mostCompile}, pushes: []time.Duration{0}, heap: mostAPI},
	}
	want := "sqlite start; sqlite idle memory; sqlite push; sqlite get at 32 (0.50 of 0.6); sqlite growth of index at 1 (1.40, at most 1.3); compile; idle API (1000 kB)"
	if got := strings.Join(bad.missed(), "; "); got != want {
		t.Errorf("missed: %s\nwant    %s", got, want)
	}
	if !strings.Contains(bad.String(), "targets missed: sqlite start") {
		t.Error("the report does not tell of what was missed")
	}
}

func TestPeerReport(t *testing.T) {
	t.Parallel()
	own := &peer{name: onSQLite, settings: "ours"}
	other := &peer{name: "Other", settings: "theirs 1.2", against: onSQLite}
	var b strings.Builder
	writePeers(&b, []*peer{own, other}, []peerRow{
		{request: "get", connections: 1, peers: []*peer{own, other}, samples: [][]sample{samples(90, 90, 90), samples(30, 30, 30)}},
	}, []string{"Third could not be run here: no room"})
	got := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{"Other theirs 1.2", "get 1 Other 30 1.00 ms 2.00 ms 3.0 (preamp, SQLite)", "Third could not be run here: no room"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
}

// preamp itself takes the tokens of the issuer.
func TestIssuer(t *testing.T) {
	t.Parallel()
	i, err := startIssuer()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = i.close() })
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	v, err := oidc.New(oidc.Config{Get: func(ctx context.Context, address string) ([]byte, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		return io.ReadAll(resp.Body)
	}})
	if err != nil {
		t.Fatal(err)
	}
	token, err := i.token(claims(i.url, subject, username, time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.Verify(t.Context(), oidc.Issuer{URL: i.url}, token)
	if err != nil || got["sub"] != subject || got["aud"] != audience {
		t.Errorf("claims %v, error %v", got, err)
	}
	if _, err := v.Verify(t.Context(), oidc.Issuer{URL: i.url}, token[:len(token)-4]+"AAAA"); err == nil {
		t.Error("a token with another signature is taken")
	}
}

// A server that is measured may call the issuer on this machine, and keeps its
// rows where the store is.
func TestConfig(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", `postgres:///bench?host=%2Ftmp%2Fx&user=preamp`} {
		name, err := place{dir: filepath.Join(t.TempDir(), "data"), url: url}.config()
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "127.0.0.0/8") || strings.Contains(string(text), "database") != (url != "") || !strings.Contains(string(text), url) {
			t.Errorf("configuration for %q:\n%s", url, text)
		}
	}
}

func TestDefinition(t *testing.T) {
	t.Parallel()
	open, err := json.Marshal(definition{name: "a", schema: "s"}.config())
	if err != nil || string(open) != `{"transformSchema":"s"}` {
		t.Errorf("%s, %v", open, err)
	}
	tokens, err := json.Marshal(definition{name: "a", schema: "s", issuer: "http://127.0.0.1:1"}.config())
	if err != nil || !strings.Contains(string(tokens), `"openIDIssueURL":"http://127.0.0.1:1"`) || !strings.Contains(string(tokens), `"OPENID_CONNECT"`) {
		t.Errorf("%s, %v", tokens, err)
	}
}
