package keys_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"preamp/internal/keys"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	const text = "hunter2"
	s := keys.NewSecret([]byte(text))
	holder := struct {
		Name   string
		Secret keys.Secret
		Ptr    *keys.Secret
	}{"n", s, &s}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+" "+verb+" "+verb+"\n", s, &s, holder)
	}
	fmt.Fprintln(&out, s, fmt.Sprint(s), s.String())
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("m", "secret", s, "pointer", &s, "holder", holder, "list", []keys.Secret{s})
	}
	for _, v := range []any{s, &s, holder, map[string]any{"k": s}} {
		if err := json.NewEncoder(&out).Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	for _, form := range []string{text, fmt.Sprintf("%x", text), fmt.Sprintf("%X", text), "104 117 110", "aHVudGVyMg"} {
		if strings.Contains(out.String(), form) {
			t.Errorf("printed as %q:\n%s", form, out.String())
		}
	}
	if !strings.Contains(out.String(), "[redacted]") {
		t.Error("nothing says that something was redacted")
	}
	if s.Reveal() != text || string(s.Bytes()) != text || s.Empty() {
		t.Error("Reveal or Bytes does not answer the secret")
	}
}

func TestSecretIsACopy(t *testing.T) {
	t.Parallel()
	b := []byte("abc")
	s := keys.NewSecret(b)
	b[0] = 'x'
	s.Bytes()[0] = 'y'
	if s.Reveal() != "abc" {
		t.Errorf("the secret became %q", s.Reveal())
	}
	if !s.Equal(keys.NewSecret([]byte("abc"))) || s.Equal(keys.NewSecret([]byte("abd"))) || s.Equal(keys.Secret{}) {
		t.Error("Equal is wrong")
	}
	if !(keys.Secret{}).Empty() {
		t.Error("the zero secret is not empty")
	}
}

func TestLoadOrCreateMaster(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	made := make([]keys.Secret, 8)
	var wg sync.WaitGroup
	for i := range made {
		wg.Go(func() {
			var err error
			if made[i], err = keys.LoadOrCreateMaster(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, s := range made {
		if !s.Equal(made[0]) || len(s.Bytes()) != 32 {
			t.Fatal("two processes made two keys")
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %04o", info.Mode().Perm())
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("files left over: %v, %v", left, err)
	}
	again, err := keys.MasterFromFile(path)
	if err != nil || !again.Equal(made[0]) {
		t.Errorf("read again: %v", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.LoadOrCreateMaster(path); err == nil || !strings.Contains(err.Error(), "0644") {
		t.Errorf("a key that others can read: %v", err)
	}
}

func TestMasterForms(t *testing.T) {
	const good = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	for _, c := range []struct {
		name, text string
		ok         bool
	}{
		{"plain", good, true},
		{"line end", good + "\r\n", true},
		{"empty", "", false},
		{"31 bytes", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQ==", false},
		{"33 bytes", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWZm", false},
		{"not base64", strings.Repeat("!", 44), false},
		{"two keys", good + "\n" + good, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PREAMP_TEST_KEY", c.text)
			fromFile, err1 := keys.MasterFromFile(path)
			fromEnv, err2 := keys.MasterFromEnv("PREAMP_TEST_KEY")
			if (err1 == nil) != c.ok || (err2 == nil) != c.ok {
				t.Fatalf("file: %v; variable: %v; want success %t", err1, err2, c.ok)
			}
			if c.ok {
				if fromFile.Reveal() != "0123456789abcdef0123456789abcdef" || !fromEnv.Equal(fromFile) {
					t.Error("wrong key")
				}
				return
			}
			if c.text != "" && strings.Contains(err1.Error()+err2.Error(), c.text) {
				t.Error("the error shows the text")
			}
		})
	}
	if _, err := keys.MasterFromFile(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that does not exist was read")
	}
}
