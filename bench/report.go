package main

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// report is what one run measured.
type report struct {
	fsyncs       float64
	starts       []time.Duration
	idle, loaded int64
	pushes       []time.Duration
	rows         []row
}

// row compares one request with its limit; one sample per round.
type row struct {
	name        string
	connections int
	own, limit  []sample
	target      float64
}

func newReport() *report { return &report{} }

// ratio is the median over the rounds of own throughput to limit.
func (r row) ratio() float64 {
	var all []float64
	for i := range r.own {
		all = append(all, r.own[i].perSecond/r.limit[i].perSecond)
	}
	return median(all)
}

func median[T cmp.Ordered](all []T) T {
	all = slices.Clone(all)
	slices.Sort(all)
	return all[len(all)/2]
}

func of[T cmp.Ordered](samples []sample, f func(sample) T) T {
	var all []T
	for _, s := range samples {
		all = append(all, f(s))
	}
	return median(all)
}

// String is the report as text. Ratios are what counts; the rest is there to
// judge the run by.
func (r *report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "preamp benchmark: ratios to a limit measured in the same run (bench/doc.go says what the limit is)\n\n")
	fmt.Fprintf(&b, "cpu          %s, %d cores\n", cpu(), runtime.NumCPU())
	fmt.Fprintf(&b, "go           %s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	fmt.Fprintf(&b, "sqlite       modernc.org/sqlite %s, WAL, synchronous=FULL\n", module("modernc.org/sqlite"))
	fmt.Fprintf(&b, "fsync        %.0f/s (4 KiB, this disk)\n\n", r.fsyncs)
	fmt.Fprintf(&b, "%-28s %10s   %s\n", "", "median", "target")
	fmt.Fprintf(&b, "%-28s %7d ms   under 300 ms\n", "start to ready, empty", median(r.starts).Milliseconds())
	fmt.Fprintf(&b, "%-28s %7.1f MB   under 60 MB\n", "idle resident memory", float64(r.idle)/1e6)
	fmt.Fprintf(&b, "%-28s %7.1f MB\n", "after the load", float64(r.loaded)/1e6)
	fmt.Fprintf(&b, "%-28s %7d ms   under 1 s\n\n", "push of 15 models", median(r.pushes).Milliseconds())
	fmt.Fprintf(&b, "%-8s %5s  %8s %6s  %10s %10s  %9s %9s  %9s %9s\n",
		"request", "conns", "ratio", "target", "preamp/s", "limit/s", "p50", "p99", "limit p50", "limit p99")
	for _, r := range r.rows {
		target := "-"
		if r.target > 0 {
			target = fmt.Sprintf("%.1f", r.target)
		}
		rate := func(s sample) float64 { return s.perSecond }
		p50 := func(s sample) time.Duration { return s.p50 }
		p99 := func(s sample) time.Duration { return s.p99 }
		fmt.Fprintf(&b, "%-8s %5d  %8.2f %6s  %10.0f %10.0f  %9s %9s  %9s %9s\n",
			r.name, r.connections, r.ratio(), target, of(r.own, rate), of(r.limit, rate),
			short(of(r.own, p50)), short(of(r.own, p99)), short(of(r.limit, p50)), short(of(r.limit, p99)))
	}
	fmt.Fprintf(&b, "\n%d rows in the table; client, preamp and limit on the same cores; median of %d rounds.\n", rows, rounds)
	return b.String()
}

func short(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }

// cpu is the name of the processor, without anything that names the machine.
func cpu() string {
	raw, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(raw)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func module(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, d := range info.Deps {
		if d.Path == path {
			return d.Version
		}
	}
	return ""
}
