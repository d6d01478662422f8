package amplifybackend_test

import (
	"encoding/json"
	"maps"
	"strings"

	"preamp/internal/db"
	"preamp/internal/provision"
)

// auth is a resourceConfig of CreateBackendAuth; members replace those of
// userPoolConfigs.
func auth(members obj) obj {
	users := obj{"userPoolName": "shoppers", "signInMethod": "EMAIL", "requiredSignUpAttributes": []string{"EMAIL"}}
	maps.Copy(users, members)
	return obj{
		"authResources": "IDENTITY_POOL_AND_USER_POOL", "service": "COGNITO",
		"identityPoolConfigs": obj{"identityPoolName": "shop_identities", "unauthenticatedLogin": true}, "userPoolConfigs": users,
	}
}

// userPoolOnly is auth without an identity pool.
func userPoolOnly(members obj) obj {
	c := auth(members)
	c["authResources"] = "USER_POOL_ONLY"
	delete(c, "identityPoolConfigs")
	return c
}

func oauth(members obj) obj {
	o := obj{
		"oAuthGrantType": "CODE", "oAuthScopes": []string{"EMAIL", "OPENID", "AWS_COGNITO_SIGNIN_USER_ADMIN"},
		"redirectSignInURIs": []string{"http://localhost:3000/"}, "redirectSignOutURIs": []string{"http://localhost:3000/bye", "myapp://out"},
	}
	maps.Copy(o, members)
	return o
}

// create makes the auth resource "users" of "dev".
func (w *world) create(config obj) {
	w.Helper()
	w.run("/backend/shop/auth", obj{"backendEnvironmentName": "dev", "resourceName": "users", "resourceConfig": config})
}

func creation(config obj) obj {
	return obj{"backendEnvironmentName": "dev", "resourceName": "users", "resourceConfig": config}
}

func update(users obj) obj {
	return obj{"resourceName": "users", "resourceConfig": obj{
		"authResources": "IDENTITY_POOL_AND_USER_POOL", "service": "COGNITO", "userPoolConfigs": users,
	}}
}

const (
	createPath = "/backend/shop/auth"
	updatePath = "/backend/shop/auth/dev"
	getPath    = "/backend/shop/auth/dev/details"
	deletePath = "/backend/shop/auth/dev/remove"
	importPath = "/backend/shop/auth/dev/import"
)

// dump is everything that a database holds, as text. schema is its name on
// PostgreSQL.
func (w *world) dump(d *db.DB, qualifier, schema string) string {
	w.Helper()
	columns := `SELECT m.name || ' ' || p.name || ' ' || p.type FROM sqlite_schema m, pragma_table_info(m.name) p WHERE m.type = 'table'`
	if d.Dialect() == db.Postgres {
		columns = `SELECT table_name || ' ' || column_name || ' ' || data_type FROM information_schema.columns WHERE table_schema = '` + schema + `'`
	}
	var b strings.Builder
	err := d.Read(w.Context(), func(q *db.Query) error {
		b.Reset()
		var all []string
		collect := func(r db.Row) error {
			var line string
			err := r.Scan(&line)
			all = append(all, line)
			return err
		}
		if err := q.Each(columns, nil, collect); err != nil {
			return err
		}
		found := all
		for _, line := range found {
			part := strings.SplitN(line, " ", 3)
			value := `CAST(` + part[1] + ` AS text)`
			if part[2] == "bytea" {
				value = `encode(` + part[1] + `, 'escape')`
			}
			all = nil
			if err := q.Each(`SELECT coalesce(`+value+`, '') FROM `+qualifier+part[0], nil, collect); err != nil {
				return err
			}
			b.WriteString(line + ": " + strings.Join(all, "\n") + "\n")
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	return b.String()
}

func decodeConfig(raw json.RawMessage) (c provision.ConsoleConfig, err error) {
	err = json.Unmarshal(raw, &c)
	return c, err
}
