package server

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/notify"
)

// inboxTick is how often a wait looks into the environments again.
const inboxTick = 100 * time.Millisecond

// messages answers the inbox of one environment, or of all, oldest first: those to
// an address, if one is given. With wait it answers when there is one, or when
// that many milliseconds have passed.
func (s *Server) messages(r *http.Request) (any, error) {
	if s.inbox == nil {
		return nil, errs.E(errs.Invalid, "a server started with `preamp serve` sends messages and keeps none: `preamp inbox` is for `preamp dev`")
	}
	q := r.URL.Query()
	var wait time.Duration
	if text := q.Get("wait"); text != "" {
		ms, err := strconv.Atoi(text)
		if err != nil || ms < 0 || time.Duration(ms)*time.Millisecond > notify.MaxWait {
			return nil, errs.E(errs.Invalid, "wait is a number of milliseconds up to %d", notify.MaxWait.Milliseconds())
		}
		wait = time.Duration(ms) * time.Millisecond
	}
	if (q.Get("app") == "") != (q.Get("env") == "") {
		return nil, errs.E(errs.Invalid, "an app and an environment are given together")
	}
	filter := notify.Filter{To: q.Get("to")}
	ctx := r.Context()
	end := time.Now().Add(wait)
	s.outbox.settle(ctx)
	for first := true; ; first = false {
		list, err := s.listMessages(ctx, q.Get("app"), q.Get("env"), filter, first)
		if err != nil || len(list) > 0 || !time.Now().Before(end) {
			return list, err
		}
		pause := time.NewTimer(min(inboxTick, time.Until(end)))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil, ctx.Err()
		}
	}
}

// listMessages merges the inboxes of environments by time. Ids of a merged list
// are made unique by the environment. Unless all is set, only environments that
// are open are looked at: in others nothing has come since the last look.
func (s *Server) listMessages(ctx context.Context, app, env string, f notify.Filter, all bool) ([]notify.Stored, error) {
	envs, err := s.inboxEnvs(ctx, app, env)
	if err != nil {
		return nil, err
	}
	if !all {
		open := s.set.OpenEnvs()
		envs = slices.DeleteFunc(envs, func(e backend.Env) bool { return !slices.Contains(open, e.UID) })
	}
	merged := []notify.Stored{}
	for _, e := range envs {
		list, err := s.readInbox(ctx, e.UID, f)
		if errs.KindOf(err) == errs.NotFound {
			continue // it went away meanwhile
		}
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			if app == "" {
				m.ID = e.UID + "-" + m.ID
			}
			merged = append(merged, m)
		}
	}
	slices.SortStableFunc(merged, func(a, b notify.Stored) int { return cmp.Compare(a.At.UnixMilli(), b.At.UnixMilli()) })
	return merged, nil
}

func (s *Server) readInbox(ctx context.Context, uid string, f notify.Filter) ([]notify.Stored, error) {
	d, release, err := s.set.Acquire(ctx, uid)
	if err != nil {
		return nil, err
	}
	defer release()
	return s.inbox.List(ctx, d, f)
}

// inboxEnvs are the environments that are asked for: one, or all with the reserved
// one of pools that belong to no app.
func (s *Server) inboxEnvs(ctx context.Context, app, env string) (envs []backend.Env, err error) {
	err = s.set.Control().Read(ctx, func(q *db.Query) error {
		envs = nil
		if app != "" {
			e, err := s.registry.Env(q, app, env)
			envs = append(envs, e)
			return err
		}
		apps, err := s.registry.Apps(q)
		if err != nil {
			return err
		}
		reserved := []string{backend.ReservedCognito}
		for _, a := range apps {
			list, err := s.registry.Envs(q, a.ID)
			if err != nil {
				return err
			}
			envs = append(envs, list...)
			reserved = append(reserved, backend.ReservedConsole(a.ID))
		}
		for _, app := range reserved {
			e, found, err := s.registry.FindReservedEnv(q, app)
			if err != nil {
				return err
			}
			if found && e.State == backend.StateReady {
				envs = append(envs, e)
			}
		}
		return nil
	})
	return envs, err
}
