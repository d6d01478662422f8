package amplifybackend

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/job"
	"preamp/internal/provision"
)

// noEnvironment stands in the answer of CreateBackendConfig for an app without
// environments: clients poll GetBackendJob with the name that they are given,
// and app-level jobs are found under any.
const noEnvironment = "default"

// CreateBackendConfig configures the administration of an app and makes its login
// pool, which it keeps when it has one.
func (a *API) CreateBackendConfig(ctx context.Context, in *CreateBackendConfigRequest) (*CreateBackendConfigResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	env := noEnvironment
	j, err := a.start(ctx, in.AppID, "", func(tx *db.Tx) (job.NewJob, error) {
		var config provision.ConsoleConfig
		if err := a.console(tx.Query(), in.AppID, &config); err != nil && (errs.KindOf(err) != errs.NotFound || !a.hasApp(tx.Query(), in.AppID)) {
			return job.NewJob{}, err
		}
		config.BackendManagerAppID = value(in.BackendManagerAppID)
		return job.NewJob{
			App: in.AppID, Kind: "CreateBackendConfig", AppLevel: true,
			Args: provision.CreateConfigArgs{Config: a.Provision.WithLogin(config), CalledMS: now()},
		}, nil
	})
	if err != nil {
		return nil, err
	}
	err = a.Control.Read(ctx, func(q *db.Query) error {
		envs, err := a.Registry.Envs(q, in.AppID)
		if err == nil && len(envs) > 0 {
			env = envs[0].Name
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &CreateBackendConfigResponse{AppID: &j.App, BackendEnvironmentName: &env, JobID: &j.ID, Status: new(j.Status())}, nil
}

// UpdateBackendConfig stores which user pool the administration signs in with,
// member by member.
func (a *API) UpdateBackendConfig(ctx context.Context, in *UpdateBackendConfigRequest) (*UpdateBackendConfigResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	var config provision.ConsoleConfig
	err := a.control(ctx, func(tx *db.Tx) error {
		config = provision.ConsoleConfig{}
		if err := a.console(tx.Query(), in.AppID, &config); err != nil {
			return err
		}
		if w := in.LoginAuthConfig; w != nil {
			login := provision.LoginAuth{}
			if config.LoginAuth != nil {
				login = *config.LoginAuth
			}
			for _, m := range []struct {
				to   *string
				from *string
			}{
				{&login.IdentityPoolID, w.AwsCognitoIdentityPoolID},
				{&login.Region, w.AwsCognitoRegion},
				{&login.UserPoolID, w.AwsUserPoolsID},
				{&login.UserPoolClientID, w.AwsUserPoolsWebClientID},
			} {
				if m.from != nil {
					*m.to = *m.from
				}
			}
			config.LoginAuth = &login
		}
		return a.Registry.PutAppConfig(tx, in.AppID, config)
	})
	if err != nil {
		return nil, err
	}
	out := &UpdateBackendConfigResponse{AppID: &in.AppID, BackendManagerAppID: optional(config.BackendManagerAppID)}
	if l := config.LoginAuth; l != nil {
		out.LoginAuthConfig = &LoginAuthConfigReqObj{
			AwsCognitoIdentityPoolID: optional(l.IdentityPoolID), AwsCognitoRegion: optional(l.Region),
			AwsUserPoolsID: optional(l.UserPoolID), AwsUserPoolsWebClientID: optional(l.UserPoolClientID),
		}
	}
	return out, nil
}

// console reads the configuration of an app's administration.
func (a *API) console(q *db.Query, app string, config *provision.ConsoleConfig) error {
	if _, err := a.Registry.App(q, app); err != nil {
		return err
	}
	raw, ok, err := a.Registry.AppConfig(q, app)
	if err != nil {
		return err
	}
	if !ok {
		return errs.Missing("App", "App %s has no backend config: make one with CreateBackendConfig", app)
	}
	return json.Unmarshal(raw, config)
}

// RemoveBackendConfig removes the configuration of an app's administration with its
// login pool.
func (a *API) RemoveBackendConfig(ctx context.Context, in *RemoveBackendConfigRequest) (*RemoveBackendConfigResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	j, err := a.start(ctx, in.AppID, "", func(tx *db.Tx) (job.NewJob, error) {
		if err := a.console(tx.Query(), in.AppID, &provision.ConsoleConfig{}); err != nil {
			return job.NewJob{}, err
		}
		uid, err := a.closeConsole(tx, in.AppID)
		return job.NewJob{App: in.AppID, Kind: "RemoveBackendConfig", AppLevel: true, Args: provision.RemoveConfigArgs{EnvUID: uid}}, err
	})
	if err != nil {
		return nil, err
	}
	// The answer has no job to ask for, so it comes when there is nothing to wait for.
	wait, cancel := context.WithTimeout(ctx, a.Wait)
	defer cancel()
	done, err := a.Jobs.Wait(wait, j.ID)
	if err != nil && wait.Err() != nil {
		return nil, errs.Wrap(errs.Timeout, err, "The removal goes on: it was not done within %s", a.Wait)
	}
	if err != nil {
		return nil, err
	}
	return &RemoveBackendConfigResponse{Error: failure(done)}, nil
}

// closeConsole takes the environment of an app's login pool out of use and answers
// its key, empty when there is none.
func (a *API) closeConsole(tx *db.Tx, app string) (string, error) {
	env, found, err := a.Registry.FindReservedEnv(tx.Query(), backend.ReservedConsole(app))
	if err != nil || !found {
		return "", err
	}
	return env.UID, a.Registry.SetEnvState(tx, env.UID, backend.StateDeleting)
}

func (a *API) hasApp(q *db.Query, app string) bool {
	_, err := a.Registry.App(q, app)
	return err == nil
}

// CreateToken makes a challenge token: five minutes, for one browser session of
// the administration.
func (a *API) CreateToken(ctx context.Context, in *CreateTokenRequest) (*CreateTokenResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	var c backend.Challenge
	err := a.control(ctx, func(tx *db.Tx) (err error) {
		if _, err := a.Registry.App(tx.Query(), in.AppID); err != nil {
			return err
		}
		c, err = a.Registry.CreateChallenge(tx, in.AppID, time.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	return &CreateTokenResponse{AppID: &c.App, ChallengeCode: &c.Code, SessionID: &c.SessionID, TTL: seconds(c.Expires)}, nil
}

// GetToken reads a challenge token; it may be repeated until the token ends.
func (a *API) GetToken(ctx context.Context, in *GetTokenRequest) (*GetTokenResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	var c backend.Challenge
	err := a.Control.Read(ctx, func(q *db.Query) (err error) {
		if _, err := a.Registry.App(q, in.AppID); err != nil {
			return err
		}
		c, err = a.Registry.Challenge(q, in.AppID, in.SessionID, time.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	return &GetTokenResponse{AppID: &c.App, ChallengeCode: &c.Code, SessionID: &c.SessionID, TTL: seconds(c.Expires)}, nil
}

// DeleteToken ends a challenge token.
func (a *API) DeleteToken(ctx context.Context, in *DeleteTokenRequest) (*DeleteTokenResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	err := a.control(ctx, func(tx *db.Tx) error {
		if _, err := a.Registry.App(tx.Query(), in.AppID); err != nil {
			return err
		}
		return a.Registry.DeleteChallenge(tx, in.AppID, in.SessionID, time.Now())
	})
	if err != nil {
		return nil, err
	}
	return &DeleteTokenResponse{IsSuccess: new(true)}, nil
}

// seconds is a time as the ttl member has it: epoch seconds as text.
func seconds(t time.Time) *string { return new(strconv.FormatInt(t.Unix(), 10)) }
