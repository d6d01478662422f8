package userpool_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"preamp/internal/db"
	"preamp/internal/userpool"
)

// Every statement of a sign-in and of a list is served by an index on both
// stores, whatever the number of users; those that look at every user are named.
func TestPlans(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		hash := argonHash("argon2id")
		for from := 0; from < 2000; from += userpool.MaxImport {
			list := make([]userpool.ImportUser, userpool.MaxImport)
			for i := range list {
				name := fmt.Sprintf("user%06d", from+i)
				list[i] = withHash(name, hash)
				list[i].Attributes = map[string]string{"email": name + "@example.com", "name": "A User"}
			}
			f.bring(t, list...)
		}
		for _, c := range []struct{ name, filter, index string }{
			{"all", "", "user_account"},
			{"user name", `username = "user000001"`, "user_search"},
			{"sub", `sub = "x"`, "user_search"},
			{"e-mail", `email = "user000001@example.com"`, "user_search"},
			{"beginning of an e-mail", `email ^= "user0001"`, "user_search"},
			{"name", `name = "A User"`, "user_search"},
			{"family name", `family_name ^= "A"`, "user_search"},
			{"state", `cognito:user_status = "CONFIRMED"`, "user_search"},
			{"enabled", `status = "Disabled"`, "user_search"},
		} {
			sql, args := userpool.ListStatement(c.filter, poolID)
			plan := f.explain(t, sql, args)
			if !strings.Contains(plan, c.index) || anyScan.MatchString(plan) || sorts.MatchString(plan) {
				t.Errorf("%s: not in the order of an index of %s:\n%s", c.name, c.index, plan)
			}
		}
		for name, sql := range map[string]string{
			"user of a name": `SELECT u.id FROM env.user_name n JOIN env.user_account u ON u.id = n.user_id WHERE n.pool = 'p' AND n.value = 'v'`,
			"attempts":       `SELECT count FROM env.user_attempt WHERE subject = 's' AND kind = 'k'`,
			"used session":   `SELECT 1 FROM env.user_used WHERE id = 'i'`,
			"groups of user": `SELECT g.name FROM env.user_member m JOIN env.user_group g ON g.pool = m.pool AND g.name = m.group_name WHERE m.user_id = 'u'`,
			"users of a group": `SELECT u.id FROM env.user_member m JOIN env.user_account u ON u.id = m.user_id
				WHERE m.pool = 'p' AND m.group_name = 'g' AND m.user_id > '' ORDER BY m.user_id LIMIT 61`,
		} {
			plan := f.explain(t, sql, nil)
			if anyScan.MatchString(plan) || sorts.MatchString(plan) {
				t.Errorf("%s: not by an index:\n%s", name, plan)
			}
		}
	})
}

var (
	anyScan = regexp.MustCompile(`(?m)Seq Scan on|SCAN [a-z_]+$`)
	sorts   = regexp.MustCompile(`Sort Key|TEMP B-TREE`)
)

func (f *fixture) explain(t testing.TB, sql string, args []any) string {
	t.Helper()
	var plan strings.Builder
	err := f.env.DB.Tx(t.Context(), func(tx *db.Tx) error {
		plan.Reset()
		if f.env.DB.Dialect() == db.Postgres {
			// The test's tables are so small that reading all of them is cheaper.
			for _, way := range []string{"seqscan", "hashjoin", "mergejoin", "bitmapscan", "sort"} {
				if _, err := tx.Exec(`SET LOCAL enable_` + way + ` = off`); err != nil {
					return err
				}
			}
			return tx.Each("EXPLAIN "+sql, args, func(r db.Row) error {
				var line string
				err := r.Scan(&line)
				plan.WriteString(line + "\n")
				return err
			})
		}
		return tx.Each("EXPLAIN QUERY PLAN "+sql, args, func(r db.Row) error {
			var a, b, c int64
			var line string
			err := r.Scan(&a, &b, &c, &line)
			plan.WriteString(line + "\n")
			return err
		})
	})
	must(t, "explain", err)
	return plan.String()
}
