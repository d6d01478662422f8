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
	fsyncs float64
	stores []storeReport
	size   *sizeReport // nil when it was not measured
}

// storeReport is what was measured on one store. What was not asked for is empty.
type storeReport struct {
	name, settings string
	starts         []time.Duration
	idle, loaded   int64
	pushes         []time.Duration
	rows           []row
	growth         []growthRow
	auth           *authReport // nil when it was not measured
}

// row compares one request with its limit; one sample per round.
type row struct {
	name        string
	connections int
	own, limit  []sample
	target      float64
}

// ratio is the median over the rounds of the throughput of a to that of b.
func ratio(a, b []sample) float64 {
	var all []float64
	for i := range a {
		all = append(all, a[i].perSecond/b[i].perSecond)
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

func rate(samples []sample) float64 {
	return of(samples, func(s sample) float64 { return s.perSecond })
}

func p50(samples []sample) string {
	return short(of(samples, func(s sample) time.Duration { return s.p50 }))
}

func p99(samples []sample) string {
	return short(of(samples, func(s sample) time.Duration { return s.p99 }))
}

// String is the report as text. Ratios are what counts; the rest is there to
// judge the run by.
func (r *report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "preamp benchmark: ratios to a limit measured in the same run (bench/doc.go says what the limit is)\n\n")
	machine(&b, r.fsyncs)
	for i := range r.stores {
		r.stores[i].write(&b)
	}
	if len(r.stores) > 0 {
		fmt.Fprintf(&b, "\n%d rows in a table, if it is not told otherwise; client, preamp and limit on the same cores; median of %d rounds.\n", rows, rounds)
	}
	if r.size != nil {
		r.size.write(&b)
	}
	if missed := r.missed(); len(missed) > 0 {
		fmt.Fprintf(&b, "\ntargets missed: %s\n", strings.Join(missed, "; "))
	} else {
		b.WriteString("\nall targets that were measured are met\n")
	}
	return b.String()
}

// The targets that are no ratios.
const (
	mostStart   = 300 * time.Millisecond // on SQLite
	mostIdle    = 60_000_000
	mostPush    = time.Second
	mostCompile = 100 * time.Millisecond
	mostAPI     = 1_000_000
)

// missed names the targets that were not met.
func (r *report) missed() []string {
	var out []string
	miss := func(is bool, format string, args ...any) {
		if is {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	for _, s := range r.stores {
		if len(s.starts) > 0 {
			miss(s.name == "sqlite" && median(s.starts) >= mostStart, "%s start", s.name)
			miss(s.idle >= mostIdle, "%s idle memory", s.name)
			miss(median(s.pushes) >= mostPush, "%s push", s.name)
		}
		for _, row := range s.rows {
			got := ratio(row.own, row.limit)
			miss(got < row.target, "%s %s at %d (%.2f of %.1f)", s.name, row.name, row.connections, got, row.target)
		}
		for _, g := range s.growth {
			got := ratio(g.small, g.large)
			miss(got > flat, "%s growth of %s at %d (%.2f, at most %.1f)", s.name, g.name, g.connections, got, flat)
		}
	}
	for _, s := range r.stores {
		if s.auth != nil {
			out = append(out, s.auth.missed(s.name)...)
		}
	}
	if r.size != nil {
		miss(median(r.size.compile) >= mostCompile, "compile")
		miss(r.size.heap >= mostAPI, "idle API (%s)", kilobytes(r.size.heap))
	}
	return out
}

func machine(b *strings.Builder, fsyncs float64) {
	fmt.Fprintf(b, "cpu          %s, %d cores\n", cpu(), runtime.NumCPU())
	fmt.Fprintf(b, "go           %s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	fmt.Fprintf(b, "fsync        %.0f/s (4 KiB, this disk)\n", fsyncs)
}

func (r *storeReport) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n== %s: %s\n\n", r.name, r.settings)
	if len(r.starts) > 0 {
		fmt.Fprintf(b, "%-28s %10s   %s\n", "", "median", "target")
		goal := map[string]string{"sqlite": "under " + mostStart.String()}[r.name]
		line(b, "start to ready, empty", fmt.Sprintf("%d ms", median(r.starts).Milliseconds()), goal)
		line(b, "idle resident memory", megabytes(r.idle), "under "+megabytes(mostIdle))
		line(b, "after the load", megabytes(r.loaded), "")
		line(b, "push of 15 models", fmt.Sprintf("%d ms", median(r.pushes).Milliseconds()), "under "+mostPush.String())
		b.WriteString("\n")
	}
	if len(r.rows) > 0 {
		fmt.Fprintf(b, "%-10s %5s  %8s %6s  %10s %10s  %9s %9s  %9s %9s\n",
			"request", "conns", "ratio", "target", "preamp/s", "limit/s", "p50", "p99", "limit p50", "limit p99")
	}
	for _, r := range r.rows {
		goal := "-"
		if r.target > 0 {
			goal = fmt.Sprintf("%.1f", r.target)
		}
		fmt.Fprintf(b, "%-10s %5d  %8.2f %6s  %10.0f %10.0f  %9s %9s  %9s %9s\n",
			r.name, r.connections, ratio(r.own, r.limit), goal, rate(r.own), rate(r.limit), p50(r.own), p99(r.own), p50(r.limit), p99(r.limit))
	}
	if len(r.growth) > 0 {
		small, large := growthSizes[0].rows, growthSizes[len(growthSizes)-1].rows
		fmt.Fprintf(b, "\ngrowth: throughput on a table of %d rows to that on one of %d, each request of another row\n\n", small, large)
		writeGrowth(b, r.growth)
	}
	if r.auth != nil {
		r.auth.write(b)
	}
}

func writeGrowth(b *strings.Builder, rows []growthRow) {
	fmt.Fprintf(b, "%-10s %5s  %8s %6s  %10s %10s  %9s %9s  %9s %9s\n",
		"request", "conns", "ratio", "most", "small/s", "large/s", "small p50", "small p99", "large p50", "large p99")
	for _, g := range rows {
		fmt.Fprintf(b, "%-10s %5d  %8.2f %6.1f  %10.0f %10.0f  %9s %9s  %9s %9s\n",
			g.name, g.connections, ratio(g.small, g.large), flat, rate(g.small), rate(g.large), p50(g.small), p99(g.small), p50(g.large), p99(g.large))
	}
}

func (r *sizeReport) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n== size\n\n%-46s %10s   %s\n", "", "", "target")
	wide := func(name, value, goal string) { fmt.Fprintf(b, "%-46s %10s   %s\n", name, value, goal) }
	wide(fmt.Sprintf("compile %d models (parse, expand)", largeSchema), short(median(r.compile)), "under "+mostCompile.String())
	wide(fmt.Sprintf("push of %d models, call to COMPLETED", largeSchema), short(median(r.pushes)), "")
	wide(fmt.Sprintf("idle API of %d models, heap", usualSchema), kilobytes(r.heap), "under "+kilobytes(mostAPI))
	wide(fmt.Sprintf("idle API of %d models, resident in a server", usualSchema), kilobytes(r.rss), "")
	wide(fmt.Sprintf("plan cache after %d distinct queries, heap", manyQueries), kilobytes(r.plans), "")
	wide(fmt.Sprintf("and after %d other ones, in addition", manyQueries), kilobytes(r.more), "bounded: about 0")
	fmt.Fprintf(b, "\nan idle API has answered one request; mean of %d APIs, weighed beside as many others.\n", weighed)
}

func line(b *strings.Builder, name, value, goal string) {
	fmt.Fprintf(b, "%-28s %10s   %s\n", name, value, goal)
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
func kilobytes(n int64) string { return fmt.Sprintf("%d kB", n/1000) }

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
