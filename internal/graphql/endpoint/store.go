package endpoint

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/graphql/sqlgen"
	"preamp/internal/graphql/transform"
	"preamp/internal/id"
	"preamp/internal/keys"
)

//go:embed migrations
var migrations embed.FS

// EnvLine are the migrations of the environment tables of this package.
func EnvLine() db.Line {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("endpoint: the embedded migrations are missing: " + err.Error())
	}
	return db.Line{Name: "graphql", FS: sub}
}

// Version is a compiled schema of an API, as it is stored: what it was compiled
// from, and where its rows are.
type Version struct {
	Number  int64
	Source  string
	Options transform.Options
	// Auth are the settings of the authentication modes that Options names.
	Auth Auth
	// Layout includes the hidden tables and columns of earlier versions.
	Layout transform.Layout
}

// CreateAPI makes the record of an API that has no version yet. It is no error
// when there is one already.
func CreateAPI(tx *db.Tx, apiID, name string, nowMS int64) error {
	_, err := tx.Exec(`INSERT INTO env.api (id, name, live_version, created_ms) VALUES ($1, $2, 0, $3) ON CONFLICT (id) DO NOTHING`,
		apiID, name, nowMS)
	if err != nil {
		return fmt.Errorf("insert API: %w", err)
	}
	return nil
}

// PutVersion stores a version of an API. It is not live before Publish.
func PutVersion(tx *db.Tx, apiID string, v Version) error {
	options, err := json.Marshal(v.Options)
	if err != nil {
		return fmt.Errorf("encode options: %w", err)
	}
	where, err := json.Marshal(v.Layout)
	if err != nil {
		return fmt.Errorf("encode layout: %w", err)
	}
	auth, err := json.Marshal(v.Auth)
	if err != nil {
		return fmt.Errorf("encode authentication: %w", err)
	}
	_, err = tx.Exec(`
		INSERT INTO env.api_version (api, version, source, options, layout, auth, created_ms, key_before_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT coalesce(max(expires_ms), 0) FROM env.api_key WHERE api = $1))
		ON CONFLICT (api, version) DO UPDATE SET source = excluded.source, options = excluded.options, layout = excluded.layout,
			auth = excluded.auth`,
		apiID, v.Number, v.Source, string(options), string(where), string(auth), time.Now().UnixMilli())
	if err != nil {
		return fmt.Errorf("insert version: %w", err)
	}
	return nil
}

// Prune deletes the versions before the given one: those that nothing goes back
// to. Their tables and columns live on in the layouts of later versions.
func Prune(tx *db.Tx, apiID string, before int64) error {
	if _, err := tx.Exec(`DELETE FROM env.api_version WHERE api = $1 AND version < $2`, apiID, before); err != nil {
		return fmt.Errorf("delete old versions: %w", err)
	}
	return nil
}

// Publish makes a version the live one. errs.NotFound when there is no such API.
func Publish(tx *db.Tx, apiID string, version int64) error {
	n, err := tx.Exec(`UPDATE env.api SET live_version = $2 WHERE id = $1`, apiID, version)
	if err != nil {
		return fmt.Errorf("publish version: %w", err)
	}
	if n == 0 {
		return missingAPI(apiID)
	}
	return nil
}

// LiveVersion is the version that serves. errs.NotFound when there is none.
func LiveVersion(q *db.Query, apiID string) (Version, error) {
	return scanVersion(q.Row(`
		SELECT v.version, v.source, v.options, v.layout, v.auth FROM env.api a
		JOIN env.api_version v ON v.api = a.id AND v.version = a.live_version WHERE a.id = $1`, apiID), apiID)
}

func scanVersion(row db.Row, apiID string) (Version, error) {
	var v Version
	var options, layout, auth string
	switch err := row.Scan(&v.Number, &v.Source, &options, &layout, &auth); {
	case errors.Is(err, db.ErrNoRows):
		return Version{}, missingAPI(apiID)
	case err != nil:
		return Version{}, fmt.Errorf("read version: %w", err)
	}
	if err := json.Unmarshal([]byte(options), &v.Options); err != nil {
		return Version{}, fmt.Errorf("decode options: %w", err)
	}
	if err := json.Unmarshal([]byte(layout), &v.Layout); err != nil {
		return Version{}, fmt.Errorf("decode layout: %w", err)
	}
	if err := json.Unmarshal([]byte(auth), &v.Auth); err != nil {
		return Version{}, fmt.Errorf("decode authentication: %w", err)
	}
	return v, nil
}

// BindUserPool tells all APIs that go by the user pool of their environment which
// one that is; empty for none. Other nodes notice within seconds.
func BindUserPool(tx *db.Tx, pool string) error {
	type row struct {
		api     string
		version int64
		auth    string
	}
	var changed []row
	err := tx.Each(`SELECT api, version, auth FROM env.api_version`, nil, func(r db.Row) error {
		var v row
		var auth Auth
		if err := r.Scan(&v.api, &v.version, &v.auth); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(v.auth), &auth); err != nil {
			return fmt.Errorf("decode authentication: %w", err)
		}
		if !auth.Own || auth.UserPool == pool {
			return nil
		}
		auth.UserPool = pool
		text, err := json.Marshal(auth)
		v.auth = string(text)
		changed = append(changed, v)
		return err
	})
	if err != nil {
		return fmt.Errorf("read versions: %w", err)
	}
	for _, v := range changed {
		if _, err := tx.Exec(`UPDATE env.api_version SET auth = $3 WHERE api = $1 AND version = $2`, v.api, v.version, v.auth); err != nil {
			return fmt.Errorf("bind user pool: %w", err)
		}
	}
	return nil
}

// Withdraw takes back a version that a job built and did not finish: its tables,
// columns and indexes, and, if it is live, makes the one before it live again. An
// API whose only version it is goes altogether. It is no error when there is no
// such version.
func Withdraw(tx *db.Tx, apiID string, version int64) error {
	q := tx.Query()
	gone, err := scanVersion(q.Row(`SELECT version, source, options, layout, auth FROM env.api_version WHERE api = $1 AND version = $2`, apiID, version), apiID)
	if errs.KindOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	before, err := scanVersion(q.Row(`
		SELECT version, source, options, layout, auth FROM env.api_version WHERE api = $1 AND version < $2
		ORDER BY version DESC LIMIT 1`, apiID, version), apiID)
	if errs.KindOf(err) == errs.NotFound {
		return RemoveAPI(tx, apiID)
	}
	if err != nil {
		return err
	}
	_, added, err := transform.Merge(before.Layout, gone.Layout)
	if err != nil {
		return fmt.Errorf("compare layouts: %w", err)
	}
	if err := revertChanges(tx, added); err != nil {
		return err
	}
	if err := revertKey(tx, apiID, version); err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM env.api_version WHERE api = $1 AND version = $2`, apiID, version); err != nil {
		return fmt.Errorf("delete version: %w", err)
	}
	_, err = tx.Exec(`UPDATE env.api SET live_version = $2 WHERE id = $1 AND live_version = $3`, apiID, before.Number, version)
	if err != nil {
		return fmt.Errorf("publish the version before: %w", err)
	}
	return nil
}

// revertKey gives the API key the life that it had before a version, and takes
// away one that the version brought.
func revertKey(tx *db.Tx, apiID string, version int64) error {
	for _, statement := range []string{
		`UPDATE env.api_key SET expires_ms = (SELECT key_before_ms FROM env.api_version WHERE api = $1 AND version = $2) WHERE api = $1`,
		`DELETE FROM env.api_key WHERE api = $1 AND expires_ms = 0 AND EXISTS (SELECT 1 FROM env.api_version WHERE api = $1 AND version = $2)`,
	} {
		if _, err := tx.Exec(statement, apiID, version); err != nil {
			return fmt.Errorf("take back the life of the API key: %w", err)
		}
	}
	return nil
}

// RemoveAPI deletes an API, its keys, versions and rows. It is no error when it
// is gone already.
func RemoveAPI(tx *db.Tx, apiID string) error {
	tables := map[string]transform.Table{}
	err := tx.Each(`SELECT layout FROM env.api_version WHERE api = $1`, []any{apiID}, func(r db.Row) error {
		var text string
		var layout transform.Layout
		if err := r.Scan(&text); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &layout); err != nil {
			return err
		}
		for _, t := range layout.Tables {
			tables[t.Name] = t
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read layouts: %w", err)
	}
	for _, t := range tables {
		if _, err := tx.Exec(sqlgen.DropTable(t)); err != nil {
			return fmt.Errorf("drop table: %w", err)
		}
	}
	for _, statement := range []string{
		`DELETE FROM env.api_key WHERE api = $1`,
		`DELETE FROM env.api_version WHERE api = $1`,
		`DELETE FROM env.api WHERE id = $1`,
	} {
		if _, err := tx.Exec(statement, apiID); err != nil {
			return fmt.Errorf("remove API: %w", err)
		}
	}
	return nil
}

// Key is an API key.
type Key struct {
	ID        string
	Value     string
	ExpiresMS int64
}

// PutKey gives an API a key.
func PutKey(tx *db.Tx, s *keys.Sealer, apiID, value string, expiresMS int64) error {
	keyID := id.NewUUID()
	_, err := tx.Exec(`INSERT INTO env.api_key (id, api, hash, value_sealed, expires_ms, created_ms) VALUES ($1, $2, $3, $4, $5, $6)`,
		keyID, apiID, hashKey(value), s.Seal(keyAAD(keyID), []byte(value)), expiresMS, time.Now().UnixMilli())
	if err != nil {
		return fmt.Errorf("insert API key: %w", err)
	}
	return nil
}

// ExtendKey changes when the keys of an API end. The keys stay the same.
func ExtendKey(tx *db.Tx, apiID string, expiresMS int64) error {
	if _, err := tx.Exec(`UPDATE env.api_key SET expires_ms = $2 WHERE api = $1`, apiID, expiresMS); err != nil {
		return fmt.Errorf("extend API key: %w", err)
	}
	return nil
}

// RemoveKeys takes away the keys of an API.
func RemoveKeys(tx *db.Tx, apiID string) error {
	if _, err := tx.Exec(`DELETE FROM env.api_key WHERE api = $1`, apiID); err != nil {
		return fmt.Errorf("delete API keys: %w", err)
	}
	return nil
}

// Keys are the keys of an API, the oldest first.
func Keys(q *db.Query, s *keys.Sealer, apiID string) ([]Key, error) {
	var found []Key
	err := q.Each(`SELECT id, value_sealed, expires_ms FROM env.api_key WHERE api = $1 ORDER BY created_ms, id`, []any{apiID}, func(r db.Row) error {
		var k Key
		var sealed []byte
		if err := r.Scan(&k.ID, &sealed, &k.ExpiresMS); err != nil {
			return err
		}
		value, err := s.Open(keyAAD(k.ID), sealed)
		k.Value = string(value)
		found = append(found, k)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read API keys: %w", err)
	}
	return found, nil
}

func keyAAD(keyID string) string { return "api_key.value." + keyID }

// hashKey is what a key is looked up by. A key has 134 random bits, so a fast
// hash keeps it as safe as a slow one would.
func hashKey(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}

func missingAPI(apiID string) error {
	return errs.Missing("Api", "The API %s does not exist", apiID)
}
