package exec

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"preamp/internal/authn"
	"preamp/internal/graphql/authz"
	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/sqlgen"
)

// The bounds of the caches of one API.
const (
	maxDocuments      = 512
	maxPlanBytes      = 16 << 20
	maxVariants       = 16
	maxStatements     = 2048
	maxStatementBytes = 8 << 20
	// maxLast is the longest SQL that is kept with its field; plan.Size counts
	// with it.
	maxLast = 4 << 10
	// documentCost is about what a parsed document takes per byte of text.
	documentCost = 48
)

// documentKey is the text of a query, and the caller's part of a plan. The text
// itself is compared, so there is no hash that could collide.
type documentKey struct{ query, caller string }

// planCache keeps valid documents with their plans, and the SQL of statements.
type planCache struct {
	mu         sync.Mutex
	documents  *simplelru.LRU[documentKey, *document]
	size       int
	statements *statementCache
}

func newPlanCache() *planCache {
	c := &planCache{statements: &statementCache{}}
	// The constructors fail for a size of 0 only.
	c.documents, _ = simplelru.NewLRU(maxDocuments, func(_ documentKey, d *document) {
		c.size -= d.cost()
		d.evicted = true
	})
	c.statements.list, _ = simplelru.NewLRU(maxStatements, func(k statementKey, sql string) { c.statements.size -= len(k.shape) + len(sql) })
	return c
}

// document is a valid document and its plans.
type document struct {
	cache *planCache
	doc   *plan.Document
	text  int // length of the query

	// last is the plan that was used last, which is nearly always the only one.
	last  atomic.Pointer[planned]
	mu    sync.Mutex
	plans map[variant]*planned

	// Guarded by the cache.
	bytes   int // of the plans
	evicted bool
}

func (d *document) cost() int { return documentCost*d.text + d.bytes }

// variant tells the plans of a document apart.
type variant struct {
	op         *plan.Operation
	conditions string
}

// planned is a plan with what is kept for each of its fields.
type planned struct {
	variant
	plan   *plan.Plan
	fields []fieldState
	data   int // fields that ask the database
}

// document finds a document, or parses it.
func (c *planCache) document(e *Executor, r *Request) (*document, []*plan.Error) {
	key := documentKey{query: r.Query, caller: authz.Shape(r.Caller)}
	c.mu.Lock()
	d, ok := c.documents.Get(key)
	c.mu.Unlock()
	if ok {
		return d, nil
	}
	l := e.c.Limits
	limits := plan.Limits{Text: l.Text, Tokens: l.Tokens, Depth: l.Depth, Aliases: l.Aliases, Fields: l.Fields, Nesting: l.JSONDepth}
	if r.Caller.Mode == authn.APIKey {
		limits.Depth = l.DepthAPIKey
	}
	key.query = strings.Clone(r.Query) // not the whole body
	doc, list := e.schema.Parse(key.query, limits)
	if len(list) > 0 {
		return nil, list
	}
	d = &document{cache: c, doc: doc, text: len(key.query), plans: map[variant]*planned{}}
	c.mu.Lock()
	defer c.mu.Unlock()
	if other, ok := c.documents.Get(key); ok { // another request was faster
		return other, nil
	}
	c.documents.Add(key, d)
	c.grow(d.cost())
	return d, nil
}

// grow accounts for memory and forgets the oldest documents over the bound, which
// may be all: one that is over the bound by itself is not kept.
func (c *planCache) grow(n int) {
	c.size += n
	for c.size > maxPlanBytes {
		c.documents.RemoveOldest()
	}
}

// plan finds or makes the plan of an operation.
func (d *document) plan(op *plan.Operation, c authn.Caller, conditions string) *planned {
	v := variant{op: op, conditions: conditions}
	if p := d.last.Load(); p != nil && p.variant == v {
		return p
	}
	d.mu.Lock()
	p := d.plans[v]
	d.mu.Unlock()
	if p == nil {
		p = d.make(v, c)
	}
	d.last.Store(p)
	return p
}

func (d *document) make(v variant, c authn.Caller) *planned {
	p := &planned{variant: v, plan: v.op.Plan(c, v.conditions)}
	p.fields = make([]fieldState, len(p.plan.Fields))
	for i, f := range p.plan.Fields {
		p.fields[i].cache = d.cache.statements
		if f.Kind == plan.Data {
			p.data++
		}
	}
	d.mu.Lock()
	full := len(d.plans) >= maxVariants
	if full {
		clear(d.plans)
	}
	d.plans[v] = p
	d.mu.Unlock()

	d.cache.mu.Lock()
	defer d.cache.mu.Unlock()
	before := d.bytes
	if full {
		d.bytes = 0
	}
	d.bytes += p.plan.Size()
	if !d.evicted {
		d.cache.grow(d.bytes - before)
	}
	return p
}

// statementKey is a field and the shape of what was bound to it.
type statementKey struct {
	field *fieldState
	shape string
}

// statementCache keeps SQL by shape.
type statementCache struct {
	mu   sync.Mutex
	list *simplelru.LRU[statementKey, string]
	size int
}

func (c *statementCache) get(k statementKey) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.list.Get(k)
}

func (c *statementCache) add(k statementKey, sql string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.list.Contains(k) {
		return
	}
	c.list.Add(k, sql)
	c.size += len(k.shape) + len(sql)
	for c.size > maxStatementBytes {
		c.list.RemoveOldest()
	}
}

// fieldState is the SQL of one planned field: the one that was used last is at
// hand, since most fields have one shape only.
type fieldState struct {
	cache *statementCache
	last  atomic.Pointer[statement]
}

type statement struct{ shape, sql string }

// sql is the SQL of a statement.
func (s *fieldState) sql(d sqlgen.Dialect, st *plan.Statement) string {
	var room [256]byte
	shape := st.AppendShape(room[:0])
	if last := s.last.Load(); last != nil && last.shape == string(shape) {
		return last.sql
	}
	key := statementKey{field: s, shape: string(shape)}
	sql, ok := s.cache.get(key)
	if !ok {
		sql = sqlgen.Generate(d, st)
		s.cache.add(key, sql)
	}
	if len(sql)+len(key.shape) <= maxLast {
		s.last.Store(&statement{shape: key.shape, sql: sql})
	}
	return sql
}
