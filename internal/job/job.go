package job

import (
	"embed"
	"encoding/json"
	"io/fs"
	"strings"
	"unicode/utf8"

	"preamp/internal/db"
)

//go:embed migrations
var migrations embed.FS

// ControlLine are the migrations of the job tables in the control database.
func ControlLine() db.Line { return db.Line{Name: "job", FS: sub("migrations/control")} }

// EnvLine are the migrations of the job tables in an environment database.
func EnvLine() db.Line { return db.Line{Name: "job", FS: sub("migrations/env")} }

func sub(dir string) fs.FS {
	files, err := fs.Sub(migrations, dir)
	if err != nil {
		panic("job: the embedded migrations are missing: " + err.Error())
	}
	return files
}

// State is where a job is in its life.
type State string

// The states of a job. A job that failed or was cancelled is Failed.
const (
	Queued    State = "queued"
	Running   State = "running"
	Completed State = "completed"
	Failed    State = "failed"
)

// The status words that clients see.
const (
	StatusRunning   = "RUNNING"
	StatusCompleted = "COMPLETED"
	StatusFailed    = "FAILED"
)

// CancelledText is the error of a job that was cancelled.
const CancelledText = "cancelled by UpdateBackendJob"

// Job is the record of a job, as clients see it.
type Job struct {
	ID, App, Env, EnvUID, Kind string
	Args                       json.RawMessage
	State                      State
	// Attempt counts how often a worker took the job up.
	Attempt int
	// Error is the text for the client; it is empty unless the job failed.
	Error string
	// Created and Updated are milliseconds since 1970.
	Created, Updated int64
	Cancel           bool
	// AppLevel jobs belong to no environment: they are found under every
	// environment name of their app.
	AppLevel bool
}

// Status is the state in the words of the wire: RUNNING, COMPLETED or FAILED.
func (j Job) Status() string {
	switch j.State {
	case Completed:
		return StatusCompleted
	case Failed:
		return StatusFailed
	case Queued, Running:
	}
	return StatusRunning
}

// jobColumns are the columns that scanJob reads. They have no qualifier, because
// SQLite knows no alias in RETURNING.
const jobColumns = `id, app, env, env_uid, app_level, kind, args, state, attempt, error, create_ms, update_ms, cancel`

// scanJob reads jobColumns, and after them the columns of more.
func scanJob(row db.Row, more ...any) (Job, error) {
	var j Job
	var appLevel, cancel int64
	dest := []any{
		&j.ID, &j.App, &j.Env, &j.EnvUID, &appLevel, &j.Kind, &j.Args, &j.State, &j.Attempt, &j.Error,
		&j.Created, &j.Updated, &cancel,
	}
	if err := row.Scan(append(dest, more...)...); err != nil {
		return Job{}, err
	}
	j.AppLevel, j.Cancel = appLevel == 1, cancel == 1
	if j.State != Failed {
		// The clean-up runs; the client learns of the failure when it is done.
		j.Error = ""
	}
	return j, nil
}

// storable reports whether PostgreSQL accepts s as text. Names that come from
// URLs and bodies may contain anything; nothing that is stored does.
func storable(s ...string) bool {
	for _, t := range s {
		if !utf8.ValidString(t) || strings.IndexByte(t, 0) >= 0 {
			return false
		}
	}
	return true
}

// maxError bounds the stored error text.
const maxError = 16 << 10

// errorText makes a text storable and bounded.
func errorText(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if len(s) <= maxError {
		return s
	}
	return strings.ToValidUTF8(s[:maxError], "") + " ..."
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// nowMS is the time by which leases and retries are judged: on PostgreSQL the
// server's, because the clocks of several nodes differ.
func nowMS(q *db.Query) (int64, error) {
	if q.Dialect() != db.Postgres {
		return localMS(), nil
	}
	var ms int64
	err := q.Row(`SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint`).Scan(&ms)
	return ms, err
}
