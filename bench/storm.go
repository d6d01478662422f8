package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// stormTarget is what the process of a storm is told.
type stormTarget struct {
	URL, Client string
	Users       int
}

// startStorm lets stormers connections sign in again and again, from a process
// that gives way to all others: those who sign in are on machines of their own,
// and what is measured is what they take of the server. It answers the function
// that ends it and tells how many a second did.
func startStorm(ctx context.Context, p userPool) (stop func() (perSecond float64, err error), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	told, err := json.Marshal(stormTarget{URL: p.url, Client: p.client, Users: p.users})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "nice", "-n", "19", self, "-storm", string(told))
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() (float64, error) {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return 0, err
		}
		if err := cmd.Wait(); err != nil {
			return 0, fmt.Errorf("storm: %w", err)
		}
		return strconv.ParseFloat(strings.TrimSpace(out.String()), 64)
	}, nil
}

// stormCommand is that process.
func stormCommand(ctx context.Context, text string) error {
	var t stormTarget
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return err
	}
	p := userPool{url: t.URL, client: t.Client, users: t.Users}
	var done atomic.Int64
	var wg sync.WaitGroup
	failed := make([]error, stormers)
	began := time.Now()
	for w := range stormers {
		wg.Go(func() {
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
			defer client.CloseIdleConnections()
			for n := w; ctx.Err() == nil; n += stormers {
				_, err := p.byPassword(ctx, client, n)
				switch {
				case err == nil:
					done.Add(1)
				case ctx.Err() != nil, strings.Contains(err.Error(), "TooManyRequestsException"): // what a storm is answered
				default:
					failed[w] = err
					return
				}
			}
		})
	}
	wg.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	fmt.Printf("%.1f\n", float64(done.Load())/time.Since(began).Seconds())
	return nil
}
