package provision

import (
	"context"
	"fmt"
	"time"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/id"
	"preamp/internal/identitypool"
	"preamp/internal/job"
	"preamp/internal/userpool"
	"preamp/internal/userpool/token"
)

// CreateConfigArgs are the arguments of a CreateBackendConfig job.
type CreateConfigArgs struct {
	Config   ConsoleConfig `json:"config"`
	CalledMS int64         `json:"calledMS"`
}

// ConsoleConfig is what an app's administration is configured with.
type ConsoleConfig struct {
	BackendManagerAppID string `json:"backendManagerAppId,omitempty"`
	// LoginAuth names the user pool of the sign-in: that of Pool until somebody
	// names another.
	LoginAuth *LoginAuth `json:"loginAuthConfig,omitempty"`
	// Pool is the login pool that preamp has made for the app, in an environment of
	// its own.
	Pool *AuthIDs `json:"pool,omitempty"`
}

// LoginAuth names the user pool of the administration's sign-in.
type LoginAuth struct {
	IdentityPoolID   string `json:"aws_cognito_identity_pool_id,omitempty"`
	Region           string `json:"aws_cognito_region,omitempty"`
	UserPoolID       string `json:"aws_user_pools_id,omitempty"`
	UserPoolClientID string `json:"aws_user_pools_web_client_id,omitempty"`
}

// NewAuthIDs draws the ids of an auth resource. The domain is not drawn: not every
// one has one.
func (p *Provisioner) NewAuthIDs() AuthIDs {
	return AuthIDs{
		UserPool: userpool.NewPoolID(p.Region), WebClient: userpool.NewClientID(), NativeClient: userpool.NewClientID(),
		IdentityPool: identitypool.NewID(p.Region),
	}
}

// NewDomain draws the prefix of a domain.
func NewDomain() string { return "a" + id.NewEnv() }

// WithLogin is c with a login pool, which it keeps when it has one.
func (p *Provisioner) WithLogin(c ConsoleConfig) ConsoleConfig {
	if c.Pool == nil {
		c.Pool = new(p.NewAuthIDs())
	}
	if c.LoginAuth == nil {
		c.LoginAuth = &LoginAuth{
			IdentityPoolID: c.Pool.IdentityPool, Region: p.Region, UserPoolID: c.Pool.UserPool, UserPoolClientID: c.Pool.WebClient,
		}
	}
	return c
}

// loginConfig is how the login pool is set up: administrators are invited, nobody
// signs up.
func loginConfig(app string) AuthConfig {
	return AuthConfig{
		Resources: UserAndIdentityPool, Service: "COGNITO",
		IdentityPool: IdentityPoolConfig{Name: "amplify_backend_manager_" + app},
		UserPool: UserPoolConfig{
			Name: "amplify_backend_manager_" + app, SignIn: SignInEmail, Required: []string{"EMAIL"},
			Verification: &MessageConfig{Delivery: "EMAIL"}, Forgot: &MessageConfig{Delivery: "EMAIL"},
		},
	}
}

// createConfig makes the login pool of an app's administration, in an environment
// that no other resource has a part in.
func (p *Provisioner) createConfig(ctx context.Context, r *job.Run, a CreateConfigArgs) error {
	app := r.Job.App
	if a.Config.Pool != nil {
		if err := p.makeLogin(ctx, r, a, backend.ReservedConsole(app)); err != nil {
			return err
		}
	}
	return r.Complete(ctx, func(tx *db.Tx) error {
		if ids := a.Config.Pool; ids != nil {
			env, found, err := p.Registry.FindReservedEnv(tx.Query(), backend.ReservedConsole(app))
			if err != nil {
				return err
			}
			if !found {
				return errs.E(errs.Conflict, "the environment of the login pool is gone")
			}
			for _, k := range p.routesOf(liveAuth{AuthIDs: *ids, Config: loginConfig(app)}) {
				if err := p.Registry.PutRoute(tx, k.Kind, k.Key, env.UID); err != nil {
					return err
				}
			}
		}
		return p.Registry.PutAppConfig(tx, app, a.Config)
	})
}

func (p *Provisioner) makeLogin(ctx context.Context, r *job.Run, a CreateConfigArgs, reserved string) error {
	var uid string
	err := r.Step(ctx, "environment", &uid, func(ctx context.Context) (any, error) { return p.reserve(ctx, reserved) })
	if err != nil {
		return err
	}
	env, err := p.open(ctx, uid)
	if err != nil {
		return err
	}
	defer env.release()
	there := false
	err = env.db.Read(ctx, func(q *db.Query) error {
		_, err := userpool.ReadPool(q, env.sealer, a.Config.Pool.UserPool)
		if there = err == nil; errs.KindOf(err) == errs.NotFound {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("look for the login pool: %w", err)
	}
	var pair *token.Pair
	if !there {
		if pair, err = token.NewPair(); err != nil { // outside of transactions: it takes long
			return err
		}
	}
	return r.EnvStepOn(ctx, uid, "build", nil, func(tx *db.Tx) (any, error) {
		if pair == nil {
			return nil, nil
		}
		return nil, authBuild{
			ids: *a.Config.Pool, config: loginConfig(r.Job.App), roles: rolesOf(r.Job.App, backend.Env{UID: uid, Name: "admin"}),
			base: loginSettings(r.Job.App), pair: pair, now: time.UnixMilli(a.CalledMS),
		}.run(tx, env)
	})
}

// loginSettings are those that the login pool begins with.
func loginSettings(app string) *userpool.Settings {
	s := userpool.Settings{AdminCreateOnly: true}
	loginConfig(app).UserPool.begin(&s)
	return &s
}

// undoCreateConfig drops the environment that the job has made, unless a
// configuration that was there before uses it.
func (p *Provisioner) undoCreateConfig(ctx context.Context, r *job.Run, _ CreateConfigArgs) error {
	uid, configured := "", false
	err := p.Set.Control().Read(ctx, func(q *db.Query) error {
		env, found, err := p.Registry.FindReservedEnv(q, backend.ReservedConsole(r.Job.App))
		if err != nil {
			return err
		}
		if found {
			uid = env.UID
		}
		_, configured, err = p.Registry.AppConfig(q, r.Job.App)
		return err
	})
	if err != nil || uid == "" || configured {
		return err
	}
	if err := p.removeEnvironment(ctx, r, uid); err != nil {
		return err
	}
	return r.ControlStep(ctx, "forget", nil, func(tx *db.Tx) (any, error) {
		return nil, p.Registry.RemoveApp(tx, backend.ReservedConsole(r.Job.App))
	})
}

// RemoveConfigArgs are the arguments of a RemoveBackendConfig job. EnvUID is the
// environment of the login pool, in state deleting since the call; empty if there
// is none.
type RemoveConfigArgs struct {
	EnvUID string `json:"envUID,omitempty"`
}

func (p *Provisioner) removeConfig(ctx context.Context, r *job.Run, a RemoveConfigArgs) error {
	if a.EnvUID != "" {
		if err := p.removeEnvironment(ctx, r, a.EnvUID); err != nil {
			return err
		}
	}
	return r.Complete(ctx, func(tx *db.Tx) error {
		if err := p.Registry.RemoveApp(tx, backend.ReservedConsole(r.Job.App)); err != nil {
			return err
		}
		return p.Registry.RemoveAppConfig(tx, r.Job.App)
	})
}

func (p *Provisioner) undoRemoveConfig(ctx context.Context, r *job.Run, a RemoveConfigArgs) error {
	if a.EnvUID == "" {
		return nil
	}
	return p.settleRemoval(ctx, r, a.EnvUID)
}
