package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// target is a request that is sent again and again.
type target struct {
	method string // POST if empty
	url    string
	header http.Header
	// body makes the nth body; nil sends none, and a fixed one ignores n. It is
	// called by several goroutines.
	body func(n int) []byte
	// sign completes each request, which then has headers of its own.
	sign func(q *http.Request, body []byte)
	// want is what every answer holds: a fast error is not a result.
	want []byte
}

// sample is what one load run saw.
type sample struct {
	perSecond float64
	p50, p99  time.Duration
}

// rounds alternate between what is compared, so that all see the same machine.
const rounds = 3

// race runs targets in turn, in every round in the other direction, after a
// moment for each to get warm. It answers a sample per target and round.
func race(ctx context.Context, targets []target, connections int, each time.Duration) ([][]sample, error) {
	out := make([][]sample, len(targets))
	order := make([]int, len(targets))
	for i := range targets {
		order[i] = i
		if _, err := targets[i].run(connections, each/4); err != nil {
			return nil, fmt.Errorf("%s: %w", targets[i].url, err)
		}
	}
	for range rounds {
		for _, i := range order {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			s, err := targets[i].run(connections, each)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", targets[i].url, err)
			}
			out[i] = append(out[i], s)
		}
		slices.Reverse(order)
	}
	return out, nil
}

// run sends requests over a number of connections for a time. An answer that is
// not as wanted ends the run with an error.
func (t target) run(connections int, d time.Duration) (sample, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	latencies := make([][]time.Duration, connections)
	errs := make([]error, connections)
	end := time.Now().Add(d)
	var wg sync.WaitGroup
	start := time.Now()
	for c := range connections {
		wg.Go(func() {
			for n := c; time.Now().Before(end); n += connections {
				began := time.Now()
				if err := t.send(client, n); err != nil {
					errs[c] = err
					return
				}
				latencies[c] = append(latencies[c], time.Since(began))
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	for _, err := range errs {
		if err != nil {
			return sample{}, err
		}
	}
	all := slices.Concat(latencies...)
	slices.Sort(all)
	if len(all) == 0 {
		return sample{}, fmt.Errorf("no request ended within %s", d)
	}
	return sample{
		perSecond: float64(len(all)) / took.Seconds(),
		p50:       all[len(all)/2], p99: all[len(all)*99/100],
	}, nil
}

func (t target) send(client *http.Client, n int) error {
	method := t.method
	if method == "" {
		method = http.MethodPost
	}
	var content io.Reader
	var text []byte
	if t.body != nil {
		text = t.body(n)
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequest(method, t.url, content)
	if err != nil {
		return err
	}
	req.Header = t.header
	if t.sign != nil {
		req.Header = t.header.Clone()
		t.sign(req, text)
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || !bytes.Contains(body, t.want) || bytes.Contains(body, []byte(`"errors":[`)) {
		return fmt.Errorf("answer %d: %.300s", resp.StatusCode, body)
	}
	return nil
}
