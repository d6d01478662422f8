package endpoint

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count requests by operation and outcome; both have few values.
type metrics struct {
	requests map[outcome]prometheus.Counter
	seconds  map[string]prometheus.Observer
}

type outcome struct{ operation, result string }

var (
	operations = []string{"query", "mutation", "subscription", "none"}
	results    = []string{"ok", "errors", "refused", "failed"}
)

func newMetrics(reg prometheus.Registerer, live func() int) (*metrics, error) {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "preamp_graphql_requests_total",
		Help: "GraphQL requests by operation and result: ok, errors (answered with errors), refused (not executed), failed (no answer).",
	}, []string{"operation", "result"})
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "preamp_graphql_request_seconds",
		Help:    "Time from the complete request to the complete answer, by operation.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"operation"})
	apis := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "preamp_graphql_live_apis",
		Help: "APIs that are compiled and kept in memory.",
	}, func() float64 { return float64(live()) })
	m := &metrics{requests: map[outcome]prometheus.Counter{}, seconds: map[string]prometheus.Observer{}}
	for _, op := range operations {
		m.seconds[op] = seconds.WithLabelValues(op)
		for _, res := range results {
			m.requests[outcome{op, res}] = requests.WithLabelValues(op, res)
		}
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{requests, seconds, apis} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) count(operation, result string) {
	if operation == "" {
		operation = "none"
	}
	m.requests[outcome{operation, result}].Inc()
}

func (m *metrics) observe(operation string, d time.Duration) {
	if operation == "" {
		operation = "none"
	}
	m.seconds[operation].Observe(d.Seconds())
}
