package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a preamp under measurement.
type process struct {
	cmd  *exec.Cmd
	data string
	bin  string
	// ready is the time from start until /readyz said so.
	ready time.Duration
	url   string
}

// start runs `preamp dev` on a new or existing place.
func start(bin string, at place) (*process, error) {
	listen, err := freePort()
	if err != nil {
		return nil, err
	}
	config, err := at.config()
	if err != nil {
		return nil, err
	}
	p := &process{bin: bin, data: at.dir, url: "http://" + listen}
	p.cmd = exec.Command(bin, "dev", "--listen", listen, "--data", at.dir, "--app", "bench", "--watch=false", "--config", config)
	logs, err := os.OpenFile(at.dir+".log", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer logs.Close()
	p.cmd.Stdout, p.cmd.Stderr = logs, logs
	p.cmd.Dir = filepath.Dir(at.dir)
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if err := answers(p.url+"/readyz", 30*time.Second, time.Millisecond); err != nil {
		p.kill()
		text, _ := os.ReadFile(logs.Name())
		return nil, fmt.Errorf("preamp dev did not become ready: %w\n%s", err, text)
	}
	p.ready = time.Since(began)
	return p, nil
}

// answers waits until a URL answers 200.
func answers(url string, limit, pause time.Duration) error {
	for began := time.Now(); time.Since(began) < limit; time.Sleep(pause) {
		resp, err := http.Get(url)
		if err != nil {
			continue
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return nil
		}
	}
	return fmt.Errorf("%s did not answer within %s", url, limit)
}

func (p *process) stop() error { return end(p.cmd) }

// kill ends the process where its outcome does not matter any more. It is no
// error when the process has ended.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// end asks a process to end, and waits for it.
func end(cmd *exec.Cmd) error {
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return cmd.Wait()
}

// rss is the resident memory in bytes.
func (p *process) rss() (int64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if v, ok := strings.CutPrefix(lines.Text(), "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(v), " kB"), 10, 64)
			return kb * 1024, err
		}
	}
	return 0, errors.New("no VmRSS in /proc")
}

// command asks the running server through the binary, as a user does.
func (p *process) command(ctx context.Context, out any, args ...string) error {
	cmd := exec.CommandContext(ctx, p.bin, append(args, "--data", p.data)...)
	raw, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("preamp %s: %w", strings.Join(args, " "), err)
	}
	return json.Unmarshal(raw, out)
}

// startLimit runs the limit in a process of its own.
func startLimit(ctx context.Context, o limitOptions) (url string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	if o.Listen, err = freePort(); err != nil {
		return "", nil, err
	}
	text, err := json.Marshal(o)
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-limit", string(text))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { _ = end(cmd) }
	for range 1000 {
		conn, err := net.Dial("tcp", o.Listen)
		if err == nil {
			return "http://" + o.Listen, stop, conn.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	return "", nil, fmt.Errorf("the limit did not start on %s", o.Listen)
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
