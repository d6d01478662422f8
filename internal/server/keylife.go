package server

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"preamp/internal/provision"
)

const (
	// keyWarning is how long before its end an API key is warned of.
	keyWarning = 14 * 24 * time.Hour
	// keyInterval is how often the keys are looked at.
	keyInterval = time.Hour
)

// watchKeys warns of API keys that end soon; in dev it extends them. It returns
// when ctx ends.
func (s *Server) watchKeys(ctx context.Context) error {
	expiring := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "preamp_api_keys_expiring", Help: "API keys that have expired or will within 14 days.",
	})
	s.metrics.MustRegister(expiring)
	tick := time.NewTicker(keyInterval)
	defer tick.Stop()
	for {
		s.lookAtKeys(ctx, expiring)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (s *Server) lookAtKeys(ctx context.Context, expiring prometheus.Gauge) {
	now := time.Now()
	found, err := s.provision.ExpiringKeys(ctx, now.Add(keyWarning))
	if err != nil {
		if ctx.Err() == nil {
			s.logger.ErrorContext(ctx, "look for expiring API keys", "error", err)
		}
		return
	}
	left := 0
	for _, k := range found {
		if s.dev && s.renew(ctx, k, now) {
			continue
		}
		left++
		s.logger.WarnContext(ctx, "api key expires soon", "app", k.App, "env", k.Env, "api", k.API, "expires", k.Expires)
	}
	expiring.Set(float64(left))
}

func (s *Server) renew(ctx context.Context, k provision.ExpiringKey, now time.Time) bool {
	if err := s.provision.Renew(ctx, k, now); err != nil {
		s.logger.ErrorContext(ctx, "renew api key", "app", k.App, "env", k.Env, "api", k.API, "error", err)
		return false
	}
	s.logger.InfoContext(ctx, "api key renewed", "app", k.App, "env", k.Env, "api", k.API)
	return true
}
