package exec

import (
	"fmt"
	"strings"
	"testing"
)

// TestCachesAreBounded fills the caches with more than they may hold.
func TestCachesAreBounded(t *testing.T) {
	t.Parallel()
	c := newPlanCache()
	for i := range 3 * maxDocuments {
		d := &document{cache: c, text: 60_000}
		c.mu.Lock()
		c.documents.Add(documentKey{query: fmt.Sprint(i)}, d)
		c.grow(d.cost())
		c.mu.Unlock()
	}
	if c.size > maxPlanBytes || c.size < 0 || c.documents.Len() > maxDocuments || c.documents.Len() == 0 {
		t.Errorf("%d documents of %d bytes", c.documents.Len(), c.size)
	}
	for c.documents.Len() > 0 {
		c.documents.RemoveOldest()
	}
	if c.size != 0 {
		t.Errorf("an empty cache of %d bytes", c.size)
	}

	large := &document{cache: c, text: maxPlanBytes/documentCost + 1}
	c.mu.Lock()
	c.documents.Add(documentKey{query: "large"}, large)
	c.grow(large.cost())
	c.mu.Unlock()
	if c.size != 0 || c.documents.Len() != 0 || !large.evicted {
		t.Errorf("a document over the bound was kept: %d bytes", c.size)
	}

	f := &fieldState{cache: c.statements}
	for i := range 3 * maxStatements {
		k := statementKey{field: f, shape: fmt.Sprint(i)}
		c.statements.add(k, strings.Repeat("x", i))
		c.statements.add(k, strings.Repeat("x", i))
	}
	if c.statements.size > maxStatementBytes || c.statements.list.Len() > maxStatements {
		t.Errorf("%d statements of %d bytes", c.statements.list.Len(), c.statements.size)
	}
	for c.statements.list.Len() > 0 {
		c.statements.list.RemoveOldest()
	}
	if c.statements.size != 0 {
		t.Errorf("an empty cache of %d bytes", c.statements.size)
	}
	c.statements.add(statementKey{field: f}, strings.Repeat("x", maxStatementBytes+1))
	if c.statements.size != 0 {
		t.Errorf("a statement over the bound was kept: %d bytes", c.statements.size)
	}
}
