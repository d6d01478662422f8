package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the flags of a run.
type options struct {
	bin, dir    string
	each        time.Duration
	connections []int
	only        parts
}

// parts are what a run is made of; nil is everything.
type parts []string

var allParts = parts{"start", "get", "list20", "nested", "jwt", "create", "growth", "auth", "size"}

func (p parts) has(name string) bool { return p == nil || slices.Contains(p, name) }

func parseParts(text string) (parts, error) {
	if text == "" {
		return nil, nil
	}
	p := parts(strings.Split(text, ","))
	for _, name := range p {
		if !slices.Contains(allParts, name) {
			return nil, fmt.Errorf("-only %s: the parts are %s", name, strings.Join(allParts, ", "))
		}
	}
	return p, nil
}

func command(ctx context.Context) error {
	bin := flag.String("bin", "bin/preamp", "the binary to measure")
	out := flag.String("out", "", "also write the report to this file")
	each := flag.Duration("each", 800*time.Millisecond, "time of one load run")
	stores := flag.String("store", "", "sqlite or postgres; both by default")
	only := flag.String("only", "", "comma list of parts: "+strings.Join(allParts, ", "))
	peers := flag.String("peers", "", "compare with other products instead: the folder of their recipes")
	limit := flag.String("limit", "", "serve a limit (used by the benchmark itself)")
	arithmetic := flag.String("crypto", "", "serve the limit of sign-ins at this address (used by the benchmark itself)")
	storm := flag.String("storm", "", "sign in until the end (used by the benchmark itself)")
	flag.Parse()
	if *storm != "" {
		return stormCommand(ctx, *storm)
	}
	if *arithmetic != "" {
		return serveCrypto(ctx, *arithmetic)
	}
	if *limit != "" {
		return limitCommand(ctx, *limit)
	}
	o := options{each: *each, connections: []int{1, 32}}
	var err error
	if o.only, err = parseParts(*only); err != nil {
		return err
	}
	if o.bin, err = filepath.Abs(*bin); err != nil {
		return err
	}
	if o.dir, err = os.MkdirTemp("", "preamp-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(o.dir)
	var text string
	if *peers != "" {
		text, err = comparePeers(ctx, o, *peers)
	} else {
		text, err = measure(ctx, o, *stores)
	}
	if err != nil {
		return err
	}
	fmt.Print(text)
	if *out != "" {
		return os.WriteFile(*out, []byte(text), 0o644)
	}
	return nil
}

// measure runs everything that was asked for and reports.
func measure(ctx context.Context, o options, stores string) (string, error) {
	names := []string{"sqlite", "postgres"}
	if stores != "" {
		names = strings.Split(stores, ",")
	}
	var r report
	var err error
	if r.fsyncs, err = fsyncRate(o.dir); err != nil {
		return "", err
	}
	i, err := startIssuer()
	if err != nil {
		return "", err
	}
	defer i.close()
	for _, name := range names {
		if err := os.Mkdir(filepath.Join(o.dir, name), 0o700); err != nil {
			return "", err
		}
		s, err := measureStore(ctx, o, name, i)
		if err != nil {
			return "", err
		}
		r.stores = append(r.stores, s)
	}
	if o.only.has("size") {
		if r.size, err = measureSize(ctx, o); err != nil {
			return "", fmt.Errorf("size: %w", err)
		}
	}
	return r.String(), nil
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
