package job

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"preamp/internal/db"
	"preamp/internal/errs"
)

// Bounds of a page of jobs.
const (
	defaultPage = 25
	maxPage     = 100
)

func missing(id string) error { return errs.Missing("Job", "The job %s does not exist.", id) }

// Get finds a job by its id, app and environment name; an app-level job under
// any environment name. errs.NotFound when there is none.
func (e *Engine) Get(ctx context.Context, app, env, id string) (j Job, err error) {
	err = e.Control.Read(ctx, func(q *db.Query) error {
		j, err = get(q, app, env, id)
		return err
	})
	return j, err
}

func get(q *db.Query, app, env, id string) (Job, error) {
	if !storable(app, env, id) {
		return Job{}, missing(strings.ToValidUTF8(id, "?"))
	}
	j, err := scanJob(q.Row(`
		SELECT `+jobColumns+` FROM ctl.job
		WHERE id = $1 AND app = $2 AND (env = $3 OR app_level = 1)`, id, app, env))
	if errors.Is(err, db.ErrNoRows) {
		return Job{}, missing(id)
	}
	if err != nil {
		return Job{}, fmt.Errorf("read job: %w", err)
	}
	return j, nil
}

// Cursor is a place in a list of jobs; the zero value is before the first. It is
// not secret, but clients must not be able to make one: transports seal it.
type Cursor struct {
	CreateMS int64  `json:"createMS"`
	ID       string `json:"id"`
}

// ListFilter selects jobs. Empty members select all; the others are compared for
// equality, with case.
type ListFilter struct {
	App, Env string
	// ID, Operation and Status (RUNNING, COMPLETED or FAILED).
	ID, Operation, Status string
	// Limit is the size of a page; 25 if zero, at most 100.
	Limit int
	After Cursor
}

// List answers a page of the jobs of an environment, the newest first, and the
// place where the next page begins; nil at the end. App-level jobs are in the
// list of every environment of their app.
func (e *Engine) List(ctx context.Context, f ListFilter) ([]Job, *Cursor, error) {
	jobs := []Job{}
	states, ok := statesOf[f.Status]
	if !ok || !storable(f.App, f.Env, f.ID, f.Operation, f.After.ID) {
		return jobs, nil, nil // nothing can be equal to it
	}
	limit := f.Limit
	if limit <= 0 {
		limit = defaultPage
	}
	limit = min(limit, maxPage)

	var sql strings.Builder
	args := []any{f.App, f.Env}
	and := func(condition string, values ...any) {
		sql.WriteString(" AND ")
		for i := range values {
			condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(args)+1+i), 1)
		}
		sql.WriteString(condition)
		args = append(args, values...)
	}
	sql.WriteString(`SELECT ` + jobColumns + ` FROM ctl.job WHERE app = $1 AND (env = $2 OR app_level = 1)`)
	if f.ID != "" {
		and("id = ?", f.ID)
	}
	if f.Operation != "" {
		and("kind = ?", f.Operation)
	}
	if len(states) > 0 {
		and("state IN (?, ?)", states[0], states[1])
	}
	if f.After != (Cursor{}) {
		and("(create_ms, id) < (?, ?)", f.After.CreateMS, f.After.ID)
	}
	args = append(args, limit+1)
	fmt.Fprintf(&sql, " ORDER BY create_ms DESC, id DESC LIMIT $%d", len(args))

	err := e.Control.Read(ctx, func(q *db.Query) error {
		jobs = jobs[:0]
		return q.Each(sql.String(), args, func(row db.Row) error {
			j, err := scanJob(row)
			jobs = append(jobs, j)
			return err
		})
	})
	if err != nil {
		return nil, nil, fmt.Errorf("list jobs: %w", err)
	}
	if len(jobs) <= limit {
		return jobs, nil, nil
	}
	jobs = jobs[:limit]
	last := jobs[limit-1]
	return jobs, &Cursor{CreateMS: last.Created, ID: last.ID}, nil
}

// statesOf maps a status word to the two states that have it.
var statesOf = map[string][]State{
	"":              nil,
	StatusRunning:   {Queued, Running},
	StatusCompleted: {Completed, Completed},
	StatusFailed:    {Failed, Failed},
}

// Running counts the jobs that are queued or running, on all nodes.
func (e *Engine) Running(ctx context.Context) (n int, err error) {
	err = e.Control.Read(ctx, func(q *db.Query) error {
		return q.Row(`SELECT count(*) FROM ctl.job WHERE active = 1 AND state IN ('queued', 'running')`).Scan(&n)
	})
	return n, err
}
