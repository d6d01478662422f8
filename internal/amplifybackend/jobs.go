package amplifybackend

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"strconv"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/job"
)

const (
	// defaultPage is the page of ListBackendJobs without maxResults: its maximum
	// (a choice of preamp).
	defaultPage = 25
	// tokenLife is how long a nextToken can be used.
	tokenLife = 24 * time.Hour
	tokenKind = "ListBackendJobs"
)

// GetBackendJob reads a job. App-level jobs are found under any environment name
// of the app, also after the app is gone.
func (a *API) GetBackendJob(ctx context.Context, in *GetBackendJobRequest) (*GetBackendJobResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	j, err := a.Jobs.Get(ctx, in.AppID, in.BackendEnvironmentName, in.JobID)
	if err != nil {
		return nil, a.missing(ctx, in.AppID, in.BackendEnvironmentName, err)
	}
	// The environment's name is the one that was asked with: an app-level job has
	// none of its own.
	return &GetBackendJobResponse{
		AppID: &j.App, BackendEnvironmentName: &in.BackendEnvironmentName, JobID: &j.ID, Operation: &j.Kind,
		Status: new(j.Status()), Error: failure(j), CreateTime: milliseconds(j.Created), UpdateTime: milliseconds(j.Updated),
	}, nil
}

// missing names the outermost thing that does not exist.
func (a *API) missing(ctx context.Context, app, env string, err error) error {
	if errs.KindOf(err) != errs.NotFound {
		return err
	}
	lookup := a.Control.Read(ctx, func(q *db.Query) error {
		if _, err := a.Registry.App(q, app); err != nil {
			return err
		}
		_, ok, err := a.Registry.EnvAny(q, app, env)
		if err == nil && !ok {
			return missingEnv(app, env)
		}
		return err
	})
	if lookup != nil {
		return lookup
	}
	return err
}

func milliseconds(ms int64) *string { return new(strconv.FormatInt(ms, 10)) }

// page is what a nextToken of ListBackendJobs holds.
type page struct {
	After job.Cursor `json:"after"`
	// Query binds the token to the list it belongs to.
	Query [32]byte `json:"query"`
}

// ListBackendJobs lists the jobs of an environment, the newest first, filtered by
// equality.
func (a *API) ListBackendJobs(ctx context.Context, in *ListBackendJobsRequest) (*ListBackendJobsResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	filter := job.ListFilter{
		App: in.AppID, Env: in.BackendEnvironmentName, ID: value(in.JobID), Operation: value(in.Operation), Status: value(in.Status),
		Limit: defaultPage,
	}
	if in.MaxResults != nil {
		filter.Limit = int(*in.MaxResults)
	}
	query := sha256.Sum256([]byte(filter.App + "\x00" + filter.Env + "\x00" + filter.ID + "\x00" + filter.Operation + "\x00" + filter.Status))
	if token := value(in.NextToken); token != "" {
		p := page{}
		raw, err := a.Sealer.OpenToken(tokenKind, token, time.Now())
		if err != nil || json.Unmarshal(raw, &p) != nil || p.Query != query {
			return nil, errs.E(errs.Invalid, "Value at 'nextToken' is not a token of this list: use the one that the last page returned, with the same filters")
		}
		filter.After = p.After
	}
	jobs, next, err := a.Jobs.List(ctx, filter)
	if err != nil {
		return nil, err
	}
	if len(jobs) == 0 && filter.After == (job.Cursor{}) && filter.ID == "" && filter.Operation == "" && filter.Status == "" {
		// Jobs outlive their environment and app; without any, say what is missing.
		if err := a.missing(ctx, in.AppID, in.BackendEnvironmentName, errs.Missing("Job", "")); errs.Public(err).Resource != "Job" {
			return nil, err
		}
	}
	out := &ListBackendJobsResponse{Jobs: []BackendJobRespObj{}}
	for _, j := range jobs {
		out.Jobs = append(out.Jobs, BackendJobRespObj{
			AppID: j.App, BackendEnvironmentName: in.BackendEnvironmentName, JobID: new(j.ID), Operation: new(j.Kind),
			Status: new(j.Status()), Error: failure(j), CreateTime: milliseconds(j.Created), UpdateTime: milliseconds(j.Updated),
		})
	}
	if next != nil {
		raw, err := json.Marshal(page{After: *next, Query: query})
		if err != nil {
			return nil, err
		}
		out.NextToken = new(a.Sealer.SealToken(tokenKind, raw, time.Now().Add(tokenLife)))
	}
	return out, nil
}

// UpdateBackendJob cancels a job: FAILED on one that is RUNNING is the only
// change that it takes.
func (a *API) UpdateBackendJob(ctx context.Context, in *UpdateBackendJobRequest) (*UpdateBackendJobResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	if value(in.Status) != "FAILED" {
		return nil, errs.E(errs.Invalid, "Value '%s' at 'status' is not allowed: a job can only be set to FAILED, which cancels it", value(in.Status))
	}
	wait, cancel := context.WithTimeout(ctx, a.Wait)
	defer cancel()
	j, err := a.Jobs.Cancel(wait, in.AppID, in.BackendEnvironmentName, in.JobID)
	if err != nil {
		return nil, a.missing(ctx, in.AppID, in.BackendEnvironmentName, a.tooBusy(err))
	}
	return &UpdateBackendJobResponse{
		AppID: &j.App, BackendEnvironmentName: &in.BackendEnvironmentName, JobID: &j.ID, Operation: &j.Kind,
		Status: new(j.Status()), Error: failure(j), CreateTime: milliseconds(j.Created), UpdateTime: milliseconds(j.Updated),
	}, nil
}
