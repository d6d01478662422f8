package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	seedBatch       = 50 // mutations per request
	seedConnections = 8
)

// seed creates rows through an API, many per request. row answers the nth
// mutation without its alias; rows of one call go in parallel.
func seed(url string, credential http.Header, n int, row func(n int) string) error {
	client := &http.Client{Timeout: 60 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: seedConnections}}
	defer client.CloseIdleConnections()
	errs := make([]error, seedConnections)
	var wg sync.WaitGroup
	for c := range seedConnections {
		wg.Go(func() {
			for first := c * seedBatch; first < n; first += seedConnections * seedBatch {
				var b bytes.Buffer
				b.WriteString("mutation {")
				for i := first; i < min(first+seedBatch, n); i++ {
					fmt.Fprintf(&b, " m%d: %s { id }", i, row(i))
				}
				b.WriteString(" }")
				body, err := json.Marshal(map[string]string{"query": b.String()})
				if err == nil {
					t := target{url: url, header: jsonHeader(credential), body: func(int) []byte { return body }, want: []byte(`{"data":{`)}
					err = t.send(client, 0)
				}
				if err != nil {
					errs[c] = err
					return
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	return nil
}

func taskRow(n int) string {
	return fmt.Sprintf(`createTask(input: {id: "row-%d", title: "task %d", done: %t, priority: LOW, notes: "%s", due: "2026-11-23"})`,
		n, n, n%2 == 0, filler)
}

// seedOpen fills the tables of openSchema.
func seedOpen(url, key string) error {
	if err := seed(url, apiKey(key), rows, taskRow); err != nil {
		return err
	}
	err := seed(url, apiKey(key), projects, func(n int) string {
		return fmt.Sprintf(`createProject(input: {id: "project-%d", name: "project %d"})`, n, n)
	})
	if err != nil {
		return err
	}
	return seed(url, apiKey(key), rows, func(n int) string {
		return fmt.Sprintf(`createStep(input: {id: "step-%d", projectID: "project-%d", title: "step %d", done: %t})`, n, n%projects, n, n%2 == 0)
	})
}

// seedNotes fills the table of noteSchema: every second note is the caller's that
// is measured.
func seedNotes(url, own, other string) error {
	note := func(n int) string {
		return fmt.Sprintf(`createNote(input: {id: "row-%d", title: "note %d", notes: "%s"})`, n, n, filler)
	}
	if err := seed(url, bearer(own), rows/2, func(n int) string { return note(2 * n) }); err != nil {
		return err
	}
	return seed(url, bearer(other), rows/2, func(n int) string { return note(2*n + 1) })
}
