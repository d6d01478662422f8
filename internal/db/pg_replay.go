package db

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// replay makes schemas of new environments like the first one. Running the
// migrations takes goose several round trips and transactions per file; what it
// executed for one empty schema is recorded and sent for the next ones as one
// transaction. Should that fail, goose does it.
type replay struct {
	mu         sync.Mutex
	statements []statement // nil until an environment was made by goose
}

// statement is one recorded statement, cut where the name of the schema was.
type statement struct {
	parts []string
	args  []any
}

func (r *replay) get() []statement {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.statements
}

// recording collects the statements of one run of the migrations.
type recording struct {
	mu         sync.Mutex
	schema     string
	statements []statement
}

type recordingKey struct{}

// record answers a context whose statements on the migration connections are
// recorded.
func record(ctx context.Context, schema string) (context.Context, *recording) {
	rec := &recording{schema: schema}
	return context.WithValue(ctx, recordingKey{}, rec), rec
}

// keep stores what was recorded, after the migrations succeeded.
func (r *replay) keep(rec *recording) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec.mu.Lock()
	defer rec.mu.Unlock()
	r.statements = rec.statements
}

// tracer is the migration connections' view of their own statements.
type tracer struct{}

// TraceQueryStart records statements that change something.
func (tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	rec, ok := ctx.Value(recordingKey{}).(*recording)
	if !ok {
		return ctx
	}
	verb, _, _ := strings.Cut(strings.TrimSpace(q.SQL), " ")
	switch strings.ToLower(strings.TrimSuffix(verb, ";")) {
	case "begin", "commit", "rollback", "select", "set", "":
		return ctx
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.statements = append(rec.statements, statement{strings.Split(q.SQL, rec.schema), q.Args})
	return ctx
}

// TraceQueryEnd does nothing: a run in which a statement failed is not kept.
func (tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// replayInto makes a schema in one transaction on one of goose's connections.
// Those parse each statement when its turn comes; the connections of the pool
// would prepare the whole batch before its first statement runs.
func (e *pgEngine) replayInto(ctx context.Context, schema string, l *lines, f facts, done []statement) error {
	quoted := `"` + schema + `".`
	b := &pgx.Batch{}
	b.Queue("SET LOCAL synchronous_commit = on")
	b.Queue(`CREATE SCHEMA "` + schema + `"`)
	b.Queue(l.createMeta(quoted))
	for _, s := range done {
		b.Queue(strings.Join(s.parts, schema), s.args...)
	}
	// The recorded run has stored its own facts as its last statements.
	for name, value := range map[string]string{"uid": f.UID, "created_ms": strconv.FormatInt(f.Created, 10)} {
		b.Queue("UPDATE "+quoted+l.meta+" SET value = $2 WHERE name = $1", name, value)
	}
	conn, err := e.migrations.Conn(ctx)
	if err != nil {
		return err
	}
	err = conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("driver connection %T is not pgx", driver)
		}
		return pgx.BeginFunc(ctx, c.Conn(), func(tx pgx.Tx) error { return tx.SendBatch(ctx, b).Close() })
	})
	return errors.Join(err, conn.Close())
}
