//go:build faults

package job_test

import (
	"errors"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"

	"preamp/internal/db"
	"preamp/internal/job"
)

// TestFaultKills runs this test again in a process of its own, which dies at a
// point of a step, and then goes on with what it left.
func TestFaultKills(t *testing.T) {
	const child = "PREAMP_TEST_FAULT_DIR"
	var outside atomic.Int32
	l := lines()
	c := db.Config{Dir: os.Getenv(child), Control: l.Control, Env: l.Env}
	if c.Dir != "" {
		set, err := db.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		f := &fixture{T: t, set: set}
		f.createEnv("env1", "env2")
		e := f.engine(steps("Steps", &outside))
		j := f.enqueue(e, job.NewJob{App: "app", Env: "dev", EnvUID: "env1", Kind: "Steps", Args: args{"x"}})
		f.start(e)
		f.wait(e, j)
		t.Fatal("the process lived")
	}
	for _, fault := range []string{
		"Steps:outside:before", "Steps:control:before", "Steps:control:after", "Steps:own:before", "Steps:own:env",
		"Steps:own:after", "Steps:other:env", "Steps:complete:before", "Steps:complete:after",
	} {
		t.Run(fault, func(t *testing.T) {
			c := c
			c.Dir = t.TempDir()
			cmd := exec.Command(os.Args[0], "-test.run=^TestFaultKills$", "-test.timeout=60s")
			cmd.Env = append(os.Environ(), child+"="+c.Dir, "PREAMP_FAULT="+fault)
			out, err := cmd.CombinedOutput()
			if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.Exited() {
				t.Fatalf("the process was not killed: %v\n%s", err, out)
			}
			set, err := db.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			defer set.Close()
			f := &fixture{T: t, set: set}
			e := f.engine(steps("Steps", &outside))
			defer f.start(e)()
			jobs, _, err := e.List(t.Context(), job.ListFilter{App: "app", Env: "dev"})
			if err != nil || len(jobs) != 1 {
				t.Fatalf("jobs %v, %v", jobs, err)
			}
			if got := f.wait(e, jobs[0]); got.State != job.Completed {
				t.Errorf("%+v", got)
			}
			f.wantAllOnce()
		})
	}
}
