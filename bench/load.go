package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// target is a request that is sent again and again.
type target struct {
	url    string
	header http.Header
	// body makes the nth body; a fixed one ignores n.
	body func(n int) []byte
}

// sample is what one load run saw.
type sample struct {
	perSecond float64
	p50, p99  time.Duration
}

// run sends requests over a number of connections for a time. An answer that is
// not 200, or does not hold want, ends the run with an error: a fast error is not
// a result.
func (t target) run(connections int, d time.Duration, want []byte) (sample, error) {
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
				if err := t.send(client, n, want); err != nil {
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

func (t target) send(client *http.Client, n int, want []byte) error {
	req, err := http.NewRequest(http.MethodPost, t.url, bytes.NewReader(t.body(n)))
	if err != nil {
		return err
	}
	req.Header = t.header
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || !bytes.Contains(body, want) || bytes.Contains(body, []byte(`"errors"`)) {
		return fmt.Errorf("answer %d: %.300s", resp.StatusCode, body)
	}
	return nil
}
