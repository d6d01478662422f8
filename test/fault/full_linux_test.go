package fault_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"preamp/test/harness"
)

// disk is a way to run out of space and to get some back; without a world, for
// the next process.
type disk interface {
	fill(t *testing.T, w *world)
	room(t *testing.T, w *world)
}

// device is a file system of its own in memory: writes fail with ENOSPC.
type device struct{ dir string }

// left is what remains free on a device that was filled.
const left = 256 << 10

func (d device) ballast() string { return filepath.Join(d.dir, "ballast") }

func (d device) fill(t *testing.T, _ *world) {
	t.Helper()
	f, err := os.Create(d.ballast())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block, size := make([]byte, 64<<10), int64(0)
	for {
		n, err := f.Write(block)
		size += int64(n)
		if errors.Is(err, syscall.ENOSPC) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(size - left); err != nil {
		t.Fatal(err)
	}
}

func (d device) room(t *testing.T, _ *world) {
	t.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		t.Fatal(err)
	}
}

// quota is a limit of the size of files: writes fail with EFBIG.
type quota struct{}

func (quota) fill(t *testing.T, w *world) {
	t.Helper()
	var most int64
	for _, file := range w.EnvironmentFiles() {
		if info, err := os.Stat(file + "-wal"); err == nil {
			most = max(most, info.Size())
		}
	}
	setFileLimit(t, w.PID(), uint64(most)+left)
}

// room has nothing to do for a process that is gone.
func (quota) room(t *testing.T, w *world) {
	t.Helper()
	if w == nil {
		return
	}
	setFileLimit(t, w.PID(), math.MaxUint64)
}

func setFileLimit(t *testing.T, pid int, size uint64) {
	t.Helper()
	limit := unix.Rlimit{Cur: size, Max: math.MaxUint64}
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		t.Fatal(err)
	}
}

// TestFullDisk runs out of space under load. Writes fail with an error that says
// that it may pass, reads go on, and when there is space again the same process
// writes again. What was acknowledged is there, also after the process is killed.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	binary := harness.Build(t)
	t.Run("file size limit", func(t *testing.T) {
		t.Parallel()
		fullDisk(t, harness.NewDev(t, binary), quota{})
	})
	t.Run("device", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64m,mode=700")
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
			// Users and containers without that privilege have the test above.
			t.Logf("no file system can be mounted here: %v", err)
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
		fullDisk(t, harness.DevOn(t, binary, filepath.Join(dir, "data")), device{dir})
	})
}

func fullDisk(t *testing.T, s *harness.Server, d disk) {
	w := &world{Server: s, store: sqlite}
	w.Start(t)
	liveAPI(t, w.Client())
	api := w.Client().MustAPI(t, appID, "dev")
	l := newLedger()
	for _, id := range []string{"row-0", "row-1", "row-2"} {
		l.put(id, row{title: "kept", n: int(id[4] - '0')})
	}
	p := &patient{api: api, ledger: l, body: strings.Repeat(" and so on", 400)}

	for round := range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		writers := p.several(ctx, 4, []string{"first", "second"}[round])
		start := p.done.Load()
		await(ctx, t, "acknowledged writes", func() bool { return p.done.Load() >= start+20 })
		d.fill(t, w)
		failed := p.failed.Load()
		await(ctx, t, "failed writes", func() bool { return p.failed.Load() >= failed+20 })
		for range 20 {
			if r := api.Do(ctx, allTodos, nil); !r.OK() {
				t.Fatalf("a read while the disk is full: %.500v", r)
			}
			if r := api.Do(ctx, `{ getTodo(id: "row-1") { id title n } }`, nil); !r.OK() {
				t.Fatalf("a read while the disk is full: %v", r)
			}
		}
		if lost, err := l.losses(ctx, api); err != nil || lost != nil {
			t.Fatalf("while the disk is full: %v %v", lost, err)
		}
		second := w.Client().Call(ctx, "CreateBackendAPI", secondAPI(round))
		fullControl(t, w)
		d.room(t, w)
		done := p.done.Load()
		await(ctx, t, "acknowledged writes when there is space again", func() bool { return p.done.Load() >= done+20 })
		cancel()
		if err := writers.wait(); err != nil {
			t.Fatal(err)
		}
		finishJob(t, w, second, secondAPI(round))
		if t.Failed() {
			return
		}
	}
	if n := p.whole.Load(); n != 0 {
		t.Errorf("%d requests failed as a whole, where a field should have", n)
	}
	if wrong := w.check(t.Context(), l, api); wrong != nil {
		t.Error(strings.Join(wrong, "\n"))
	}
	afterKill := func(when string) {
		t.Helper()
		w.Start(t)
		// The endpoint moves with the port.
		apis, err := w.Client().APIs(t.Context(), appID, "dev")
		if err != nil {
			t.Fatal(err)
		}
		p.api = apis[resourceAPI]
		if wrong := w.check(t.Context(), l, p.api); wrong != nil {
			t.Errorf("after a kill %s: %s", when, strings.Join(wrong, "\n"))
		}
	}
	w.Kill()
	afterKill("with space")

	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	writers := p.several(ctx, 4, "third")
	d.fill(t, w)
	failed := p.failed.Load()
	await(ctx, t, "failed writes", func() bool { return p.failed.Load() >= failed+20 })
	cancel()
	if err := writers.wait(); err != nil {
		t.Fatal(err)
	}
	w.Kill()
	d.room(t, nil)
	afterKill("without space")
	p.api.Must(t, `mutation { updateTodo(input: {id: "row-0", n: 7}) { n } }`, nil)
	t.Logf("%d writes acknowledged, %d failed", p.done.Load(), p.failed.Load())
	w.Stop(t)
}

// secondAPI is another API of the environment.
func secondAPI(round int) harness.M {
	return in("resourceName", fmt.Sprint("second", round), "resourceConfig", harness.M{"transformSchema": schemaV1})
}

// finishJob takes a call that was made on a full disk to its end: it was refused,
// or its job failed, and then the same call works; or the job ends by itself.
func finishJob(t *testing.T, w *world, a harness.Answer, call harness.M) {
	t.Helper()
	switch {
	case a.Err != nil:
		t.Fatal(a)
	case a.Status == http.StatusOK:
		done, err := w.Client().WaitJob(t.Context(), appID, "dev", a.Text("jobId"), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if done["status"] == "COMPLETED" {
			return
		}
		if why, _ := done["error"].(string); !slices.Contains(passing, why) {
			t.Errorf("the job failed for another reason than the disk: %v", done)
		}
	case a.Status != http.StatusServiceUnavailable:
		t.Errorf("a call on a full disk: %v", a)
	}
	w.Client().Job(t, "CreateBackendAPI", call)
}

// fullControl calls operations that write until one fails, and wants it to fail
// as a service does that is not available.
func fullControl(t *testing.T, w *world) {
	t.Helper()
	for n := range 2000 {
		a := w.Client().Call(t.Context(), "CreateToken", harness.M{"appId": appID})
		switch {
		case a.Err != nil:
			t.Fatal(a)
		case a.Status == http.StatusOK:
			continue
		case a.Status != http.StatusServiceUnavailable:
			t.Fatalf("call %d of a server without space: %v", n, a)
		}
		return
	}
	t.Error("the control database does not fill up")
}
