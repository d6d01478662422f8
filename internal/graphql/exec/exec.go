package exec

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/authn"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/sqlgen"
	"preamp/internal/graphql/transform"
)

// Sealer seals the tokens of pages; *keys.Sealer is one.
type Sealer interface {
	SealToken(kind string, payload []byte, expires time.Time) string
	OpenToken(kind, token string, now time.Time) ([]byte, error)
}

// Limits bound a request.
type Limits struct {
	// Text, Tokens, Aliases and Fields bound the document; Depth does for most
	// callers and DepthAPIKey for those with an API key.
	Text, Tokens, Depth, DepthAPIKey, Aliases, Fields int
	// Page is the default size of a page, MaxPage the largest one.
	Page, MaxPage int
	// Time is how long a request may take.
	Time time.Duration
	// JSONDepth is how deep literals of the document may nest.
	JSONDepth int
	// Answer is how many bytes the values of the root fields may have together.
	Answer int64
}

// Config makes an Executor.
type Config struct {
	// API is the API to serve, ID its id.
	API *transform.API
	ID  string
	// Dialect is the dialect of the databases given to Execute.
	Dialect db.Dialect
	Sealer  Sealer
	Limits  Limits
	Logger  *slog.Logger
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// Trace is called with every statement before it runs; nil for none.
	Trace func(sql string, params []any)
}

// Executor executes requests on one version of an API. It is safe for
// concurrent use.
type Executor struct {
	c       Config
	schema  *plan.Schema
	dialect sqlgen.Dialect
	plans   *planCache
	nonce   string
	kind    string // of tokens
	env     plan.Env
}

// tokenLife is how long a nextToken is good for.
const tokenLife = 7 * 24 * time.Hour

// New makes an executor.
func New(c Config) (*Executor, error) {
	if c.API == nil || c.API.Schema == nil || c.Sealer == nil || c.ID == "" {
		return nil, errors.New("exec: API, ID and Sealer are required")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	e := &Executor{
		c: c, schema: plan.NewSchema(c.API), plans: newPlanCache(), nonce: "m" + rand.Text(), kind: "graphql.nextToken." + c.ID,
		dialect: sqlgen.SQLite,
	}
	if c.Dialect == db.Postgres {
		e.dialect = sqlgen.Postgres
	}
	e.env = plan.Env{
		NewID: uuid.NewString, NullMark: e.nonce + string(markNull), KeyMark: e.nonce + string(markKey), FailMark: e.nonce + string(markFail),
		OwnerMark: e.nonce + string(markOwner), OpenToken: e.openToken, Limit: c.Limits.Page, MaxLimit: c.Limits.MaxPage,
	}
	return e, nil
}

func (e *Executor) openToken(token string) ([]byte, error) {
	return e.c.Sealer.OpenToken(e.kind, token, e.c.Now())
}

// Request is one GraphQL request.
type Request struct {
	Query, OperationName string
	// Variables is an object or null.
	Variables scalar.Value
	Caller    authn.Caller
}

// Result says how a request went, for metrics.
type Result struct {
	// Operation is query, mutation or subscription, empty if there was none.
	Operation string
	// Errors is the number of entries in "errors".
	Errors int
	// Malformed says that the query text is no GraphQL document.
	Malformed bool
}

// value is the outcome of one root field.
type value struct {
	text []byte // JSON; nil is null
	errs []*plan.Error
}

// Execute appends the JSON answer of a request to out.
func (e *Executor) Execute(ctx context.Context, d *db.DB, r *Request, out []byte) ([]byte, Result) {
	var res Result
	fail := func(list ...*plan.Error) ([]byte, Result) {
		res.Errors, res.Malformed = len(list), list[0].Syntax
		return appendFailure(out, list), res
	}
	p, vars, list := e.prepare(r)
	if len(list) > 0 {
		return fail(list...)
	}
	res.Operation = string(p.plan.Operation.Kind)
	if e.c.Limits.Time > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, e.c.Limits.Time)
		defer cancel()
	}
	room := &budget{limit: e.c.Limits.Answer}
	var one [1]value
	values := one[:]
	if n := len(p.plan.Fields); n != 1 {
		values = make([]value, n)
	}
	if p.plan.Operation.Kind == ast.Mutation {
		env := e.env
		env.Now = e.c.Now().UTC().Format("2006-01-02T15:04:05.000Z")
		for i := range values {
			values[i] = e.field(ctx, d, p, i, r.Caller, vars, &env, room)
		}
	} else {
		e.query(ctx, d, p, r.Caller, vars, values, room)
	}
	out, res.Errors = appendAnswer(out, p.plan, values)
	return out, res
}

// prepare finds or makes the plan of a request and coerces its variables.
func (e *Executor) prepare(r *Request) (*planned, []plan.Var, []*plan.Error) {
	entry, list := e.plans.document(e, r)
	if list != nil {
		return nil, nil, list
	}
	op, err := entry.doc.Operation(r.OperationName)
	if err != nil {
		return nil, nil, []*plan.Error{err}
	}
	vars, err := op.Coerce(&r.Variables)
	if err != nil {
		return nil, nil, []*plan.Error{err}
	}
	return entry.plan(op, r.Caller, op.Conditions(vars)), vars, nil
}

// maxParallel is how many root fields of a query are read at the same time.
const maxParallel = 4

// query fills values. Only fields that ask the database are worth a goroutine,
// and a single one is not.
func (e *Executor) query(ctx context.Context, d *db.DB, p *planned, c authn.Caller, vars []plan.Var, values []value, room *budget) {
	if p.data <= 1 {
		for i := range values {
			values[i] = e.field(ctx, d, p, i, c, vars, &e.env, room)
		}
		return
	}
	var wg sync.WaitGroup
	next := make(chan int, len(values))
	for i := range values {
		next <- i
	}
	close(next)
	for range min(p.data, maxParallel) {
		wg.Go(func() {
			for i := range next {
				values[i] = e.field(ctx, d, p, i, c, vars, &e.env, room)
			}
		})
	}
	wg.Wait()
}

// field answers one root field. A panic is a fault of that field.
func (e *Executor) field(ctx context.Context, d *db.DB, p *planned, i int, c authn.Caller, vars []plan.Var, env *plan.Env, room *budget) (v value) {
	f := p.plan.Fields[i]
	defer func() {
		if caught := recover(); caught != nil {
			e.c.Logger.ErrorContext(ctx, "panic in field", "field", f.Name, "panic", caught)
			v = value{errs: []*plan.Error{internal(f)}}
		}
	}()
	if room.spent() {
		return room.refuse(f)
	}
	if err := f.Gate(c); err != nil {
		return value{errs: []*plan.Error{err}}
	}
	switch f.Kind {
	case plan.Constant:
		if !room.take(len(f.Text)) {
			return room.refuse(f)
		}
		return value{text: f.Text}
	case plan.Refused:
		return value{errs: []*plan.Error{f.Refusal}}
	case plan.Meta:
		text, err := f.Introspect(nil, vars)
		if err != nil {
			return value{errs: []*plan.Error{err}}
		}
		if !room.take(len(text)) {
			return room.refuse(f)
		}
		return value{text: text}
	}
	b, err := f.Bind(env, c, vars)
	if err != nil {
		return value{errs: []*plan.Error{err}}
	}
	return e.run(ctx, d, f, &p.fields[i], &b, room)
}

// run runs the statement of a field.
func (e *Executor) run(ctx context.Context, d *db.DB, f *plan.Field, state *fieldState, b *plan.Bound, room *budget) value {
	if b.Refused { // no row can be the one that is meant
		return value{errs: []*plan.Error{unchanged(f, b, nil)}}
	}
	if b.Statement == nil {
		return value{}
	}
	if b.Statement.Kind == plan.SelectOne || b.Statement.Kind == plan.SelectPage {
		text, err := d.Text(ctx, e.sql(state, b), b.Params...)
		if errors.Is(err, db.ErrNoRows) {
			return value{}
		}
		if err != nil {
			return e.failed(ctx, f, err, room)
		}
		return e.answer(ctx, f, b, text, room)
	}
	return e.mutate(ctx, d, f, state, b, room)
}

// sql is the SQL of a bound statement.
func (e *Executor) sql(state *fieldState, b *plan.Bound) string {
	sql := state.sql(e.dialect, b.Statement)
	if e.c.Trace != nil {
		e.c.Trace(sql, b.Params)
	}
	return sql
}

func internal(f *plan.Field) *plan.Error { return f.Error("InternalFailure", "internal error") }

// failed turns an error of the database into one for the client.
func (e *Executor) failed(ctx context.Context, f *plan.Field, err error, room *budget) value {
	public := errs.Public(err)
	switch {
	case db.IsTooLarge(err):
		room.exhaust()
		return room.refuse(f)
	case db.IsKeyTooLong(err):
		return value{errs: []*plan.Error{f.KeysTooLong()}}
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded):
		limit := f.Error(plan.TypeQueryLimit, "The request took longer than "+e.c.Limits.Time.String()+" (limit: execution time).")
		return value{errs: []*plan.Error{limit}}
	case errors.Is(ctx.Err(), context.Canceled):
		return value{errs: []*plan.Error{f.Error("InternalFailure", "the request was cancelled")}}
	case public.Kind == errs.Internal:
		e.c.Logger.ErrorContext(ctx, "field failed", "field", f.Name, "error", err)
		return value{errs: []*plan.Error{internal(f)}}
	}
	e.c.Logger.WarnContext(ctx, "field failed", "field", f.Name, "error", err)
	return value{errs: []*plan.Error{f.Error("ServiceUnavailableException", public.Message)}}
}
