package amplifybackend

import (
	"context"
	"time"

	"preamp/internal/awswire"
	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/id"
	"preamp/internal/job"
	"preamp/internal/keys"
	"preamp/internal/provision"
)

// Config is what the operations work with. All fields but Wait are required.
type Config struct {
	Control   *db.DB
	Registry  *backend.Registry
	Jobs      *job.Engine
	Provision *provision.Provisioner
	// Sealer seals list tokens.
	Sealer *keys.Sealer
	// Wait bounds the wait for the control transaction; 10 s if zero.
	Wait time.Duration
}

// API implements the operations: it decodes what is asked, changes the desired
// state and starts the job, in one transaction. Everything that needs a schema
// read or a database made is the job's.
type API struct {
	unavailable
	Config
}

// New makes the operations. It panics when a required field is missing.
func New(c Config) *API {
	if c.Control == nil || c.Registry == nil || c.Jobs == nil || c.Provision == nil || c.Sealer == nil {
		panic("amplifybackend.New: a required field of Config is nil")
	}
	if c.Wait == 0 {
		c.Wait = 10 * time.Second
	}
	return &API{Config: c}
}

// control runs a control transaction that must begin within Wait.
func (a *API) control(ctx context.Context, fn func(tx *db.Tx) error) error {
	wait, cancel := context.WithTimeout(ctx, a.Wait)
	defer cancel()
	return a.tooBusy(a.Control.Tx(wait, fn))
}

// tooBusy words the error of a transaction that could not begin in time.
func (a *API) tooBusy(err error) error {
	if errs.KindOf(err) == errs.Timeout {
		return errs.Wrap(errs.Timeout, err, "The request was not taken up within %s: try again", a.Wait)
	}
	return err
}

// start makes a job in the transaction that writes what it is about. fn does the
// writing; a repeat of the same request gets the first one's job, and writes
// nothing.
//
// A pending job is refused before anything is read; see job.Engine.Begin. An
// empty environment means a job of the whole app.
func (a *API) start(ctx context.Context, app, env string, fn func(tx *db.Tx) (job.NewJob, error)) (job.Job, error) {
	wait, cancel := context.WithTimeout(ctx, a.Wait)
	defer cancel()
	j, err := a.Jobs.Submit(wait, requestOf(ctx), func(tx *db.Tx) (job.NewJob, error) {
		if err := a.Jobs.Begin(tx, app, env, env == ""); err != nil {
			return job.NewJob{}, err
		}
		return fn(tx)
	})
	return j, a.tooBusy(err)
}

// requestOf identifies an attempt of a client's call. The header that names the
// call is not signed by boto3, so it counts only together with the caller, the
// path and the body.
func requestOf(ctx context.Context) job.Request {
	r, ok := awswire.RequestFrom(ctx)
	if !ok {
		return job.Request{}
	}
	return job.Request{
		Principal: r.Principal, Operation: r.Operation, Path: r.Path, InvocationID: r.InvocationID, BodySHA256: r.BodySHA256,
	}
}

// ready is an environment that takes jobs. While it is being made or deleted,
// the answer is that of a pending job, because that is what the caller has to
// wait for.
func (a *API) ready(q *db.Query, app, name string) (backend.Env, error) {
	if _, err := a.Registry.App(q, app); err != nil {
		return backend.Env{}, err
	}
	env, ok, err := a.Registry.EnvAny(q, app, name)
	if err != nil {
		return backend.Env{}, err
	}
	if ok && env.State == backend.StateReady {
		return env, nil
	}
	if ok {
		return backend.Env{}, job.Pending(app, name)
	}
	return backend.Env{}, missingEnv(app, name)
}

// readable is an environment that can be asked about.
func (a *API) readable(ctx context.Context, app, name string) (backend.Env, error) {
	var env backend.Env
	err := a.Control.Read(ctx, func(q *db.Query) (err error) {
		if _, err := a.Registry.App(q, app); err != nil {
			return err
		}
		env, err = a.Registry.Env(q, app, name)
		return err
	})
	return env, err
}

func missingEnv(app, name string) error {
	return errs.Missing("BackendEnvironment", "BackendEnvironment %s does not exist in app %s", name, app)
}

func checkApp(app string) error {
	if !id.ValidApp(app) {
		return errs.E(errs.Invalid, "Value '%s' at 'appId' failed to satisfy constraint: Member must satisfy regular expression pattern: %s", app, id.AppForm)
	}
	return nil
}

func checkEnv(member, name string) error {
	if !id.ValidEnv(name) {
		return errs.E(errs.Invalid, "Value '%s' at '%s' failed to satisfy constraint: Member must satisfy regular expression pattern: %s", name, member, id.EnvForm)
	}
	return nil
}

// maxResourceName bounds the name of a resource.
const maxResourceName = 128

func checkResource(name string) error {
	if name == "" || len(name) > maxResourceName {
		return errs.E(errs.Invalid, "Value at 'resourceName' must have 1 to %d characters", maxResourceName)
	}
	for _, c := range name {
		if c <= ' ' || c == 0x7f || c == '"' || c == '\\' {
			return errs.E(errs.Invalid, "Value at 'resourceName' must not hold blanks, control characters, quotes or backslashes")
		}
	}
	return nil
}

// now is the time of a call, in milliseconds.
func now() int64 { return time.Now().UnixMilli() }
