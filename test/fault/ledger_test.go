package fault_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"preamp/test/harness"
)

// ledger is what the server has acknowledged: an HTTP 200 that was read
// completely and names no errors. It survives the server.
type ledger struct {
	mu   sync.Mutex
	rows map[string]row // by id
	jobs []job
}

// row is an acknowledged todo. Its counter may be one ahead in the store: the
// answer of the last update was lost with the server.
type row struct {
	title string
	n     int
	ahead bool
}

func newLedger() *ledger { return &ledger{rows: map[string]row{}} }

func (l *ledger) put(id string, r row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows[id] = r
}

func (l *ledger) addJob(j job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.jobs = append(l.jobs, j)
}

func (l *ledger) counts() (rows, jobs int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.rows), len(l.jobs)
}

// pageRows is how many rows one request asks for.
const pageRows = 50

// losses reads every acknowledged row back and answers what is wrong with them,
// in the order of their ids.
func (l *ledger) losses(ctx context.Context, api harness.API) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []string
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(l.rows)), pageRows) {
		var q strings.Builder
		q.WriteString("{")
		for i, id := range ids {
			fmt.Fprintf(&q, " r%d: getTodo(id: %q) { title n }", i, id)
		}
		q.WriteString(" }")
		answer := api.Do(ctx, q.String(), nil)
		if !answer.OK() {
			return nil, fmt.Errorf("read %d rows back: %v", len(ids), answer)
		}
		for i, id := range ids {
			want := l.rows[id]
			got, _ := answer.Data[fmt.Sprint("r", i)].(harness.M)
			if got == nil {
				found = append(found, id+" is lost")
				continue
			}
			n, _ := got["n"].(float64)
			if got["title"] != want.title || (int(n) != want.n && !(want.ahead && int(n) == want.n+1)) {
				found = append(found, fmt.Sprintf("%s is %v, acknowledged was %+v", id, got, want))
			}
		}
	}
	return found, nil
}

// check is everything that must hold when the server runs again: rows, jobs, and
// no environment in the store that the registry does not know.
func (w *world) check(ctx context.Context, l *ledger, api harness.API) []string {
	var wrong []string
	lost, err := l.losses(ctx, api)
	if err != nil {
		wrong = append(wrong, err.Error())
	}
	wrong = append(wrong, lost...)
	for _, j := range l.jobs {
		if err := w.jobEnds(ctx, j); err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	return append(wrong, w.orphans(ctx)...)
}

// orphans compares the environments that the store holds with those that the
// registry knows.
func (w *world) orphans(ctx context.Context) []string {
	stored, err := w.uids()
	if err != nil {
		return []string{err.Error()}
	}
	status, err := w.Now(ctx)
	if err != nil {
		return []string{err.Error()}
	}
	known := 0
	for _, app := range status.Apps {
		known += len(app.Environments)
	}
	if len(stored) != known {
		return []string{fmt.Sprintf("the store holds %d environments %v, the registry knows %d", len(stored), stored, known)}
	}
	return nil
}
