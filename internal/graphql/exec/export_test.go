package exec

import (
	"context"
	"log/slog"
	"time"

	"preamp/internal/graphql/plan"
)

// Marker takes marks out of texts that no database has made.
type Marker struct{ e *Executor }

// NewMarker makes a Marker whose marks begin with a nonce.
func NewMarker(nonce string, s Sealer) Marker {
	return Marker{&Executor{nonce: nonce, kind: "test", c: Config{Sealer: s, Now: time.Now, Logger: slog.New(slog.DiscardHandler)}}}
}

// Resolve is the value of a field whose statement answered text.
func (m Marker) Resolve(f *plan.Field, b *plan.Bound, text []byte) ([]byte, []*plan.Error) {
	v := m.e.answer(context.Background(), f, b, text, &budget{})
	return v.text, v.errs
}
