package endpoint

import (
	"cmp"
	"time"
)

// Limits bound what one request may cost. A limit of zero is its default.
type Limits struct {
	// Body is the size of a request body in bytes: 1 MiB.
	Body int64
	// QueryText is the size of a query text in bytes, 65,536; Tokens the number
	// of its tokens, 15,000.
	QueryText, Tokens int
	// Depth is how deep a selection may nest, 75; for callers with an API key
	// DepthAPIKey, 20.
	Depth, DepthAPIKey int
	// Aliases is the number of aliases, and of root fields: 100.
	Aliases int
	// Fields is the number of selected fields: 10,000.
	Fields int
	// Page is the size of a page when the client gives none, 100; List the
	// largest one, 1,000.
	Page, List int
	// JSONDepth is how deep the request body, and literals in the query text,
	// may nest: 64.
	JSONDepth int
	// Answer is the size of the values of an answer in bytes: 5 MiB.
	Answer int64
	// Time is how long a request may take: 30 s.
	Time time.Duration
}

func (l Limits) withDefaults() Limits {
	l.Body = cmp.Or(l.Body, 1<<20)
	l.QueryText = cmp.Or(l.QueryText, 64<<10)
	l.Tokens = cmp.Or(l.Tokens, 15_000)
	l.Depth = cmp.Or(l.Depth, 75)
	l.DepthAPIKey = cmp.Or(l.DepthAPIKey, 20)
	l.Aliases = cmp.Or(l.Aliases, 100)
	l.Fields = cmp.Or(l.Fields, 10_000)
	l.List = cmp.Or(l.List, 1000)
	l.Page = min(cmp.Or(l.Page, 100), l.List)
	l.JSONDepth = cmp.Or(l.JSONDepth, 64)
	l.Answer = cmp.Or(l.Answer, 5<<20)
	l.Time = cmp.Or(l.Time, 30*time.Second)
	return l
}
