package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"preamp/internal/amplifybackend"
	"preamp/internal/authn"
	"preamp/internal/backend"
	"preamp/internal/config"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/id"
	"preamp/internal/job"
	"preamp/internal/keys"
	"preamp/internal/provision"
	"preamp/internal/schemafile"
)

// DevOptions are the flags of `preamp dev`.
type DevOptions struct {
	Listen string
	Data   string
	// App names the app; empty takes the name of the schema's folder.
	App string
	Env string
	// Schema is a file or a folder; empty looks for an Amplify project, and
	// without one starts an empty server.
	Schema      string
	Watch       bool
	AllowRemote bool
	// Providers say whose tokens the API accepts.
	Providers Providers
	// SignIn is what users of a pool that is made for the schema sign in with: one of
	// SignInMethods.
	SignIn string
	// FixedCode is the code of all messages to users; empty draws one each time.
	FixedCode string
	Config    *config.Config
	// Out gets what people read; logs go to Logger.
	Out     io.Writer
	Logger  *slog.Logger
	Version string
	// Describe prints what was started, and once more when the first version goes
	// live later.
	Describe func(Started)
}

// Started is what `preamp dev` tells its user when it is ready.
type Started struct {
	Version  string
	App      backend.App
	Env      string
	ReadyIn  time.Duration
	Base     string
	Endpoint string
	APIKey   string
	Modes    ModeList
	// Auth is the user pool of the environment; nil when it has none.
	Auth   *StatusAuth
	Data   string
	CAFile string
	// Schema is what is watched; empty when there is nothing to watch.
	Schema string
	Push   Push
}

// Push is the outcome of bringing a schema to the server.
type Push struct {
	// Skipped says that the server had this schema already.
	Skipped bool
	Took    time.Duration
	Models  int
	// Problem is why the push failed, with file and line where there is one.
	Problem string
	// Live says that a version serves; after a push that failed, the one before it.
	Live bool
}

// Dev runs a development server until ctx ends: loopback only, keys made on
// first start, sandbox mode on, no rate limit.
func Dev(ctx context.Context, o DevOptions) error {
	if err := checkLoopback(o.Listen, o.AllowRemote); err != nil {
		return err
	}
	source, err := findSchema(o.Schema)
	if err != nil {
		return err
	}
	data, err := filepath.Abs(o.Data)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	master, err := keys.LoadOrCreateMaster(filepath.Join(data, "master.key"))
	if err != nil {
		return err
	}
	s, err := open(ctx, devOptions(o, data, master))
	if err != nil {
		return err
	}
	if _, err := s.creds.Root(ctx); err != nil {
		s.close()
		return err
	}
	if s.fixedCode != "" {
		o.Logger.Warn("all codes are the same: whoever knows it signs in as anybody; for tests only")
	}
	d := &dev{Server: s, o: o, source: source, appName: appName(o.App, source), env: o.Env}
	return s.Run(ctx, d.start, d.watch)
}

// dev keeps a server's API like a schema on disk.
type dev struct {
	*Server
	o       DevOptions
	source  *schemaSource
	appName string
	env     string
	app     backend.App
	// told is what was described last.
	told Started
	// tried is what the last push was made of.
	tried string
	// watching is set when the watch has looked at the schema once.
	watching bool
}

// start brings the schema to the server before the server calls itself ready.
func (d *dev) start(ctx context.Context) error {
	var err error
	if d.app, err = d.ensureApp(ctx); err != nil {
		return err
	}
	var p Push
	if d.source != nil {
		p = d.push(ctx)
	}
	d.told.ReadyIn = time.Since(d.started)
	return d.describe(ctx, p)
}

// describe tells what there is after a push.
func (d *dev) describe(ctx context.Context, p Push) error {
	st := Started{
		Version: d.version, App: d.app, Env: d.env, ReadyIn: d.told.ReadyIn, Base: d.baseURL(), Data: d.o.Data, CAFile: d.ca.File(), Push: p,
	}
	if d.source != nil && d.o.Watch {
		st.Schema = d.source.name
	}
	v, err := d.provision.View(ctx, d.app.ID, d.env)
	if err != nil {
		return err
	}
	st.Auth = d.authOf(ctx, v)
	if a, ok := d.choose(v); ok {
		st.Endpoint, st.APIKey, st.Modes = a.Endpoint, a.APIKey, modeList(a)
		warnOfIssuer(d.logger, d.outgoing, a)
	}
	d.told = st
	if d.o.Describe != nil {
		d.o.Describe(st)
	}
	return nil
}

// apiName is the resource name of the API that is pushed to.
func (d *dev) apiName() string {
	if d.source != nil && d.source.api != "" {
		return d.source.api
	}
	return resourceName(d.appName)
}

// choose is the API that is told of: the one that is pushed to; without a schema
// the oldest.
func (d *dev) choose(v provision.View) (provision.APIView, bool) {
	for _, a := range v.APIs {
		if a.Name == d.apiName() || d.source == nil {
			return a, true
		}
	}
	return provision.APIView{}, false
}

// ensureApp finds or makes the app and its environment. What a crash or another
// client left under way is waited for.
func (d *dev) ensureApp(ctx context.Context) (backend.App, error) {
	app, ready, err := d.findApp(ctx)
	if err != nil || ready {
		return app, err
	}
	if app.ID == "" {
		app = backend.App{ID: id.NewApp(), Name: d.appName}
	} else if err := d.settleJobs(ctx, app.ID); err != nil {
		return app, err
	} else if _, ready, err = d.findApp(ctx); err != nil || ready {
		return app, err
	}
	out, err := d.service.CreateBackend(ctx, &amplifybackend.CreateBackendRequest{
		AppID: app.ID, AppName: app.Name, BackendEnvironmentName: d.env,
	})
	if err != nil {
		return app, err
	}
	if err := d.wait(ctx, out.JobID); err != nil {
		return app, err
	}
	settings, err := d.source.settings(d.env)
	if err != nil {
		return app, err
	}
	return app, d.provision.PutSettings(ctx, app.ID, d.env, settings)
}

// settleJobs waits for the jobs of the environment that are under way.
func (d *dev) settleJobs(ctx context.Context, app string) error {
	running, _, err := d.jobs.List(ctx, job.ListFilter{App: app, Env: d.env, Status: job.StatusRunning, Limit: 25})
	if err != nil {
		return err
	}
	for _, j := range running {
		if _, err := d.jobs.Wait(ctx, j.ID); err != nil {
			return err
		}
	}
	return nil
}

// findApp finds the app, and whether its environment is ready.
func (d *dev) findApp(ctx context.Context) (app backend.App, ready bool, err error) {
	err = d.set.Control().Read(ctx, func(q *db.Query) error {
		apps, err := d.registry.Apps(q)
		if err != nil {
			return err
		}
		for _, a := range apps {
			if a.Name == d.appName || a.ID == d.appName {
				app = a
			}
		}
		if app.ID == "" {
			return nil
		}
		_, err = d.registry.Env(q, app.ID, d.env)
		ready = err == nil
		if errs.KindOf(err) == errs.NotFound {
			return nil
		}
		return err
	})
	return app, ready, err
}

// push makes the server serve the schema as it is on disk now.
func (d *dev) push(ctx context.Context) Push {
	began := time.Now()
	p := Push{}
	text, err := schemafile.Read(d.source.name)
	d.tried = text.Content
	if err != nil {
		p.Problem = err.Error()
		p.Live = d.live(ctx)
		return p
	}
	if err = d.settleJobs(ctx, d.app.ID); err == nil {
		p.Skipped, err = d.pushText(ctx, text.Content)
	}
	p.Took = time.Since(began)
	p.Models = provision.CountModels(text.Content)
	switch {
	case errs.KindOf(err) == errs.Internal && err != nil:
		p.Problem = err.Error()
	case err != nil:
		p.Problem = text.Locate(errs.Public(err).Message)
	}
	p.Live = d.live(ctx)
	return p
}

// live reports whether the API serves a version.
func (d *dev) live(ctx context.Context) bool {
	v, err := d.provision.Outline(ctx, d.app.ID, d.env)
	if err != nil {
		return false
	}
	_, ok := d.choose(v)
	return ok
}

// pushText goes the way of every client: CreateBackendAPI or UpdateBackendAPI,
// then the job.
func (d *dev) pushText(ctx context.Context, schema string) (skipped bool, err error) {
	name := d.apiName()
	live, err := d.service.GetBackendAPI(ctx, &amplifybackend.GetBackendAPIRequest{
		AppID: d.app.ID, BackendEnvironmentName: d.env, ResourceName: name,
	})
	missing := errs.KindOf(err) == errs.NotFound
	if err != nil && !missing {
		return false, err
	}
	var present *amplifybackend.BackendAPIResourceConfig
	if !missing && live.ResourceConfig != nil {
		present = live.ResourceConfig
	}
	settings, err := d.provision.EnvSettings(ctx, d.app.ID, d.env)
	if err != nil {
		return false, err
	}
	modes := Modes(schema, settings)
	d.ensureAuth(ctx, modes, present)
	// dev shows its root key: with it, an API is of use before it has users.
	if !slices.Contains(modes, authn.IAM) {
		modes = append(modes, authn.IAM)
	}
	first, others, err := AuthTypes(modes, d.o.Providers, present)
	if err != nil {
		return false, err
	}
	config := &amplifybackend.BackendAPIResourceConfig{TransformSchema: &schema, DefaultAuthType: first, AdditionalAuthTypes: others}
	if missing {
		config.APIName = &name
		out, err := d.service.CreateBackendAPI(ctx, &amplifybackend.CreateBackendAPIRequest{
			AppID: d.app.ID, BackendEnvironmentName: d.env, ResourceName: name, ResourceConfig: config,
		})
		if err != nil {
			return false, err
		}
		return false, d.wait(ctx, out.JobID)
	}
	same, err := sameAuth(present, first, others)
	if err != nil {
		return false, err
	}
	if same && present.TransformSchema != nil && *present.TransformSchema == schema {
		return true, nil
	}
	if same {
		// Not sent again: days for the API key would be counted from now.
		config.DefaultAuthType, config.AdditionalAuthTypes = nil, nil
	}
	out, err := d.service.UpdateBackendAPI(ctx, &amplifybackend.UpdateBackendAPIRequest{
		AppID: d.app.ID, BackendEnvironmentName: d.env, ResourceName: name, ResourceConfig: config,
	})
	if err != nil {
		return false, err
	}
	return false, d.wait(ctx, out.JobID)
}

// wait waits for a job's end; the error of one that failed is Invalid.
func (d *dev) wait(ctx context.Context, jobID *string) error {
	j, err := d.jobs.Wait(ctx, *jobID)
	if err == nil && j.Status() == job.StatusFailed {
		return errs.E(errs.Invalid, "%s", j.Error)
	}
	return err
}

// checkLoopback keeps a development server, which shows its keys, on this
// machine unless its owner says otherwise.
func checkLoopback(listen string, allowRemote bool) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("--listen %q is not host:port: %w", listen, err)
	}
	if allowRemote {
		return nil
	}
	if ip := net.ParseIP(host); host == "localhost" || (ip != nil && ip.IsLoopback()) {
		return nil
	}
	return errors.New("preamp dev shows its keys and listens on this machine only: use a loopback address, or --allow-remote if the network is trusted")
}
