package cli_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"preamp/internal/cli"
)

// production writes a configuration as a new production server has it: a master
// key, and no data directory yet.
func production(t *testing.T) (file, data string) {
	t.Helper()
	dir := t.TempDir()
	key := filepath.Join(dir, "master.key")
	if err := os.WriteFile(key, []byte(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))), 0o600); err != nil {
		t.Fatal(err)
	}
	data = filepath.Join(dir, "data")
	file = filepath.Join(dir, "preamp.yaml")
	if err := os.WriteFile(file, []byte("public_url: https://a.test\ndata: "+data+"\nmaster_key: {file: "+key+"}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return file, data
}

func TestKeysBeforeTheFirstStart(t *testing.T) {
	t.Parallel()
	file, data := production(t)
	r := run(t, nil, "keys", "create", "ci", "--format", "json", "--config", file)
	var k struct{ Name, AccessKeyID, SecretAccessKey string }
	r.out = strings.NewReplacer("access_key_id", "AccessKeyID", "secret_access_key", "SecretAccessKey").Replace(r.out)
	if err := json.Unmarshal([]byte(r.out), &k); err != nil || r.code != 0 || k.Name != "ci" || !strings.HasPrefix(k.AccessKeyID, "AKIA") || len(k.SecretAccessKey) != 40 {
		t.Fatalf("%d %q %q %v", r.code, r.out, r.err, err)
	}
	if info, err := os.Stat(data); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v %v", info, err)
	}
	r = run(t, nil, "keys", "create", "--config", file)
	if r.code != 0 || !strings.HasPrefix(r.out, "Access key id      AKIA") || !strings.Contains(r.err, "not shown again") {
		t.Errorf("%d %q %q", r.code, r.out, r.err)
	}
	r = run(t, nil, "keys", "create", "--format", "sh", "--config", file)
	if r.code != 0 || !strings.HasPrefix(r.out, "export AWS_ACCESS_KEY_ID=AKIA") {
		t.Errorf("%d %q %q", r.code, r.out, r.err)
	}
	if r := run(t, nil, "keys", "revoke", k.AccessKeyID, "--config", file); r.code != 0 || r.out != k.AccessKeyID+" revoked\n" {
		t.Errorf("%d %q %q", r.code, r.out, r.err)
	}
	r = run(t, nil, "keys", "list", "--config", file)
	if r.code != 0 || strings.Count(r.out, "active") != 2 || strings.Count(r.out, "revoked") != 1 || strings.Contains(r.out, k.SecretAccessKey) {
		t.Errorf("%d %q %q", r.code, r.out, r.err)
	}
	r = run(t, nil, "keys", "list", "--json", "--config", file)
	for line := range strings.Lines(r.out) {
		var row struct {
			ID      string `json:"access_key_id"`
			Revoked bool   `json:"revoked"`
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil || row.Revoked != (row.ID == k.AccessKeyID) {
			t.Errorf("%v %s", err, line)
		}
	}
	if r := run(t, nil, "keys", "revoke", "AKIANONE", "--config", file); r.code != cli.ExitFailure || !strings.Contains(r.err, "does not exist") {
		t.Errorf("%d %q", r.code, r.err)
	}
}

func TestKeysRefuse(t *testing.T) {
	t.Parallel()
	file, data := production(t)
	if r := run(t, nil, "keys", "create", "--config", file); r.code != 0 {
		t.Fatal(r.err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other.key")
	if err := os.WriteFile(other, []byte(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 32)))), 0o600); err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	wrong := filepath.Join(t.TempDir(), "preamp.yaml")
	head, _, _ := strings.Cut(text, "master_key")
	tests := []struct {
		name, text string
		args       []string
		code       int
		err        string
	}{
		{name: "another master key", text: head + "master_key: {file: " + other + "}\n", args: []string{"--config", wrong}, code: cli.ExitFailure, err: "master key"},
		{name: "no master key", text: head, args: []string{"--config", wrong}, code: cli.ExitFailure, err: "names no master key"},
		{name: "not a data directory", args: []string{"--data", filepath.Join(data, "slip")}, code: cli.ExitFailure, err: "is not the data directory"},
		{name: "both", args: []string{"--data", data, "--config", file}, code: cli.ExitUsage, err: "can't be used together"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.text != "" {
				if err := os.WriteFile(wrong, []byte(tt.text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			r := run(t, nil, append([]string{"keys", "list"}, tt.args...)...)
			if r.code != tt.code || r.out != "" || !strings.Contains(r.err, tt.err) {
				t.Errorf("%d %q %q", r.code, r.out, r.err)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(data, "slip")); err == nil {
		t.Error("a slip in --data made a directory")
	}
}
