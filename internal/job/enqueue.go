package job

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/id"
)

// Request identifies one call of a client, so that its repetitions by the SDK
// are known. InvocationID alone identifies nothing: clients choose it and some
// do not sign it.
type Request struct {
	Principal, Operation, Path, InvocationID string
	BodySHA256                               [32]byte
}

// requestLife is how long a repetition finds the first job.
const requestLife = 15 * time.Minute

// key is a digest of the whole request; empty when the client sent no
// invocation id.
func (r Request) key() string {
	if r.InvocationID == "" {
		return ""
	}
	h := sha256.New()
	var n [8]byte
	for _, part := range []string{r.Principal, r.Operation, r.Path, r.InvocationID, string(r.BodySHA256[:])} {
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// NewJob describes a job to enqueue. Kind must be one of the engine's kinds and
// Args of its type.
type NewJob struct {
	App, Env, EnvUID, Kind string
	Args                   any
	Request                Request
	// AppLevel jobs exclude the jobs of all environments of the app. Their Env
	// may be empty.
	AppLevel bool
}

// Begin takes the turn of an app within a transaction on the control database, and
// refuses a second job before anything is read: until the transaction ends, no
// job of the environment (of the whole app, for an app-level one) can begin or
// end, so what the registry says holds. [Engine.Enqueue] needs it not, but what
// is read between the two would otherwise be of another moment on PostgreSQL.
func (e *Engine) Begin(tx *db.Tx, app, env string, appLevel bool) error {
	if err := lockApp(tx, app); err != nil {
		return err
	}
	return refuseSecond(tx.Query(), NewJob{App: app, Env: env, AppLevel: appLevel})
}

// lockApp makes all enqueues of an app go one after the other: on PostgreSQL two
// of them would not see each other's rows otherwise.
func lockApp(tx *db.Tx, app string) error {
	_, err := tx.Exec(`INSERT INTO ctl.job_app (app) VALUES ($1) ON CONFLICT (app) DO UPDATE SET app = excluded.app`, app)
	if err != nil {
		return fmt.Errorf("lock app: %w", err)
	}
	return nil
}

// Enqueue adds a job within a transaction on the control database; call
// [Engine.Wake] after its commit. errs.Conflict when another job is active, or
// when the same request has already made a job ([Engine.Repeat] finds it).
func (e *Engine) Enqueue(tx *db.Tx, n NewJob) (Job, error) {
	kind, ok := e.kinds[n.Kind]
	if !ok {
		return Job{}, fmt.Errorf("enqueue job: unknown kind %q", n.Kind)
	}
	if n.App == "" || n.Env == "" && !n.AppLevel || !storable(n.App, n.Env, n.EnvUID) {
		return Job{}, fmt.Errorf("enqueue job %s: bad app %q or environment %q", n.Kind, n.App, n.Env)
	}
	args, err := kind.encode(n.Args)
	if err != nil {
		return Job{}, err
	}
	if err := lockApp(tx, n.App); err != nil {
		return Job{}, err
	}
	now, err := nowMS(tx.Query())
	if err != nil {
		return Job{}, fmt.Errorf("read clock: %w", err)
	}
	if _, repeated, err := repeat(tx.Query(), n.Request, now); err != nil {
		return Job{}, err
	} else if repeated {
		return Job{}, errs.E(errs.Conflict, "This request has already created a job.")
	}
	if err := refuseSecond(tx.Query(), n); err != nil {
		return Job{}, err
	}
	j := Job{
		ID: id.NewJob(), App: n.App, Env: n.Env, EnvUID: n.EnvUID, Kind: n.Kind, Args: args, State: Queued,
		Created: now, Updated: now, AppLevel: n.AppLevel,
	}
	inserted, err := tx.Exec(`
		INSERT INTO ctl.job (id, app, env, env_uid, app_level, kind, args_version, args, state, active, create_ms, update_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', 1, $9, $9)
		ON CONFLICT DO NOTHING`,
		j.ID, j.App, j.Env, j.EnvUID, flag(j.AppLevel), j.Kind, kind.version, j.Args, now)
	if err != nil {
		return Job{}, fmt.Errorf("insert job: %w", err)
	}
	if inserted == 0 {
		return Job{}, Pending(n.App, n.Env)
	}
	if key := n.Request.key(); key != "" {
		_, err := tx.Exec(`
			INSERT INTO ctl.job_request (key, job, create_ms) VALUES ($1, $2, $3)
			ON CONFLICT (key) DO UPDATE SET job = excluded.job, create_ms = excluded.create_ms`, key, j.ID, now)
		if err != nil {
			return Job{}, fmt.Errorf("insert request: %w", err)
		}
	}
	return j, nil
}

// refuseSecond answers Conflict when an active job excludes a new one.
func refuseSecond(q *db.Query, n NewJob) error {
	var other string
	err := q.Row(`
		SELECT env FROM ctl.job
		WHERE app = $1 AND active = 1 AND (app_level = 1 OR env = $2 OR $3 = 1)
		ORDER BY create_ms, id LIMIT 1`, n.App, n.Env, flag(n.AppLevel)).Scan(&other)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("look for active jobs: %w", err)
	case !n.AppLevel:
		other = n.Env // which one excludes it is not the caller's business
	}
	return Pending(n.App, other)
}

// Repeat finds the job that the same request made within the last 15 minutes.
func (e *Engine) Repeat(q *db.Query, r Request) (Job, bool, error) {
	now, err := nowMS(q)
	if err != nil {
		return Job{}, false, fmt.Errorf("read clock: %w", err)
	}
	return repeat(q, r, now)
}

func repeat(q *db.Query, r Request, now int64) (Job, bool, error) {
	key := r.key()
	if key == "" {
		return Job{}, false, nil
	}
	j, err := scanJob(q.Row(`
		SELECT `+jobColumns+` FROM ctl.job
		WHERE id = (SELECT job FROM ctl.job_request WHERE key = $1 AND create_ms > $2)`, key, now-requestLife.Milliseconds()))
	if errors.Is(err, db.ErrNoRows) {
		return Job{}, false, nil
	}
	if err != nil {
		return Job{}, false, fmt.Errorf("look for the same request: %w", err)
	}
	return j, true, nil
}

// Submit is the usual way to enqueue: one control transaction in which fn writes
// the desired state and describes the job. A repetition of the request answers
// the job of the first attempt and does not call fn, also when both are under
// way at once. fn may be called more than once. The kinds of error are those of
// [Engine.Enqueue], of fn, and errs.Timeout or errs.Unavailable of the database.
func (e *Engine) Submit(ctx context.Context, r Request, fn func(tx *db.Tx) (NewJob, error)) (Job, error) {
	var j Job
	err := e.Control.Tx(ctx, func(tx *db.Tx) error {
		first, repeated, err := e.Repeat(tx.Query(), r)
		if err != nil || repeated {
			j = first
			return err
		}
		n, err := fn(tx)
		if err != nil {
			return err
		}
		n.Request = r
		j, err = e.Enqueue(tx, n)
		return err
	})
	if err == nil {
		e.Wake()
		return j, nil
	}
	switch errs.KindOf(err) {
	case errs.Invalid, errs.Conflict, errs.NotFound:
		// The first attempt may have committed while this one ran, and what it
		// wrote is what this one met.
		found := false
		again := e.Control.Read(ctx, func(q *db.Query) (err error) {
			j, found, err = e.Repeat(q, r)
			return err
		})
		if again == nil && found {
			return j, nil
		}
	default:
	}
	return Job{}, err
}
