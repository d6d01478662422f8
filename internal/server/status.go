package server

import (
	"context"
	"strings"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/provision"
)

// Status is what `preamp status --json` prints.
type Status struct {
	Version string      `json:"version"`
	Ready   bool        `json:"ready"`
	PID     int         `json:"pid"`
	URL     string      `json:"url"`
	TLSURL  string      `json:"tls_url"`
	CAFile  string      `json:"ca_file"`
	Data    string      `json:"data"`
	Apps    []StatusApp `json:"apps"`
	// JobsRunning counts the jobs that are queued or running.
	JobsRunning int `json:"jobs_running"`
}

// StatusApp is an app and its environments.
type StatusApp struct {
	ID           string      `json:"app_id"`
	Name         string      `json:"name"`
	Environments []StatusEnv `json:"environments"`
}

// StatusEnv is an environment and its live APIs.
type StatusEnv struct {
	Name string      `json:"name"`
	APIs []StatusAPI `json:"apis"`
	// Auth is its user pool; null when it has none.
	Auth *StatusAuth `json:"auth"`
}

// StatusAPI is a live API. The key is told in dev only; the realtime endpoint is
// null until there is one.
type StatusAPI struct {
	ID               string  `json:"id"`
	Name             string  `json:"name"`
	Endpoint         string  `json:"endpoint"`
	RealtimeEndpoint *string `json:"realtime_endpoint"`
	APIKey           string  `json:"api_key,omitempty"`
	// Modes are the auth modes, the default one first.
	Modes ModeList `json:"modes"`
}

// status reads what runs. Environments that go away meanwhile are left out.
func (s *Server) status(ctx context.Context) (Status, error) {
	st := Status{
		Version: s.version, Ready: s.ready.Load(), PID: pid(), URL: s.baseURL(), TLSURL: s.tlsURL(), Data: s.data, Apps: []StatusApp{},
	}
	if s.ca != nil {
		st.CAFile = s.ca.File()
	}
	var apps []backend.App
	envs := map[string][]backend.Env{}
	err := s.set.Control().Read(ctx, func(q *db.Query) (err error) {
		if apps, err = s.registry.Apps(q); err != nil {
			return err
		}
		for _, a := range apps {
			if envs[a.ID], err = s.registry.Envs(q, a.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Status{}, err
	}
	for _, a := range apps {
		app := StatusApp{ID: a.ID, Name: a.Name, Environments: []StatusEnv{}}
		for _, e := range envs[a.ID] {
			v, err := s.view(ctx, a, e)
			if err != nil {
				continue
			}
			env := StatusEnv{Name: e.Name, APIs: []StatusAPI{}, Auth: s.authOf(ctx, v)}
			for _, api := range v.APIs {
				out := StatusAPI{ID: api.ID, Name: api.Name, Endpoint: api.Endpoint, Modes: modeList(api)}
				if s.dev {
					out.APIKey = api.APIKey
				}
				env.APIs = append(env.APIs, out)
			}
			app.Environments = append(app.Environments, env)
		}
		st.Apps = append(st.Apps, app)
	}
	st.JobsRunning, err = s.jobs.Running(ctx)
	return st, err
}

// view tells of an environment. Only dev shows keys, and only for that must the
// environment be opened: a server with 1,000 environments answers from the
// control database.
func (s *Server) view(ctx context.Context, a backend.App, e backend.Env) (provision.View, error) {
	if s.dev {
		return s.provision.View(ctx, a.ID, e.Name)
	}
	return s.provision.Outline(ctx, a.ID, e.Name)
}

// tlsURL is the https form of the base URL: the same host and port.
func (s *Server) tlsURL() string {
	if rest, ok := strings.CutPrefix(s.baseURL(), "http://"); ok {
		return "https://" + rest
	}
	return s.baseURL()
}
