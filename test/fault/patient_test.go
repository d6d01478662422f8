package fault_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"preamp/test/harness"
)

// passing are the messages of errors that may pass: the words for a client
// whose database is not there at the moment.
var passing = []string{
	"the database is unavailable", "the database is busy", "the database is being recovered", "the outcome of the write is unknown",
}

// modelled says what is wrong with an answer that may fail for a while: a field
// that failed is null and has the error of a service that is not available, or the
// API itself cannot be looked up, and the whole request is 503. What the database
// said about it stays inside, which the fixed set of messages is for.
func modelled(r harness.Result) error {
	switch {
	case r.Err != nil:
		return r.Err
	case r.OK():
		return nil
	case r.Status != http.StatusOK && r.Status != http.StatusServiceUnavailable || len(r.Errors) == 0:
		return fmt.Errorf("neither an answer nor an error: %v", r)
	}
	for _, e := range r.Errors {
		message, _ := e["message"].(string)
		if e["errorType"] != "ServiceUnavailableException" || !slices.Contains(passing, message) || (e["path"] == nil) == (r.Status == http.StatusOK) {
			return fmt.Errorf("not the error of a database that is not available: %v", r)
		}
	}
	for name, v := range r.Data {
		if v != nil {
			return fmt.Errorf("%s has a value and an error: %v", name, r)
		}
	}
	return nil
}

// patient creates todos and counts them up like writer, and goes on after an
// answer that says that the database is not available. What failed is not tried
// again: nobody knows whether it was done.
type patient struct {
	api    harness.API
	ledger *ledger
	body   string // makes rows as large as a test needs them
	done   atomic.Int64
	failed atomic.Int64
	whole  atomic.Int64 // of those that failed, requests without any answer of the API
}

func (p *patient) run(ctx context.Context, prefix string) error {
	for i := 0; ctx.Err() == nil; i++ {
		id := fmt.Sprint(prefix, "-", i)
		title := "title of " + id + p.body
		ok, err := p.try(ctx, `mutation ($input: CreateTodoInput!) { createTodo(input: $input) { id } }`,
			harness.M{"input": harness.M{"id": id, "title": title, "n": 0}})
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		p.ledger.put(id, row{title: title})
		for n := 1; n <= i%3; n++ {
			p.ledger.put(id, row{title: title, n: n - 1, ahead: true})
			ok, err := p.try(ctx, `mutation ($id: ID!, $n: Int) { updateTodo(input: {id: $id, n: $n}) { id } }`, harness.M{"id": id, "n": n})
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			p.ledger.put(id, row{title: title, n: n})
		}
	}
	return nil
}

func (p *patient) try(ctx context.Context, query string, variables harness.M) (ok bool, err error) {
	r := p.api.Do(ctx, query, variables)
	if ctx.Err() != nil {
		return false, nil // the end of the test's own request
	}
	if err := modelled(r); err != nil {
		return false, fmt.Errorf("%.60s…: %w", query, err)
	}
	if !r.OK() {
		p.failed.Add(1)
		if r.Status != http.StatusOK {
			p.whole.Add(1)
		}
		return false, nil
	}
	p.done.Add(1)
	return true, nil
}

// several runs the writer n times at once until ctx ends and answers what went
// wrong.
func (p *patient) several(ctx context.Context, n int, prefix string) *crowd {
	c := &crowd{}
	for i := range n {
		c.wg.Go(func() {
			if err := p.run(ctx, fmt.Sprint(prefix, "-", i)); err != nil {
				c.mu.Lock()
				c.wrong = append(c.wrong, err.Error())
				c.mu.Unlock()
			}
		})
	}
	return c
}

// crowd are writers that run.
type crowd struct {
	wg    sync.WaitGroup
	mu    sync.Mutex
	wrong []string
}

// wait returns when all have ended; an error tells what they complain of.
func (c *crowd) wait() error {
	c.wg.Wait()
	if len(c.wrong) > 0 {
		return fmt.Errorf("%s", strings.Join(c.wrong, "\n"))
	}
	return nil
}

// await waits for a condition; ctx bounds it.
func await(ctx context.Context, t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited for %s in vain", what)
		}
	}
}
