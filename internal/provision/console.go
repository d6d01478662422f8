package provision

import (
	"context"

	"preamp/internal/db"
	"preamp/internal/job"
)

// CreateConfigArgs are the arguments of a CreateBackendConfig job.
type CreateConfigArgs struct {
	Config ConsoleConfig `json:"config"`
}

// ConsoleConfig is what an app's administration is configured with. The login
// pool that LoginAuth names comes with the auth operations; until then preamp
// records what it is told.
type ConsoleConfig struct {
	BackendManagerAppID string     `json:"backendManagerAppId,omitempty"`
	LoginAuth           *LoginAuth `json:"loginAuthConfig,omitempty"`
}

// LoginAuth names the user pool of the administration's sign-in.
type LoginAuth struct {
	IdentityPoolID   string `json:"aws_cognito_identity_pool_id,omitempty"`
	Region           string `json:"aws_cognito_region,omitempty"`
	UserPoolID       string `json:"aws_user_pools_id,omitempty"`
	UserPoolClientID string `json:"aws_user_pools_web_client_id,omitempty"`
}

func (p *Provisioner) createConfig(ctx context.Context, r *job.Run, a CreateConfigArgs) error {
	return r.Complete(ctx, func(tx *db.Tx) error {
		return p.Registry.PutAppConfig(tx, r.Job.App, a.Config)
	})
}
