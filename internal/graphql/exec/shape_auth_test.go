package exec_test

import (
	"testing"

	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/sqlgen"
	"preamp/internal/graphql/transform"
)

// TestShapesOfWhatIsHidden asserts that statements which differ only in what they
// hide have different shapes: else one caller would be answered with the SQL of
// another.
func TestShapesOfWhatIsHidden(t *testing.T) {
	t.Parallel()
	column := plan.Column{Name: "owner_1", Storage: transform.Text}
	groups := plan.Column{Name: "groups_2", Storage: transform.JSON}
	of := func(op plan.PredOp, c plan.Column, list ...plan.Param) plan.Pred {
		return plan.Pred{Op: op, Column: c, List: list}
	}
	mine := of(plan.OneOf, column, 2)
	never, always := plan.Pred{Op: plan.Never}, plan.Pred{Op: plan.Always}
	masks := func(wheres ...[]plan.Pred) func(*plan.Statement) {
		return func(s *plan.Statement) {
			s.Masks = nil
			for _, w := range wheres {
				s.Masks = append(s.Masks, plan.Mask{Where: w, Mark: 9})
			}
		}
	}
	preds := func(p ...plan.Pred) []plan.Pred { return p }
	visible := func(p ...plan.Pred) func(*plan.Statement) {
		return func(s *plan.Statement) { s.Visible, s.HiddenMark = p, 8 }
	}
	variants := map[string]func(*plan.Statement){
		"two masks":                   masks(preds(mine), preds(mine)),
		"the first is never":          masks(preds(never), preds(mine)),
		"the second is never":         masks(preds(mine), preds(never)),
		"both are never":              masks(preds(never), preds(never)),
		"the first is open":           masks(nil, preds(mine)),
		"the second is open":          masks(preds(mine), nil),
		"the first is always":         masks(preds(mine, always), preds(mine)),
		"of two":                      masks(preds(of(plan.OneOf, column, 2, 3)), preds(mine)),
		"of three":                    masks(preds(of(plan.OneOf, column, 2, 3, 4)), preds(mine)),
		"of two, the second":          masks(preds(mine), preds(of(plan.OneOf, column, 2, 3))),
		"others":                      masks(preds(of(plan.OneOf, column, 3, 2)), preds(mine)),
		"not":                         masks(preds(plan.Pred{Op: plan.OneOf, Not: true, Column: column, List: []plan.Param{2}}), preds(mine)),
		"list":                        masks(preds(of(plan.HoldsOneOf, groups, 2)), preds(mine)),
		"list of two":                 masks(preds(of(plan.HoldsOneOf, groups, 2, 3)), preds(mine)),
		"two conditions":              masks(preds(mine, of(plan.OneOf, column, 3)), preds(mine)),
		"one of two":                  masks(preds(plan.Pred{Op: plan.Or, Kids: preds(mine, of(plan.OneOf, column, 3))}), preds(mine)),
		"moved to the second":         masks(preds(mine), preds(mine, mine)),
		"stays with the first":        masks(preds(mine, mine), preds(mine)),
		"visible":                     visible(mine),
		"visible to two":              visible(of(plan.OneOf, column, 2, 3)),
		"visible twice":               visible(mine, mine),
		"never visible":               visible(never),
		"condition in place":          func(s *plan.Statement) { s.Where = append(s.Where, mine) },
		"longer condition":            func(s *plan.Statement) { s.Where = append(s.Where, of(plan.OneOf, column, 2, 3)) },
		"another mark of owners":      func(s *plan.Statement) { s.OwnerMark = 10 },
		"the relation visible":        func(s *plan.Statement) { visible(mine)(s.Nested[0]) },
		"the relation visible to two": func(s *plan.Statement) { visible(of(plan.OneOf, column, 2, 3))(s.Nested[0]) },
		"the relation never visible":  func(s *plan.Statement) { visible(never)(s.Nested[0]) },
		"the relation failed": func(s *plan.Statement) {
			s.Nested[0] = &plan.Statement{Kind: plan.Failure, FailMark: 8}
		},
		"probe":        func(s *plan.Statement) { s.Kind, s.Checks = plan.Probe, preds(mine) },
		"probe of two": func(s *plan.Statement) { s.Kind, s.Checks = plan.Probe, preds(mine, mine) },
		"probe of others": func(s *plan.Statement) {
			s.Kind, s.Checks = plan.Probe, preds(of(plan.OneOf, column, 2, 3))
		},
	}
	text := named("String")
	out := &plan.Object{Type: "T", Fields: []plan.Output{
		{Key: "a", Kind: plan.FromColumn, Column: column, Type: text, Mask: 1, Owner: true},
		{Key: "b", Kind: plan.FromColumn, Column: column, Type: text, Mask: 2},
		{Key: "r", Kind: plan.Related, Type: text},
	}}
	shapes, texts := map[string]string{}, map[string]string{}
	for name, change := range variants {
		s := &plan.Statement{
			Kind: plan.SelectOne, Table: "t_1", Out: out, OwnerMark: 7, Where: []plan.Pred{{Op: plan.Equal, Column: column, Args: [2]plan.Param{1}}},
			Nested: []*plan.Statement{{
				Kind: plan.SelectOne, Table: "t_1", Out: &plan.Object{Type: "T", Fields: out.Fields[1:2]},
				Where: []plan.Pred{{Op: plan.Equal, Column: column, Outer: []plan.Column{column}}},
			}},
		}
		masks(preds(mine), preds(mine))(s)
		change(s)
		shape, sql := string(s.AppendShape(nil)), sqlgen.Generate(sqlgen.SQLite, s)
		if other, ok := texts[sql]; ok {
			t.Errorf("%q and %q are the same statement", name, other)
		}
		if other, ok := shapes[shape]; ok {
			t.Errorf("%q and %q share a shape", name, other)
		}
		shapes[shape], texts[sql] = name, name
	}
}
