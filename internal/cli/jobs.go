package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"preamp/internal/server"
)

type jobsCmd struct {
	List   jobsListCmd   `cmd:"" default:"withargs" help:"List jobs, newest first (the default)."`
	Cancel jobsCancelCmd `cmd:"" help:"Cancel a running job."`
}

// Help is shown by --help.
func (*jobsCmd) Help() string {
	return `Examples:

    preamp jobs
    preamp jobs --app todo --env dev --follow
    preamp jobs cancel 11111111-2222-4333-8444-555555555555`
}

// jobScope selects apps and environments.
type jobScope struct {
	dataFlag
	App string `help:"Only this app, by id or name." placeholder:"APP"`
	Env string `help:"Only this environment." placeholder:"ENV"`
}

type jobsListCmd struct {
	jobScope
	Follow bool `help:"Stay, and print each job that appears or changes."`
	Limit  int  `help:"Most jobs of each environment." default:"25" placeholder:"25"`
	JSON   bool `name:"json" help:"Print one JSON object per line."`
}

// jobs is an open connection and the environments that were asked for.
type jobsView struct {
	api  *api
	envs [][2]string // app id, environment
}

func (s jobScope) open(a *app) (*jobsView, error) {
	l, err := find(s.Data)
	if err != nil {
		return nil, err
	}
	st, _, err := l.status(a.ctx)
	if err != nil {
		return nil, err
	}
	v := &jobsView{}
	if v.envs, err = s.envs(st); err != nil {
		return nil, err
	}
	v.api, err = a.connect(l, st)
	return v, err
}

// envs are the environments to ask about. Status knows those that are ready;
// with both --app and --env given they are taken at their word, because jobs
// outlive an environment and begin before it.
func (s jobScope) envs(st server.Status) ([][2]string, error) {
	if s.App != "" && s.Env != "" {
		id := s.App
		if a, err := chooseApp(st, s.App); err == nil {
			id = a.ID
		}
		return [][2]string{{id, s.Env}}, nil
	}
	apps := st.Apps
	if s.App != "" {
		a, err := chooseApp(st, s.App)
		if err != nil {
			return nil, err
		}
		apps = []server.StatusApp{a}
	}
	var out [][2]string
	for _, a := range apps {
		for _, e := range a.Environments {
			if s.Env == "" || e.Name == s.Env {
				out = append(out, [2]string{a.ID, e.Name})
			}
		}
	}
	if len(out) == 0 && s.Env != "" {
		return nil, fmt.Errorf("there is no environment %s", s.Env)
	}
	return out, nil
}

type listRequest struct {
	JobID      string `json:"jobId,omitempty"`
	MaxResults int    `json:"maxResults,omitempty"`
	NextToken  string `json:"nextToken,omitempty"`
}

// list reads up to limit jobs of each environment, newest first. A job of a
// whole app shows under each of its environments and is taken once.
func (v *jobsView) list(a *app, id string, limit int) ([]job, error) {
	seen := map[string]bool{}
	var out []job
	for _, e := range v.envs {
		token := ""
		for n := 0; n < limit; {
			var page struct {
				Jobs      []job  `json:"jobs"`
				NextToken string `json:"nextToken"`
			}
			err := v.api.post(a.ctx, listRequest{JobID: id, MaxResults: min(limit-n, 25), NextToken: token}, &page, "backend", e[0], "job", e[1])
			if isGone(err) { // removed since the status was read
				break
			}
			if err != nil {
				return nil, err
			}
			for _, j := range page.Jobs {
				if !seen[j.ID] {
					seen[j.ID] = true
					out = append(out, j)
				}
			}
			n += len(page.Jobs)
			if token = page.NextToken; token == "" || len(page.Jobs) == 0 {
				break
			}
		}
	}
	slices.SortStableFunc(out, func(a, b job) int { return cmp.Compare(millis(b.Created), millis(a.Created)) })
	return out, nil
}

func millis(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Run implements the command.
func (c *jobsListCmd) Run(a *app) error {
	if c.Limit < 1 {
		return usagef("--limit must be at least 1")
	}
	v, err := c.open(a)
	if err != nil {
		return err
	}
	known := map[string]string{}
	for {
		jobs, err := v.list(a, "", c.Limit)
		if err != nil {
			return err
		}
		if c.Follow {
			slices.Reverse(jobs) // the newest last, as in a log
		}
		for _, j := range jobs {
			if known[j.ID] == j.Status {
				continue
			}
			known[j.ID] = j.Status
			if err := c.print(a, j); err != nil {
				return err
			}
		}
		if !c.Follow {
			return nil
		}
		if err := sleep(a.ctx, 500*time.Millisecond); err != nil {
			return nil //nolint:nilerr // interrupting is how following ends
		}
		// Environments come and go, and so may the server.
		if v, err = c.open(a); err != nil {
			return err
		}
	}
}

func (c *jobsListCmd) print(a *app, j job) error {
	if c.JSON {
		enc := json.NewEncoder(a.Stdout)
		enc.SetEscapeHTML(false)
		return enc.Encode(j)
	}
	at := time.UnixMilli(millis(j.Created)).Format(time.DateTime)
	text := fmt.Sprintf("%s  %-9s  %s  %s/%s  %s", at, j.Status, j.ID, j.AppID, j.Env, j.Operation)
	if j.Error != "" {
		text += "  " + strings.ReplaceAll(strings.TrimSpace(j.Error), "\n", " | ")
	}
	return a.printf("%s\n", text)
}

type jobsCancelCmd struct {
	jobScope
	ID string `arg:"" help:"Job id."`
}

// Help is shown by --help.
func (*jobsCancelCmd) Help() string {
	return `Calls UpdateBackendJob with status FAILED, the only change a job allows. A job that has ended cannot be cancelled.`
}

// Run implements the command.
func (c *jobsCancelCmd) Run(a *app) error {
	v, err := c.open(a)
	if err != nil {
		return err
	}
	jobs, err := v.list(a, c.ID, 1)
	if err != nil {
		return err
	}
	if len(jobs) == 0 {
		return fmt.Errorf("there is no job %s", c.ID)
	}
	// An app-level job is found under any environment name; its own may be empty.
	env := cmp.Or(jobs[0].Env, v.envs[0][1])
	var j job
	err = v.api.post(a.ctx, map[string]string{"status": failed}, &j, "backend", jobs[0].AppID, "job", env, c.ID)
	if err != nil {
		return err
	}
	if j.ID == "" {
		return errors.New("the server did not name the job it cancelled")
	}
	return a.printf("%s %s\n", j.ID, j.Status)
}
