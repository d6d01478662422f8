package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"preamp/internal/server"
	"preamp/internal/sigv4"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context) error {
	bin := flag.String("bin", "bin/preamp", "the binary to measure")
	out := flag.String("out", "", "also write the report to this file")
	each := flag.Duration("each", 3*time.Second, "time of one load run")
	limit := flag.String("limit", "", "serve the limit on this address (used by the benchmark itself)")
	data := flag.String("data", "", "data directory of the limit")
	api := flag.String("api", "", "API id of the limit")
	flag.Parse()
	if *limit != "" {
		return limitCommand(ctx, *limit, *data, *api)
	}
	path, err := filepath.Abs(*bin)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "preamp-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r, err := measure(ctx, path, dir, *each)
	if err != nil {
		return err
	}
	text := r.String()
	fmt.Print(text)
	if *out != "" {
		return os.WriteFile(*out, []byte(text), 0o644)
	}
	return nil
}

// measure runs everything and reports.
func measure(ctx context.Context, bin, dir string, each time.Duration) (*report, error) {
	r := newReport()
	var err error
	if r.fsyncs, err = fsyncRate(dir); err != nil {
		return nil, err
	}
	if r.starts, err = startTimes(bin, dir, 7); err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	p, err := start(bin, data)
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.cmd.Process.Kill() }()
	time.Sleep(2 * time.Second) // settle before the idle figure
	if r.idle, err = p.rss(); err != nil {
		return nil, err
	}
	var st server.Status
	if err := p.command(ctx, &st, "status", "--json"); err != nil {
		return nil, err
	}
	c := control{app: st.Apps[0].ID}
	if err := p.command(ctx, &c.env, "env", "--format", "json"); err != nil {
		return nil, err
	}
	for i := range 5 {
		took, err := c.push(ctx, fmt.Sprintf("push%d", i), benchSchema(15))
		if err != nil {
			return nil, err
		}
		r.pushes = append(r.pushes, took)
	}
	if _, err := c.push(ctx, "bench", benchSchema(1)); err != nil {
		return nil, err
	}
	if err := p.command(ctx, &st, "status", "--json"); err != nil {
		return nil, err
	}
	var url, key, id string
	for _, a := range st.Apps[0].Environments[0].APIs {
		if a.Name == "bench" {
			url, key, id = a.Endpoint, a.APIKey, a.ID
		}
	}
	if err := seed(url, key); err != nil {
		return nil, fmt.Errorf("seed: %w", err)
	}
	if err := p.stop(); err != nil {
		return nil, err
	}
	limitData := filepath.Join(dir, "limit")
	if err := copyDir(data, limitData); err != nil {
		return nil, err
	}
	if p, err = start(bin, data); err != nil {
		return nil, err
	}
	defer func() { _ = p.cmd.Process.Kill() }()
	address, stopLimit, err := startLimit(ctx, limitData, id)
	if err != nil {
		return nil, err
	}
	defer stopLimit()
	url = p.url + "/api/" + id + "/graphql"
	for _, cmp := range comparisons() {
		for _, connections := range []int{1, 32} {
			row, err := compare(cmp, url, "http://"+address+"/"+cmp.name, key, connections, each)
			if err != nil {
				return nil, fmt.Errorf("%s at %d: %w", cmp.name, connections, err)
			}
			r.rows = append(r.rows, row)
		}
	}
	if r.loaded, err = p.rss(); err != nil {
		return nil, err
	}
	return r, p.stop()
}

// rounds alternate preamp and limit, so that both see the same machine.
const rounds = 3

func compare(c comparison, url, limitURL, key string, connections int, each time.Duration) (row, error) {
	out := row{name: c.name, connections: connections, target: c.target}
	if c.write && connections == 1 {
		out.target = 0 // one writer waits for the fsync: nothing to compare
	}
	want := []byte(`{"data":{"` + c.field + `":{`)
	for range rounds {
		own, err := c.at(url, key).run(connections, each, want)
		if err != nil {
			return row{}, err
		}
		limit, err := c.at(limitURL, key).run(connections, each, want)
		if err != nil {
			return row{}, fmt.Errorf("limit: %w", err)
		}
		out.own, out.limit = append(out.own, own), append(out.limit, limit)
	}
	return out, nil
}

// seed creates the rows through the API, many per request.
func seed(url, key string) error {
	const batch = 50
	client := &http.Client{Timeout: 30 * time.Second}
	for first := 0; first < rows; first += batch {
		var b bytes.Buffer
		b.WriteString("mutation {")
		for n := first; n < first+batch; n++ {
			fmt.Fprintf(&b, ` m%d: createTask(input: {id: "row-%d", title: "task %d", done: %t, priority: LOW, notes: "%s", due: "2026-11-23"}) { id }`, n, n, n, n%2 == 0, filler)
		}
		b.WriteString(" }")
		body, err := json.Marshal(map[string]string{"query": b.String()})
		if err != nil {
			return err
		}
		t := target{url: url, header: http.Header{"Content-Type": {"application/json"}, "X-Api-Key": {key}}, body: func(int) []byte { return body }}
		if err := t.send(client, 0, []byte(`{"data":{`)); err != nil {
			return err
		}
	}
	return nil
}

// startTimes starts an empty server n times, each time on a new directory.
func startTimes(bin, dir string, n int) ([]time.Duration, error) {
	var all []time.Duration
	for i := range n {
		p, err := start(bin, filepath.Join(dir, fmt.Sprintf("start%d", i)))
		if err != nil {
			return nil, err
		}
		all = append(all, p.ready)
		if err := p.stop(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// startLimit runs the limit in a process of its own.
func startLimit(ctx context.Context, data, apiID string) (address string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	if address, err = freePort(); err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-limit", address, "-data", data, "-api", apiID)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}
	for range 500 {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			return address, stop, conn.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	return "", nil, fmt.Errorf("the limit did not start on %s", address)
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// fsyncRate is how often the disk can be made to keep 4 KiB, per second.
func fsyncRate(dir string) (float64, error) {
	f, err := os.Create(filepath.Join(dir, "fsync"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	page := make([]byte, 4096)
	n := 0
	began := time.Now()
	for time.Since(began) < time.Second {
		if _, err := f.WriteAt(page, int64(n%64)*4096); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		n++
	}
	return float64(n) / time.Since(began).Seconds(), nil
}

// environment is what `preamp env --format json` prints.
type environment struct {
	Endpoint        string `json:"AWS_ENDPOINT_URL"`
	AccessKeyID     string `json:"AWS_ACCESS_KEY_ID"`
	SecretAccessKey string `json:"AWS_SECRET_ACCESS_KEY"`
	Region          string `json:"AWS_REGION"`
}

// control calls the control plane as an SDK does.
type control struct {
	env environment
	app string
}

// push creates an API and answers the time from the call to COMPLETED.
func (c control) push(ctx context.Context, name, schema string) (time.Duration, error) {
	began := time.Now()
	var job struct{ JobID, Status, Error string }
	err := c.call(ctx, http.MethodPost, "/backend/"+c.app+"/api", map[string]any{
		"backendEnvironmentName": "dev", "resourceName": name, "resourceConfig": map[string]any{"transformSchema": schema},
	}, &job)
	for err == nil && job.Status == "RUNNING" {
		time.Sleep(2 * time.Millisecond)
		err = c.call(ctx, http.MethodGet, "/backend/"+c.app+"/job/dev/"+job.JobID, nil, &job)
	}
	if err == nil && job.Status != "COMPLETED" {
		err = fmt.Errorf("job %s: %s", job.Status, job.Error)
	}
	return time.Since(began), err
}

func (c control) call(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.env.Endpoint+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	sigv4.Sign(req, body, c.env.AccessKeyID, c.env.SecretAccessKey, c.env.Region, "amplifybackend", time.Now())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %d %s", method, path, resp.StatusCode, text)
	}
	return json.Unmarshal(text, out)
}
