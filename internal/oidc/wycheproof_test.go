package oidc

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"preamp/internal/oidc/oidctest"
)

var wycheproofFiles = []string{"json_web_signature_test.json", "json_web_key_test.json", "json_web_crypto_test.json"}

// The vectors of Wycheproof (github.com/C2SP/wycheproof, folder testvectors_v1),
// by PREAMP_WYCHEPROOF=<folder> from a checkout; they are not part of this
// repository. Without it the reader is tried on files of the same form, so that
// it cannot rot.
func TestWycheproof(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("PREAMP_WYCHEPROOF")
	least := 20
	if dir == "" {
		dir, least = ownVectors(t), 2
	}
	for _, name := range wycheproofFiles {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Groups []struct {
				Comment string
				Public  json.RawMessage
				Private json.RawMessage
				Tests   []struct {
					ID      int `json:"tcId"`
					Comment string
					JWS     any
					Result  string
					Flags   []string
				}
			} `json:"testGroups"`
		}
		if err := json.Unmarshal(raw, &file); err != nil {
			t.Fatal(err)
		}
		judged, accepted := 0, 0
		for _, g := range file.Groups {
			keys := g.Public
			if keys == nil {
				keys = g.Private
			}
			var set struct{ Keys json.RawMessage }
			if json.Unmarshal(keys, &set) != nil || set.Keys == nil {
				keys = json.RawMessage(`{"keys":[` + string(keys) + `]}`)
			}
			for _, tc := range g.Tests {
				judged++
				jws, isText := tc.JWS.(string)
				got := isText && vouches(keys, jws)
				if got {
					accepted++
				}
				// Whatever is not valid has to be refused. Some that are valid are, too:
				// symmetric keys, short keys, headers that are not taken here.
				// (ROCA: an issuer with such a key lets others sign, and harms itself.)
				if got && tc.Result != "valid" && tc.Comment != "rejectsKeyWithRocaVulnerability" {
					t.Errorf("%s %d (%s: %s %v) is accepted", name, tc.ID, g.Comment, tc.Comment, tc.Flags)
				}
				if !got && tc.Result == "valid" {
					t.Logf("%s %d (%s: %s) is valid and refused", name, tc.ID, g.Comment, tc.Comment)
				}
			}
		}
		if judged < least || name == "json_web_signature_test.json" && accepted == 0 {
			t.Errorf("%s: %d judged, %d accepted", name, judged, accepted)
		}
	}
}

// ownVectors writes a good token and all bad ones whose claims are not to blame.
func ownVectors(t *testing.T) string {
	t.Helper()
	i := oidctest.New("https://issuer.example", 0)
	now := time.Now()
	tests := []map[string]any{{"tcId": 1, "comment": "good", "jws": i.Good(now), "result": "valid"}}
	for n, tc := range i.Bad(now) {
		if _, _, err := parseHeader(tc.Token); err != nil {
			tests = append(tests, map[string]any{"tcId": n + 2, "comment": tc.Name, "jws": tc.Token, "result": "invalid"})
		}
	}
	raw, err := json.Marshal(map[string]any{"testGroups": []any{map[string]any{
		"comment": "own", "public": json.RawMessage(i.KeySet()), "tests": tests,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range wycheproofFiles {
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// vouches says whether a key of the set has signed.
func vouches(keys []byte, jws string) bool {
	set, err := ParseKeySet(keys)
	if err != nil {
		return false
	}
	t, _, err := parseHeader(jws)
	if err != nil {
		return false
	}
	_, err = set.verify(t)
	return err == nil
}
