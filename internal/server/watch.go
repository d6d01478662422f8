package server

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
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
	// Once for what was saved while the first push ran; an equal schema is skipped.
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
			d.report(d.push(ctx))
		}
	}
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

func (d *dev) report(p Push) {
	switch {
	case p.Problem != "":
		fmt.Fprintf(d.o.Out, "push failed, the last version keeps serving:\n  %s\n", p.Problem)
	case !p.Skipped:
		fmt.Fprintf(d.o.Out, "pushed %s in %d ms, %d models\n", d.source.name, p.Took.Milliseconds(), p.Models)
	}
}
