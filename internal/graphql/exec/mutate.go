package exec

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"preamp/internal/db"
	"preamp/internal/graphql/plan"
)

// mutate runs the statements of a mutation in one transaction: what it changes,
// the relations of its answer and, if it changed no row, why.
func (e *Executor) mutate(ctx context.Context, d *db.DB, f *plan.Field, state *fieldState, b *plan.Bound, room *budget) value {
	steps := [2]*plan.Bound{b}
	answer := b
	if b.Answer != nil { // relations are read before the row goes, and otherwise when it is written
		answer = b.Answer
		steps[1] = answer
		if b.Statement.Kind == plan.Delete {
			steps[0], steps[1] = answer, b
		}
	}
	var sql [2]string
	for i, s := range steps {
		if s != nil {
			sql[i] = e.sql(state, s)
		}
	}
	var text []byte
	var holds []bool
	found := false
	err := d.Tx(ctx, func(tx *db.Tx) error {
		text, holds, found = nil, nil, false
		for i, s := range steps {
			if s == nil {
				continue
			}
			got, ok, err := row(tx, sql[i], s)
			if err != nil {
				return err
			}
			if !ok {
				holds, err = e.explain(tx, state, b)
				return err
			}
			if s == answer {
				text = got
			}
		}
		found = true
		return nil
	})
	switch {
	case err != nil:
		return e.failed(ctx, f, err, room)
	case !found:
		return value{errs: []*plan.Error{unchanged(f, b, holds)}}
	}
	return e.answer(ctx, f, answer, text, room)
}

// row runs a statement; ok is false when it answers no row.
func row(tx *db.Tx, sql string, b *plan.Bound) (text []byte, ok bool, err error) {
	err = tx.Row(sql, b.Params...).Scan(&text)
	if errors.Is(err, db.ErrNoRows) {
		return nil, false, nil
	}
	return text, err == nil, err
}

// explain asks what there is to know about the row that a mutation did not
// change: nothing if there is none.
func (e *Executor) explain(tx *db.Tx, state *fieldState, b *plan.Bound) ([]bool, error) {
	if b.Explain == nil {
		return nil, nil
	}
	text, ok, err := row(tx, e.sql(state, b.Explain), b.Explain)
	if err != nil || !ok {
		return nil, err
	}
	holds := make([]bool, 0, len(text)/2)
	for _, c := range text {
		if c == '0' || c == '1' {
			holds = append(holds, c == '1')
		}
	}
	return holds, nil
}

// unchanged is the error of a mutation that changed no row.
func unchanged(f *plan.Field, b *plan.Bound, holds []bool) *plan.Error {
	if b.Judge != nil {
		if err := b.Judge(holds); err != nil {
			return err
		}
	}
	return f.Error(plan.TypeConditional,
		"The conditional request failed (Service: DynamoDb, Status Code: 400, Request ID: "+uuid.NewString()+")")
}
