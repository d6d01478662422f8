package sqlgen_test

import (
	"testing"

	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/sqlgen"
)

// TestText is the SQL of a few statements that hide something.
func TestText(t *testing.T) {
	t.Parallel()
	column := func(key string, c plan.Column, typ string) plan.Output {
		return plan.Output{Key: key, Kind: plan.FromColumn, Column: c, Type: typed(typ)}
	}
	masked := func(o plan.Output) plan.Output {
		o.Mask = 1
		return o
	}
	owned := func(o plan.Output) plan.Output {
		o.Owner = true
		return o
	}
	key := []plan.Pred{{Op: plan.Equal, Column: idColumn, Args: [2]plan.Param{1}}}
	mine := []plan.Pred{oneOf(ownerColumn, []plan.Param{2, 3})}
	masks := []plan.Mask{{Where: mine, Mark: 4}}
	tests := []struct {
		name             string
		st               plan.Statement
		sqlite, postgres string
	}{
		{
			"masks",
			plan.Statement{
				Kind: plan.SelectOne, Table: postTable, Where: key, NullMark: 5, Masks: masks,
				Out: only(masked(column("s", textColumn, "String")), masked(column("n", numberColumn, "Int")), masked(column("b", boolColumn, "Boolean!"))),
			},
			`SELECT json_object('s', CASE WHEN t."owner_2" IN ($2, $3) THEN t."s_7" ELSE $4 END, 'n', CASE WHEN t."owner_2" IN ($2, $3) THEN t."n_4" ELSE $4 END, ` +
				`'b', CASE WHEN t."owner_2" IN ($2, $3) THEN CASE t."b_6" WHEN 1 THEN json('true') WHEN 0 THEN json('false') ELSE $5 END ELSE $4 END) FROM env."post_1" AS t WHERE t."id_1" = $1`,
			`SELECT (json_build_object('s', CASE WHEN t."owner_2" IN ($2, $3) THEN t."s_7" ELSE $4::text END, 'n', CASE WHEN t."owner_2" IN ($2, $3) THEN to_json(t."n_4") ELSE to_json($4::text) END, ` +
				`'b', CASE WHEN t."owner_2" IN ($2, $3) THEN to_json(coalesce(to_json(t."b_6"), to_json($5::text))) ELSE to_json($4::text) END))::text FROM env."post_1" AS t WHERE t."id_1" = $1`,
		},
		{
			"everything is hidden",
			plan.Statement{
				Kind: plan.SelectPage, Table: postTable, Where: mine, Order: []plan.Column{idColumn}, After: []plan.Param{5}, Limit: 6, KeyMark: 7,
				Masks: []plan.Mask{{Where: []plan.Pred{nobody}, Mark: 4}}, Out: only(masked(items(only(idOutput))), masked(nextToken)),
				Nested: []*plan.Statement{{Kind: plan.Failure, FailMark: 1}},
			},
			`WITH unused AS (SELECT $7 AS p7, $6 AS p6, $5 AS p5, $2 AS p2, $3 AS p3, $1 AS p1) SELECT json_object('items', $4, 'nextToken', $4)`,
			`WITH unused AS (SELECT $7::text AS p7, $6::bigint AS p6, $5::text AS p5, $2::text AS p2, $3::text AS p3, $1::text AS p1) ` +
				`SELECT (json_build_object('items', $4::text, 'nextToken', $4::text))::text`,
		},
		{
			"owners of a changed row",
			plan.Statement{
				Kind: plan.Update, Table: postTable, Set: []plan.Assign{{Column: textColumn, Value: 6}}, OwnerMark: 5, Masks: masks,
				Where: append(key[:1:1], either(mine[0], holdsOneOf(groupsColumn, []plan.Param{7}), not(oneOf(ownerColumn, []plan.Param{8})))),
				Out:   only(owned(column("owner", ownerColumn, "String")), masked(owned(column("editors", editorsColumn, "[String]")))),
			},
			`UPDATE env."post_1" SET "s_7" = $6 WHERE "id_1" = $1 AND ("owner_2" IN ($2, $3) OR ("groups_3" IS NOT NULL AND EXISTS (SELECT 1 FROM json_each("groups_3") AS h ` +
				`WHERE h.type = 'text' AND h.value IN ($7))) OR ("owner_2" IS NULL OR NOT ("owner_2" IN ($8)))) ` +
				`RETURNING json_object('owner', json_array($5, "owner_2"), 'editors', CASE WHEN "owner_2" IN ($2, $3) THEN json_array($5, json("editors_9")) ELSE $4 END)`,
			`UPDATE env."post_1" SET "s_7" = $6 WHERE "id_1" = $1 AND ("owner_2" IN ($2, $3) OR ("groups_3" IS NOT NULL AND EXISTS (SELECT 1 FROM json_array_elements("groups_3"::json) AS h(value) ` +
				`WHERE json_typeof(h.value) = 'string' AND h.value #>> '{}' IN ($7))) OR ("owner_2" IS NULL OR NOT ("owner_2" IN ($8)))) ` +
				`RETURNING (json_build_object('owner', json_build_array($5::text, "owner_2"), 'editors', CASE WHEN "owner_2" IN ($2, $3) THEN json_build_array($5::text, "editors_9"::json) ELSE to_json($4::text) END))::text`,
		},
		{
			"rows that are hidden",
			plan.Statement{
				Kind: plan.SelectOne, Table: postTable, Where: key, Lock: true, Visible: mine, HiddenMark: 4,
				Out: only(plan.Output{Key: "r", Kind: plan.Related, Type: typed("Post")}),
				Nested: []*plan.Statement{{
					Kind: plan.SelectOne, Table: postTable, Where: []plan.Pred{{Op: plan.Equal, Column: idColumn, Outer: []plan.Column{parentColumn}}}, Order: []plan.Column{idColumn},
					Out: only(idOutput), Visible: mine, HiddenMark: 5,
				}},
			},
			`SELECT CASE WHEN t."owner_2" IN ($2, $3) THEN json_object('r', json((SELECT x FROM (SELECT CASE WHEN t1."owner_2" IN ($2, $3) THEN json_object('id', t1."id_1") ELSE json_quote($5) END AS x ` +
				`FROM env."post_1" AS t1 WHERE t1."id_1" = t."parent_10" ORDER BY t1."id_1" LIMIT 1) AS o))) ELSE json_quote($4) END FROM env."post_1" AS t WHERE t."id_1" = $1`,
			`SELECT (CASE WHEN t."owner_2" IN ($2, $3) THEN json_build_object('r', (SELECT CASE WHEN t1."owner_2" IN ($2, $3) THEN json_build_object('id', t1."id_1") ELSE to_json($5::text) END ` +
				`FROM env."post_1" AS t1 WHERE t1."id_1" = t."parent_10" ORDER BY t1."id_1" LIMIT 1)) ELSE to_json($4::text) END)::text FROM env."post_1" AS t WHERE t."id_1" = $1 FOR UPDATE OF t`,
		},
		{
			"probe",
			plan.Statement{Kind: plan.Probe, Table: postTable, Where: key, Checks: []plan.Pred{mine[0], {Op: plan.Present, Column: textColumn}}},
			`SELECT '[' || CASE WHEN t."owner_2" IN ($2, $3) THEN '1' ELSE '0' END || ',' || CASE WHEN t."s_7" IS NOT NULL THEN '1' ELSE '0' END || ']' FROM env."post_1" AS t WHERE t."id_1" = $1`,
			`SELECT '[' || CASE WHEN t."owner_2" IN ($2, $3) THEN '1' ELSE '0' END || ',' || CASE WHEN t."s_7" IS NOT NULL THEN '1' ELSE '0' END || ']' FROM env."post_1" AS t WHERE t."id_1" = $1`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := sqlgen.Generate(sqlgen.SQLite, &tt.st); got != tt.sqlite {
				t.Errorf("SQLite:\n got %s\nwant %s", got, tt.sqlite)
			}
			if got := sqlgen.Generate(sqlgen.Postgres, &tt.st); got != tt.postgres {
				t.Errorf("PostgreSQL:\n got %s\nwant %s", got, tt.postgres)
			}
		})
	}
}
