package harness

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// ServeOptions say how `preamp serve` is set up.
type ServeOptions struct {
	Binary   string // the plain build if empty
	Database string // a PostgreSQL URL; SQLite if empty
	// Extra is added to the configuration file.
	Extra string
}

// Unlimited is ServeOptions.Extra that takes the rates away, which would refuse
// the calls of a fast test before they are judged.
const Unlimited = `limits:
  requests_per_second: 100000
  cognito: {user_authentication: 0, user_creation: 0, user_account_recovery: 0, user_token: 0, user_read: 0, user_update: 0, user_list: 0,
    user_resource_read: 0, user_resource_update: 0, user_pool_read: 0, user_pool_update: 0, user_pool_resource_read: 0,
    user_pool_resource_update: 0, client_read: 0, client_update: 0, identity_get_id: 0, identity_open_id_token: 0, identity_credentials: 0,
    one_user_read: 0, one_user_write: 0}
`

// NewServe prepares `preamp serve --insecure` on a fresh data directory with a
// configuration file, a master key and a first access key, as an administrator
// does.
func NewServe(t testing.TB, o ServeOptions) *Server {
	t.Helper()
	if o.Binary == "" {
		o.Binary = Build(t)
	}
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	// The address must be known before the start: public_url names it.
	addr := freeAddr(t)
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	master := filepath.Join(dir, "master.key")
	write(t, master, base64.StdEncoding.EncodeToString(secret)+"\n")
	config := fmt.Sprintf("listen: %q\npublic_url: %q\ndata: %q\nmaster_key:\n  file: %q\n", addr, "http://"+addr, data, master)
	if o.Database != "" {
		config += fmt.Sprintf("database:\n  url: %q\n", o.Database)
	}
	file := filepath.Join(dir, "preamp.yaml")
	write(t, file, config+o.Extra)
	s := &Server{
		Binary: o.Binary, Data: data, Database: o.Database, logs: &logBuffer{},
		command: []string{"serve", "--config", file, "--insecure"},
	}
	s.cleanup(t)
	s.Key, s.Secret = s.NewKey(t, "suite")
	return s
}

// Config is the configuration file of a `preamp serve`.
func (s *Server) Config() string { return s.command[2] }

// NewKey makes an access key with `preamp keys create`, which works beside a
// running server and without one.
func (s *Server) NewKey(t testing.TB, name string) (id, secret string) {
	t.Helper()
	where := []string{"--data", s.Data}
	if s.command[0] == "serve" {
		where = []string{"--config", s.Config()}
	}
	var key struct {
		ID     string `json:"access_key_id"`
		Secret string `json:"secret_access_key"`
	}
	out := s.Run(t, append([]string{"keys", "create", name, "--format", "json"}, where...)...)
	if err := json.Unmarshal(out, &key); err != nil || key.ID == "" || key.Secret == "" {
		t.Fatalf("preamp keys create --format json printed no access key (%v):\n%s", err, out)
	}
	return key.ID, key.Secret
}

// Serve starts `preamp serve --insecure`.
func Serve(t testing.TB, o ServeOptions) *Server {
	t.Helper()
	s := NewServe(t, o)
	s.Start(t)
	return s
}

// freeAddr is an address that nothing listens on at the moment.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
