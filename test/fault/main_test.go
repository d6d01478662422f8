package fault_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"preamp/internal/db/dbtest"
	"preamp/test/harness"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// On PostgreSQL a test mostly waits for the lease of a dead process to end.
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("16")
	}
	harness.Main(m)
}

const schemaV1 = `type Todo @model @auth(rules: [{allow: public}]) {
  id: ID!
  title: String!
  n: Int
}
`

// schemaV2 has a field, a model and an index more.
const schemaV2 = `type Todo @model @auth(rules: [{allow: public}]) {
  id: ID!
  title: String! @index(name: "byTitle", queryField: "todosByTitle")
  n: Int
  extra: String
}
type Note @model @auth(rules: [{allow: public}]) {
  id: ID!
  text: String
}
`

// schemaBroken changes the type of a field: the job must fail.
const schemaBroken = `type Todo @model @auth(rules: [{allow: public}]) {
  id: ID!
  title: String!
  n: String
}
`

// store is a kind of database to run on.
type store string

const (
	sqlite   store = "sqlite"
	postgres store = "postgres"
)

// eachStore runs fn on SQLite and on PostgreSQL.
func eachStore(t *testing.T, fn func(t *testing.T, st store)) {
	for _, st := range []store{sqlite, postgres} {
		t.Run(string(st), func(t *testing.T) {
			t.Parallel()
			if st == postgres {
				harness.Without(t, "postgres")
			}
			fn(t, st)
		})
	}
}

// world is a server to be killed and the client that judges it.
type world struct {
	*harness.Server
	store store
	over  atomic.Bool // the server is about to be killed
}

// newWorld prepares a server: dev on SQLite, serve on PostgreSQL, as people run
// them. Limits of the rate of requests are not what is tested here.
func newWorld(t *testing.T, st store, binary string) *world {
	t.Helper()
	if st == sqlite {
		return &world{Server: harness.NewDev(t, binary), store: st}
	}
	return &world{store: st, Server: harness.NewServe(t, harness.ServeOptions{
		Binary: binary, Database: dbtest.Database(t),
		Extra: "limits:\n  requests_per_second: 1000000\n  request_burst: 1000000\n",
	})}
}

// uids are the environments that the store holds, whatever the registry says.
func (w *world) uids() ([]string, error) {
	var uids []string
	if w.store == sqlite {
		for _, file := range w.EnvironmentFiles() {
			uids = append(uids, strings.TrimSuffix(filepath.Base(file), ".db"))
		}
		return uids, nil
	}
	return w.sql(`SELECT substr(nspname, 10) FROM pg_namespace WHERE nspname LIKE 'preamp\_e\_%' ORDER BY 1`)
}

// sql runs a statement in the PostgreSQL database and answers the words of its
// result.
func (w *world) sql(statement string) ([]string, error) {
	psql, err := lookPsql()
	if err != nil {
		return nil, err
	}
	out, err := exec.Command(psql, "-X", "-A", "-t", "-q", "-c", statement, w.Database).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("psql: %w\n%s", err, out)
	}
	return strings.Fields(string(out)), nil
}

func lookPsql() (string, error) {
	if path, err := exec.LookPath("psql"); err == nil {
		return path, nil
	}
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/psql"); len(found) > 0 {
		return slices.Max(found), nil
	}
	return "", fmt.Errorf("psql is missing: apt-get install postgresql (PATH %s)", os.Getenv("PATH"))
}
