package exec

import (
	"context"
	"fmt"
	"sync/atomic"

	"preamp/internal/graphql/plan"
)

// nullErrorCost is about what one entry of "errors" takes.
const nullErrorCost = 256

// budget is what the answer of one request may still take. Once it is spent, all
// further fields are refused before they run.
type budget struct {
	limit int64 // 0 is no limit
	used  atomic.Int64
}

// take takes n bytes and says whether they were left.
func (b *budget) take(n int) bool {
	used := b.used.Add(int64(n))
	return b.limit <= 0 || used <= b.limit
}

func (b *budget) spent() bool { return b.limit > 0 && b.used.Load() > b.limit }

// exhaust spends what is left.
func (b *budget) exhaust() { b.used.Add(b.limit + 1) }

// refuse is the value of a field that there is no room for.
func (b *budget) refuse(f *plan.Field) value {
	text := fmt.Sprintf("The response is larger than %d bytes (limit: response size).", b.limit)
	if b.limit <= 0 {
		text = "The response is too large (limit: response size)."
	}
	return value{errs: []*plan.Error{f.Error(plan.TypeQueryLimit, text)}}
}

// answer is the value of a field whose statement answered text. A mutation that
// there is no room for has been made all the same.
func (e *Executor) answer(ctx context.Context, f *plan.Field, b *plan.Bound, text []byte, room *budget) value {
	if !room.take(len(text)) {
		return room.refuse(f)
	}
	v := e.resolve(ctx, f, b, text, room)
	if len(v.errs) > 1 && !room.take(nullErrorCost*len(v.errs)) {
		return room.refuse(f)
	}
	return v
}
