package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"preamp/internal/db"
)

// storeCollector tells of the databases.
type storeCollector struct{ set *db.Set }

// storeMetric is one figure of db.Stats.
type storeMetric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	of   func(db.Stats) float64
}

func metric(name, help string, kind prometheus.ValueType, of func(db.Stats) float64) storeMetric {
	return storeMetric{prometheus.NewDesc("preamp_store_"+name, help, nil, nil), kind, of}
}

func storeMetrics() []storeMetric {
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	return []storeMetric{
		metric("environments_open", "Environment databases that are open.", gauge, func(s db.Stats) float64 { return float64(s.Open) }),
		metric("environments_pinned", "Environment databases in use.", gauge, func(s db.Stats) float64 { return float64(s.Pinned) }),
		metric("writes_queued", "Transactions that wait for their turn.", gauge, func(s db.Stats) float64 { return float64(s.Queued) }),
		metric("commits_total", "Commits; on SQLite one per batch, each with an fsync.", counter, func(s db.Stats) float64 { return float64(s.Commits) }),
		metric("mutations_total", "Transactions that were committed.", counter, func(s db.Stats) float64 { return float64(s.Mutations) }),
		metric("rollbacks_total", "Batches or transactions that were rolled back.", counter, func(s db.Stats) float64 { return float64(s.Rollbacks) }),
		metric("unknown_outcomes_total", "Commits whose outcome is unknown.", counter, func(s db.Stats) float64 { return float64(s.Poisoned) }),
	}
}

// Describe implements prometheus.Collector.
func (c storeCollector) Describe(out chan<- *prometheus.Desc) {
	for _, m := range storeMetrics() {
		out <- m.desc
	}
}

// Collect implements prometheus.Collector.
func (c storeCollector) Collect(out chan<- prometheus.Metric) {
	s := c.set.Stats()
	for _, m := range storeMetrics() {
		out <- prometheus.MustNewConstMetric(m.desc, m.kind, m.of(s))
	}
}
