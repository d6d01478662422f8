package main

import (
	"fmt"
	"strings"
)

// missed names the targets of user pools that were not met.
func (r *authReport) missed(store string) []string {
	var out []string
	miss := func(is bool, format string, args ...any) {
		if is {
			out = append(out, store+" "+fmt.Sprintf(format, args...))
		}
	}
	for _, s := range r.signins {
		miss(s.ratio() < leastCrypto, "sign-in by %s (%.2f of %.1f)", s.name, s.ratio(), leastCrypto)
	}
	for _, t := range r.token {
		got := ratio(t.own, t.limit)
		miss(got < t.target, "get with a token at %d (%.2f of %.1f)", t.connections, got, t.target)
	}
	for _, g := range r.growth {
		got := ratio(g.small, g.large)
		miss(got > flat, "%s in a large pool (%.2f, at most %.1f)", g.name, got, flat)
	}
	for _, s := range r.storm {
		miss(s.ratio() >= mostStorm, "get at %d in a storm of sign-ins (%.1f, under %.1f)", s.connections, s.ratio(), mostStorm)
	}
	return out
}

func (r *authReport) write(b *strings.Builder) {
	fmt.Fprintf(b, "\nuser pools: the CPU time of a sign-in, to that of a bare handler that does the arithmetic in it (the proof, two signatures), one connection\n\n")
	fmt.Fprintf(b, "%-10s  %8s %6s  %10s %10s  %10s\n", "sign-in", "ratio", "target", "server", "arithmetic", "per second")
	for _, row := range r.signins {
		s := row.middle()
		fmt.Fprintf(b, "%-10s  %8.2f %6.1f  %10s %10s  %10.0f\n", row.name, row.ratio(), leastCrypto, short(s.cost), short(s.crypt), s.perSecond)
	}
	fmt.Fprintf(b, "\nuser pools: a get with an access token, verified once, to the same with an API key\n\n")
	fmt.Fprintf(b, "%-10s %5s  %8s %6s  %10s %10s\n", "request", "conns", "ratio", "target", "token/s", "key/s")
	for _, t := range r.token {
		fmt.Fprintf(b, "%-10s %5d  %8.2f %6.1f  %10.0f %10.0f\n", t.name, t.connections, ratio(t.own, t.limit), t.target, rate(t.own), rate(t.limit))
	}
	fmt.Fprintf(b, "\nuser pools: throughput in a pool of %d users to that in one of %d\n\n", poolSizes[0], poolSizes[1])
	writeGrowth(b, r.growth)
	fmt.Fprintf(b, "\nuser pools: p99 of a get while %d connections sign in without a pause, to that on the quiet server\n\n", stormers)
	fmt.Fprintf(b, "%-10s %5s  %8s %6s  %9s %9s  %12s\n", "request", "conns", "ratio", "under", "quiet p99", "storm p99", "sign-ins/s")
	for _, s := range r.storm {
		fmt.Fprintf(b, "%-10s %5d  %8.2f %6.1f  %9s %9s  %12.0f\n", "get", s.connections, s.ratio(), mostStorm, p99(s.quiet), p99(s.storm), s.signins)
	}
}
