package server

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"preamp/internal/schemafile"
)

// settle is how long a change must rest before it is pushed: editors write in
// several steps.
const settle = 50 * time.Millisecond

// watch pushes the schema on every save until ctx ends. A push that fails is
// printed, and the last version keeps serving.
func (d *dev) watch(ctx context.Context) error {
	if d.source == nil || !d.o.Watch {
		<-ctx.Done()
		return nil
	}
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch %s: %w", d.source.name, err)
	}
	defer w.Close()
	if err := d.watchDirs(w); err != nil {
		return err
	}
	// Once for what was saved while the first push ran.
	rest := time.NewTimer(settle)
	for {
		select {
		case <-ctx.Done():
			return nil
		case e, ok := <-w.Events:
			if !ok {
				return nil
			}
			if d.concerns(e.Name) {
				rest.Reset(settle)
			}
		case err, ok := <-w.Errors:
			if !ok {
				return nil
			}
			// An overflow means that events were lost, not which.
			d.logger.Warn("schema watch", "error", err)
			rest.Reset(settle)
		case <-rest.C:
			if d.source.dir {
				if err := d.watchDirs(w); err != nil {
					d.logger.Warn("schema watch", "error", err)
				}
			}
			d.settled(ctx)
		}
	}
}

// settled pushes the schema after a change has come to rest. The watch begins with
// it: what start has pushed is not pushed again then, nor refused a second time.
func (d *dev) settled(ctx context.Context) {
	begins := !d.watching
	d.watching = true
	if begins {
		if text, err := schemafile.Read(d.source.name); err == nil && text.Content == d.tried {
			return
		}
	}
	d.report(ctx, d.push(ctx))
}

// watchDirs watches folders, not files: editors replace a file, and a watch on
// it would go with the old one. Adding a folder again does nothing.
func (d *dev) watchDirs(w *fsnotify.Watcher) error {
	if !d.source.dir {
		return w.Add(filepath.Dir(d.source.path))
	}
	return filepath.WalkDir(d.source.path, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			return w.Add(path)
		}
		return err
	})
}

func (d *dev) concerns(path string) bool {
	return path == d.source.path || d.source.dir && filepath.Ext(path) == ".graphql" || d.source.dir && filepath.Ext(path) == ""
}

// report prints the outcome of a push. The first version that goes live is
// described as a start is.
func (d *dev) report(ctx context.Context, p Push) {
	switch {
	case p.Problem != "" && p.Live:
		fmt.Fprintf(d.o.Out, "push failed, the last version keeps serving:\n  %s\n", p.Problem)
	case p.Problem != "":
		fmt.Fprintf(d.o.Out, "push failed, nothing is served yet:\n  %s\n", p.Problem)
	case d.told.Endpoint == "":
		if err := d.describe(ctx, p); err != nil {
			d.logger.Error("describe the API", "error", err)
		}
	case !p.Skipped:
		fmt.Fprintf(d.o.Out, "pushed %s in %d ms, %d models\n", d.source.name, p.Took.Milliseconds(), p.Models)
		d.reportModes(ctx)
	}
}

// reportModes prints the auth modes when they are not those that were told, and a
// user pool that was made for them.
func (d *dev) reportModes(ctx context.Context) {
	v, err := d.provision.Outline(ctx, d.app.ID, d.env)
	if err != nil {
		d.logger.Error("describe the API", "error", err)
		return
	}
	auth := d.authOf(ctx, v)
	a, ok := d.choose(v)
	if modes := modeList(a); ok && modes.String() != d.told.Modes.String() {
		d.told.Modes = modes
		fmt.Fprintf(d.o.Out, "  auth: %s\n", modes)
	}
	if auth != nil && d.told.Auth == nil {
		d.told.Auth = auth
		fmt.Fprintf(d.o.Out, "  users: %s, sign-in by %s\n", auth.UserPool, auth.SignIn)
	}
}
