package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"preamp/internal/db"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/graphql/transform"
)

// growthSize is a table of growthSchema.
type growthSize struct {
	model string
	rows  int
}

// growthSizes are the sizes that are compared, the smallest first.
var growthSizes = []growthSize{{"Small", 1_000}, {"Large", 1_000_000}}

const (
	// groupRows is how many rows an index query finds, of which it takes the
	// first 20, whatever the size of the table.
	groupRows = 50
	// flat is how many times slower a request may be on the largest table.
	flat = 1.3
)

// growthRow compares a request on the smallest and on the largest table.
type growthRow struct {
	name         string
	connections  int
	small, large []sample
}

// growth measures how a request goes with the size of its table. Requests walk
// over the whole table, so that its size is what they meet.
func (m *measurement) growth(ctx context.Context) error {
	url, credential := m.endpoint(growthAPI), m.credentials[growthAPI]
	for _, request := range []struct {
		name   string
		target func(g growthSize) target
	}{
		{"get", func(g growthSize) target {
			query := fmt.Sprintf(`query Get($id: ID!) { get%s(id: $id) { id group title createdAt updatedAt } }`, g.model)
			return target{
				body: g.walk(query, g.rows, func(n int) string { return fmt.Sprintf(`{"id":"row-%d"}`, n) }),
				want: []byte(`{"data":{"get` + g.model + `":{`),
			}
		}},
		{"index", func(g growthSize) target {
			query := fmt.Sprintf(`query Index($group: ID!) { by%sGroup(group: $group, limit: 20) { items { id group title createdAt updatedAt } nextToken } }`, g.model)
			return target{
				body: g.walk(query, g.rows/groupRows, func(n int) string { return fmt.Sprintf(`{"group":"group-%d"}`, n) }),
				want: []byte(`"row-`),
			}
		}},
	} {
		for _, connections := range m.connections {
			var targets []target
			for _, g := range growthSizes {
				t := request.target(g)
				t.url, t.header = url, jsonHeader(credential)
				targets = append(targets, t)
			}
			samples, err := race(ctx, targets, connections, m.each)
			if err != nil {
				return fmt.Errorf("growth of %s at %d: %w", request.name, connections, err)
			}
			m.report.growth = append(m.report.growth, growthRow{
				name: request.name, connections: connections, small: samples[0], large: samples[len(samples)-1],
			})
		}
	}
	return nil
}

// walk makes bodies whose variables go over 0 to n-1 in an order without
// neighbours, and goes on where it was in the next round.
func (g growthSize) walk(query string, n int, variables func(n int) string) func(int) []byte {
	const step = 7_368_787 // a prime that divides no size
	var at atomic.Int64
	return func(int) []byte { return graphqlBody(query, variables(int(at.Add(1)*step%int64(n)))) }
}

// fillGrowth writes the rows of the growth API straight into the database of a
// server that does not run: a million of them through the API would take most of
// the time of a run.
func fillGrowth(ctx context.Context, at place, apiID string, sizes []growthSize) (err error) {
	set, err := openSet(ctx, at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	env, release, err := onlyEnvironment(ctx, set)
	if err != nil {
		return err
	}
	defer release()
	var version endpoint.Version
	err = env.Read(ctx, func(q *db.Query) (err error) {
		version, err = endpoint.LiveVersion(q, apiID)
		return err
	})
	if err != nil {
		return err
	}
	for _, g := range sizes {
		statement, err := fillStatement(version.Layout, g.model)
		if err != nil {
			return err
		}
		const batch = 100_000
		for first := 0; first < g.rows; first += batch {
			err := env.Tx(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec(statement, first, min(first+batch, g.rows)-1)
				return err
			})
			if err != nil {
				return fmt.Errorf("fill %s: %w", g.model, err)
			}
		}
	}
	if at.url == "" {
		return nil
	}
	// As autovacuum would a minute later, in the middle of the measurement.
	d, err := sql.Open("pgx", at.url)
	if err != nil {
		return err
	}
	_, err = d.ExecContext(ctx, "VACUUM ANALYZE")
	return errors.Join(err, d.Close())
}

// fillStatement inserts the rows from $1 to $2, on either dialect.
func fillStatement(layout transform.Layout, model string) (string, error) {
	const moment = `'2026-01-01T00:00:00.' || substr('000' || (i % 1000), length('000' || (i % 1000)) - 2) || 'Z'`
	values := map[string]string{
		"id": `'row-' || i`, "group": fmt.Sprintf(`'group-' || (i / %d)`, groupRows), "title": `'title of row ' || i`,
		"createdAt": moment, "updatedAt": moment,
	}
	for _, t := range layout.Tables {
		if t.Model != model {
			continue
		}
		var names, texts []string
		for _, c := range t.Columns {
			text, ok := values[c.Field]
			if !ok {
				return "", fmt.Errorf("fill %s: no value for %s", model, c.Field)
			}
			names, texts = append(names, c.Name), append(texts, text)
		}
		return `WITH RECURSIVE n(i) AS (SELECT CAST($1 AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < CAST($2 AS bigint))
			INSERT INTO env."` + t.Name + `" ("` + strings.Join(names, `", "`) + `") SELECT ` + strings.Join(texts, ", ") + ` FROM n`, nil
	}
	return "", fmt.Errorf("fill %s: there is no table", model)
}
