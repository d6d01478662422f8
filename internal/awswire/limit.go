package awswire

import (
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"preamp/internal/errs"
)

// Rate is how many requests a caller may send. The zero value is no limit.
type Rate struct {
	PerSecond float64
	Burst     int
}

// DefaultRate is the limit of the control plane outside development.
var DefaultRate = Rate{PerSecond: 100, Burst: 200}

// callers bounds the access keys whose rate is remembered. One that was
// forgotten begins with a full burst again.
const callers = 4096

// limiter holds a token bucket per access key.
type limiter struct {
	rate    Rate
	buckets *lru.Cache[string, *rate.Limiter]
}

// newLimiter makes a limiter; nil when there is no limit.
func newLimiter(r Rate) *limiter {
	if r == (Rate{}) {
		return nil
	}
	buckets, err := lru.New[string, *rate.Limiter](callers)
	if err != nil {
		panic(fmt.Sprintf("awswire: cache size %d: %v", callers, err))
	}
	return &limiter{rate: r, buckets: buckets}
}

// allow takes one request of a caller, or refuses it.
func (l *limiter) allow(caller string, now time.Time) error {
	if l == nil {
		return nil
	}
	bucket, ok := l.buckets.Get(caller)
	if !ok {
		fresh := rate.NewLimiter(rate.Limit(l.rate.PerSecond), l.rate.Burst)
		if present, found, _ := l.buckets.PeekOrAdd(caller, fresh); found {
			bucket = present
		} else {
			bucket = fresh
		}
	}
	if bucket.AllowN(now, 1) {
		return nil
	}
	return &errs.Error{
		Kind: errs.TooMany, Resource: "RequestRate",
		Message: fmt.Sprintf("Rate exceeded: more than %g requests per second", l.rate.PerSecond),
	}
}
