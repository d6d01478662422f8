package job_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/job"
)

// benchEach runs a benchmark on both stores, unless one is switched off.
func benchEach(b *testing.B, fn func(b *testing.B, set *db.Set)) {
	l := lines()
	only := os.Getenv("PREAMP_TEST_STORES")
	if only != "postgres" {
		b.Run("sqlite", func(b *testing.B) {
			fn(b, dbtest.Open(b, db.Config{Dir: b.TempDir(), Control: l.Control, Env: l.Env}))
		})
	}
	if only != "sqlite" {
		b.Run("postgres", func(b *testing.B) {
			fn(b, dbtest.Open(b, db.Config{Dir: b.TempDir(), DatabaseURL: dbtest.Database(b), Control: l.Control, Env: l.Env}))
		})
	}
}

// BenchmarkEnqueue is what a call of the control plane adds to its transaction,
// together with that transaction's commit.
func BenchmarkEnqueue(b *testing.B) {
	benchEach(b, func(b *testing.B, set *db.Set) {
		e, err := job.New(job.Config{Control: set.Control(), Kinds: []job.Kind{idle("K")}})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for b.Loop() {
			n++
			err := set.Control().Tx(b.Context(), func(tx *db.Tx) error {
				_, err := e.Enqueue(tx, job.NewJob{App: "app", Env: fmt.Sprintf("env%d", n), Kind: "K", Args: args{}, Request: request(fmt.Sprint(n))})
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkJobs takes one-step jobs of 16 environments from enqueue to completion,
// each environment one after the other.
func BenchmarkJobs(b *testing.B) {
	benchEach(b, func(b *testing.B, set *db.Set) {
		const envs = 16
		var over [envs]chan struct{}
		for i := range over {
			over[i] = make(chan struct{}, 1)
		}
		e, err := job.New(job.Config{Control: set.Control(), Workers: 8, Kinds: []job.Kind{
			job.Define("K", func(ctx context.Context, r *job.Run, n int) error {
				defer func() { over[n] <- struct{}{} }()
				if err := r.ControlStep(ctx, "a", nil, func(*db.Tx) (any, error) { return n, nil }); err != nil {
					return err
				}
				return r.Complete(ctx, nil)
			}, nil),
		}})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(b.Context())
		var engine, clients sync.WaitGroup
		engine.Go(func() { _ = e.Run(ctx) })
		defer engine.Wait()
		defer cancel()
		next := make(chan struct{})
		for i := range envs {
			clients.Go(func() {
				for range next {
					err := set.Control().Tx(ctx, func(tx *db.Tx) error {
						_, err := e.Enqueue(tx, job.NewJob{App: fmt.Sprintf("app%d", i), Env: "dev", Kind: "K", Args: i})
						return err
					})
					if err != nil {
						b.Error(err)
						return
					}
					e.Wake()
					<-over[i]
				}
			})
		}
		for b.Loop() {
			next <- struct{}{}
		}
		close(next)
		clients.Wait()
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
	})
}
