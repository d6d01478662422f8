package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// start runs `preamp dev` on an empty or existing data directory.
func start(bin, data string) (*process, error) {
	listener, err := freePort()
	if err != nil {
		return nil, err
	}
	p := &process{bin: bin, data: data, url: "http://" + listener}
	p.cmd = exec.Command(bin, "dev", "--listen", listener, "--data", data, "--app", "bench", "--watch=false")
	logs, err := os.OpenFile(filepath.Join(filepath.Dir(data), filepath.Base(data)+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer logs.Close()
	p.cmd.Stdout, p.cmd.Stderr = logs, logs
	p.cmd.Dir = filepath.Dir(data)
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	for time.Since(began) < 30*time.Second {
		resp, err := http.Get(p.url + "/readyz")
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				p.ready = time.Since(began)
				return p, nil
			}
		}
		time.Sleep(time.Millisecond)
	}
	_ = p.stop()
	return nil, errors.New("preamp dev did not become ready within 30 s")
}

func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.cmd.Wait()
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
