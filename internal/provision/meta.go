package provision

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"preamp/internal/authn"
	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/graphql/endpoint"
)

// View is what an environment consists of, as its users are told. URLs are built
// when it is made and never stored.
type View struct {
	App  backend.App
	Env  backend.Env
	APIs []APIView
	// Auths are the auth resources, the oldest first: it is the main one.
	Auths []AuthView
	// Sandbox says that models without @auth are open to the API key.
	Sandbox  bool
	Settings map[string]string
}

// Auth is the main auth resource of the environment; nil when it has none.
func (v View) Auth() *AuthView {
	if len(v.Auths) == 0 {
		return nil
	}
	return &v.Auths[0]
}

// APIView is a live GraphQL API.
type APIView struct {
	Name     string // resource name
	ID       string
	Endpoint string
	Config   APIConfig
	// OwnPool is the user pool of the environment, which counts where Config names
	// none.
	OwnPool    string
	APIKey     string // empty without API_KEY
	KeyExpires time.Time
	Pushed     time.Time
	Digest     string
}

// View reads an environment. errs.NotFound when app or environment do not exist.
func (p *Provisioner) View(ctx context.Context, app, env string) (View, error) {
	v, err := p.Outline(ctx, app, env)
	if err != nil || len(v.APIs) == 0 {
		return v, err
	}
	e, err := p.open(ctx, v.Env.UID)
	if err != nil {
		return View{}, err
	}
	defer e.release()
	err = e.db.Read(ctx, func(q *db.Query) error {
		for i := range v.APIs {
			a := &v.APIs[i]
			keys, err := endpoint.Keys(q, e.sealer, a.ID)
			if err != nil {
				return err
			}
			if len(keys) > 0 {
				a.APIKey, a.KeyExpires = keys[0].Value, time.UnixMilli(keys[0].ExpiresMS).UTC()
			}
		}
		return nil
	})
	return v, err
}

// Outline is View without the API keys: it reads the control database alone and
// opens no environment.
func (p *Provisioner) Outline(ctx context.Context, app, env string) (View, error) {
	v := View{}
	err := p.Set.Control().Read(ctx, func(q *db.Query) (err error) {
		if v.App, err = p.Registry.App(q, app); err != nil {
			return err
		}
		if v.Env, err = p.Registry.Env(q, app, env); err != nil {
			return err
		}
		if v.Settings, err = p.Registry.Settings(q, v.Env.UID); err != nil {
			return err
		}
		resources, err := p.Registry.Resources(q, v.Env.UID, CategoryAPI)
		if err != nil {
			return err
		}
		if v.Auths, err = p.liveAuths(q, v.Env.UID); err != nil {
			return err
		}
		own := ""
		if main := v.Auth(); main != nil {
			own = main.UserPool
		}
		for _, r := range resources {
			if r.LiveVersion == 0 {
				continue
			}
			l, err := decode[liveAPI](r.Live, "API")
			if err != nil {
				return err
			}
			v.APIs = append(v.APIs, APIView{
				Name: r.Name, ID: l.APIID, Endpoint: p.endpoint(l.APIID), Config: l.Config, OwnPool: own,
				Pushed: time.UnixMilli(l.Pushed).UTC(), Digest: l.Digest,
			})
		}
		return nil
	})
	v.Sandbox = isOn(v.Settings, backend.SettingSandbox)
	return v, err
}

func (p *Provisioner) endpoint(apiID string) string {
	return p.BaseURL() + "/api/" + apiID + "/graphql"
}

// account stands where AWS writes an account number.
const account = "000000000000"

// Meta is the content of amplify-meta.json. Scripts read single members of it,
// so its shape and names are those of the Amplify CLI.
type Meta struct {
	Providers struct {
		CloudFormation metaProvider `json:"awscloudformation"`
	} `json:"providers"`
	Auth object `json:"auth,omitempty"`
	API  object `json:"api,omitempty"`
}

type metaProvider struct {
	AuthRoleName         string `json:"AuthRoleName"`
	UnauthRoleArn        string `json:"UnauthRoleArn"`
	AuthRoleArn          string `json:"AuthRoleArn"`
	Region               string `json:"Region"`
	DeploymentBucketName string `json:"DeploymentBucketName"`
	UnauthRoleName       string `json:"UnauthRoleName"`
	StackName            string `json:"StackName"`
	StackID              string `json:"StackId"`
	AmplifyAppID         string `json:"AmplifyAppId"`
}

type metaAPI struct {
	Service           string       `json:"service"`
	ProviderPlugin    string       `json:"providerPlugin"`
	DependsOn         []any        `json:"dependsOn"`
	Output            metaOutput   `json:"output"`
	ProviderMetadata  metaMetadata `json:"providerMetadata"`
	LastPushTimeStamp string       `json:"lastPushTimeStamp"`
	LastPushDirHash   string       `json:"lastPushDirHash"`
}

type metaOutput struct {
	AuthConfig  metaAuthConfig `json:"authConfig"`
	SandboxMode *metaSandbox   `json:"globalSandboxModeConfig,omitempty"`
	APIID       string         `json:"GraphQLAPIIdOutput"`
	Endpoint    string         `json:"GraphQLAPIEndpointOutput"`
	APIKey      string         `json:"GraphQLAPIKeyOutput,omitempty"`
}

type metaSandbox struct {
	Env string `json:"env"`
}

type metaMetadata struct {
	TemplateURL string `json:"s3TemplateURL"`
	LogicalID   string `json:"logicalId"`
}

type metaAuthConfig struct {
	Default    metaAuth   `json:"defaultAuthentication"`
	Additional []metaAuth `json:"additionalAuthenticationProviders"`
}

type metaAuth struct {
	Type     string          `json:"authenticationType"`
	APIKey   *metaKeyConfig  `json:"apiKeyConfig,omitempty"`
	UserPool *metaPoolConfig `json:"userPoolConfig,omitempty"`
	OIDC     *metaOIDCConfig `json:"openIDConnectConfig,omitempty"`
}

// metaPoolConfig has "auth" and the name of the auth resource, as the CLI writes
// it; of a pool from elsewhere, which has none, its id.
type metaPoolConfig struct {
	ID string `json:"userPoolId"`
}

type metaOIDCConfig struct {
	Name    string `json:"name"`
	Issuer  string `json:"issuerUrl"`
	Client  string `json:"clientId,omitempty"`
	IatTTL  string `json:"iatTTL,omitempty"`
	AuthTTL string `json:"authTTL,omitempty"`
}

type metaKeyConfig struct {
	Days        int    `json:"apiKeyExpirationDays"`
	Date        string `json:"apiKeyExpirationDate,omitempty"`
	Description string `json:"description,omitempty"`
}

// timeForm is ISO 8601 with milliseconds and Z.
const timeForm = "2006-01-02T15:04:05.000Z"

// Meta is the amplify-meta.json of the environment. The main API, the oldest,
// comes first: scripts take the first key.
func (p *Provisioner) Meta(v View) Meta {
	var m Meta
	stack := stackName(v.App.Name, v.Env)
	r := rolesOf(v.App.Name, v.Env)
	c := &m.Providers.CloudFormation
	c.AuthRoleName, c.AuthRoleArn = r.auth, r.authARN
	c.UnauthRoleName, c.UnauthRoleArn = r.unauth, r.unauthARN
	c.Region = p.Region
	c.StackName = stack
	c.DeploymentBucketName = stack + "-deployment"
	c.StackID = fmt.Sprintf("arn:aws:cloudformation:%s:%s:stack/%s/%s", p.Region, account, stack, uuid.NewSHA1(uuid.Nil, []byte(v.Env.UID)))
	c.AmplifyAppID = v.App.ID
	for _, a := range v.Auths {
		m.Auth.set(a.Name, a.meta(c.DeploymentBucketName))
	}
	for _, a := range v.APIs {
		out := metaOutput{
			APIID: a.ID, Endpoint: a.Endpoint, APIKey: a.APIKey,
			AuthConfig: metaAuthConfig{Default: v.metaMode(a, a.Config.Default()), Additional: []metaAuth{}},
		}
		for _, mode := range a.Config.Modes()[1:] {
			out.AuthConfig.Additional = append(out.AuthConfig.Additional, v.metaMode(a, mode))
		}
		if v.Sandbox {
			out.SandboxMode = &metaSandbox{Env: v.Env.Name}
		}
		depends := []any{}
		if r, ok := v.poolResource(a.Auth().UserPool); ok && a.usesPool() {
			depends = append(depends, metaDependency{CategoryAuth, r.Name, []string{"UserPoolId"}})
		}
		m.API.set(a.Name, metaAPI{
			Service: "AppSync", ProviderPlugin: "awscloudformation", DependsOn: depends, Output: out,
			ProviderMetadata: metaMetadata{
				TemplateURL: "https://s3.amazonaws.com/" + c.DeploymentBucketName + "/amplify-cfn-templates/api/cloudformation-template.json",
				LogicalID:   CategoryAPI + a.Name,
			},
			LastPushTimeStamp: a.Pushed.Format(timeForm),
			LastPushDirHash:   a.Digest,
		})
	}
	return m
}

func (v View) metaMode(a APIView, mode authn.Mode) metaAuth {
	m := metaAuth{Type: string(mode)}
	t, _ := a.Config.mode(mode)
	switch mode {
	case authn.APIKey:
		m.APIKey = &metaKeyConfig{Days: keyDays(a.Config), Description: text(t.Settings.Description)}
		if !a.KeyExpires.IsZero() {
			m.APIKey.Date = a.KeyExpires.Format(timeForm)
		}
	case authn.UserPool:
		if id := a.Auth().UserPool; id != "" {
			m.UserPool = &metaPoolConfig{ID: id}
			if r, ok := v.poolResource(id); ok {
				m.UserPool.ID = CategoryAuth + r.Name
			}
		}
	case authn.OIDC:
		s := t.Settings
		m.OIDC = &metaOIDCConfig{
			Name: text(s.OpenIDProviderName), Issuer: text(s.OpenIDIssueURL), Client: text(s.OpenIDClientID),
			IatTTL: text(s.OpenIDIatTTL), AuthTTL: text(s.OpenIDAuthTTL),
		}
	}
	return m
}

var notAlnum = regexp.MustCompile(`[^a-z0-9]+`)

// stackName has the form of the CLI's stacks, amplify-<project>-<env>-<5 digits>.
// The digits come from the environment's own key: the same environment always
// has the same name, one of that name made later another.
func stackName(app string, env backend.Env) string {
	project := strings.Trim(notAlnum.ReplaceAllString(strings.ToLower(app), ""), "-")
	if project == "" {
		project = "app"
	}
	sum := sha256.Sum256([]byte(env.UID))
	return fmt.Sprintf("amplify-%.20s-%s-%05d", project, env.Name, binary.BigEndian.Uint32(sum[:4])%100000)
}
