package fault_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"preamp/test/harness"
)

// lanes is how many servers of a store are killed at the same time. Each has its
// share of the moments.
const lanes = 4

// number is a setting of the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestKilledAtRandomMoments kills the server under load and looks for everything
// that it has acknowledged. PREAMP_FAULT_ROUNDS sets the number of moments per
// store, PREAMP_FAULT_SEED repeats their choice.
func TestKilledAtRandomMoments(t *testing.T) {
	t.Parallel()
	binary := harness.Build(t)
	rounds := number(t, "PREAMP_FAULT_ROUNDS", 20)
	seed := number(t, "PREAMP_FAULT_SEED", rand.Uint64())
	t.Logf("%d moments per store, PREAMP_FAULT_SEED=%d", rounds, seed)
	eachStore(t, func(t *testing.T, st store) {
		for n := range uint64(lanes) {
			share := rounds / lanes
			if n < rounds%lanes {
				share++
			}
			t.Run(fmt.Sprint("lane ", n), func(t *testing.T) {
				t.Parallel()
				lane(t, st, binary, rand.New(rand.NewPCG(seed, n)), int(share))
			})
		}
	})
}

func lane(t *testing.T, st store, binary string, random *rand.Rand, rounds int) {
	w := newWorld(t, st, binary)
	l := newLedger()
	workers := []*worker{{app: "jobs-0"}, {app: "jobs-1"}}
	w.Start(t)
	w.Client().Job(t, "CreateBackend", harness.M{"appId": "rows", "appName": "Rows", "backendEnvironmentName": "dev"})
	w.Client().Job(t, "CreateBackendAPI", harness.M{
		"appId": "rows", "backendEnvironmentName": "dev", "resourceName": resourceAPI,
		"resourceConfig": harness.M{"transformSchema": schemaV1},
	})
	for round := range rounds {
		// The endpoint moves with the port; its key stays.
		api := w.Client().MustAPI(t, "rows", "dev")
		ctx, cancel := context.WithCancel(t.Context())
		running := w.load(ctx, t, l, api, workers, fmt.Sprint("round-", round))
		moment := time.Duration(50+random.IntN(950)) * time.Millisecond
		time.Sleep(moment) // the random moment itself
		// From here on a call may go wrong. The calls go on until the server is dead.
		w.over.Store(true)
		w.Kill()
		cancel()
		running.Wait()
		if t.Failed() {
			return
		}

		w.over.Store(false)
		w.Start(t)
		for _, k := range workers {
			if k.call == "" {
				continue
			}
			// What was interrupted is asked for again, and ends as it should.
			if err := k.finish(t.Context(), w, l); err != nil {
				t.Errorf("round %d, killed after %v: %v", round, moment, err)
			}
		}
		api = w.Client().MustAPI(t, "rows", "dev")
		for _, wrong := range w.check(t.Context(), l, api) {
			t.Errorf("round %d, killed after %v: %s", round, moment, wrong)
		}
		if t.Failed() {
			return
		}
	}
	w.Stop(t)
	rows, jobs := l.counts()
	t.Logf("%d moments: %d rows and %d jobs acknowledged, %d and %d jobs done, %d and %d calls interrupted",
		rounds, rows, jobs, workers[0].done, workers[1].done, workers[0].partial, workers[1].partial)
	if rows == 0 || jobs == 0 {
		t.Error("nothing was acknowledged, so nothing was tested")
	}
}
