package provision

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/keys"
)

// authView is an environment with an auth resource that has every part, and without
// APIs.
func authView() View {
	v := view()
	v.APIs, v.Sandbox = nil, false
	message := &MessageConfig{Delivery: "EMAIL"}
	v.Auths = []AuthView{{
		AuthIDs: AuthIDs{
			UserPool: "eu-west-1_AbCdEfGhI", WebClient: "1h57kf5cpq17m0eml12example", NativeClient: "2h57kf5cpq17m0eml12example",
			IdentityPool: "us-east-1:11111111-2222-4333-8444-666666666666", Domain: "shop",
		},
		Name: "users", SignIn: SignInEmail, DomainURL: "https://127.0.0.1:4500/oauth/eu-west-1_AbCdEfGhI",
		Config: AuthConfig{
			Resources: UserAndIdentityPool, Service: "COGNITO", IdentityPool: IdentityPoolConfig{Name: "identities", Guests: new(true)},
			UserPool: UserPoolConfig{
				Name: "shoppers", SignIn: SignInEmail, Required: []string{"EMAIL", "ZONE_INFO"}, Forgot: message, Verification: message,
				MFA:      &MFAConfig{Mode: "OPTIONAL", Types: []string{"SMS", "TOTP"}},
				Password: &PasswordConfig{MinLength: new(8.0), Constraints: []string{"REQUIRE_LOWERCASE", "REQUIRE_DIGIT"}},
				OAuth: &OAuthConfig{
					DomainPrefix: new("shop"), Grant: "CODE", Scopes: []string{"OPENID", "EMAIL"}, SignIn: []string{"http://localhost:3000/", "app://in"},
					SignOut: []string{"http://localhost:3000/"},
					Providers: SocialConfig{
						Google: &ProviderConfig{Client: "g-id", ClientSecret: keys.NewSecret([]byte("hidden"))},
						Apple:  &ProviderConfig{Client: "services.id", Team: "T", KeyID: keys.NewSecret([]byte("hidden"))},
					},
				},
			},
		},
		Pushed: time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC), Digest: "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	}}
	return v
}

// sameJSON compares what v is written as.
func sameJSON(t *testing.T, want string, v any) {
	t.Helper()
	raw, err := pretty(v)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "hidden") {
		t.Errorf("a secret is shown: %s", raw)
	}
	var got, wanted any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

const (
	gen2 = `{"aws_region":"eu-west-1","user_pool_id":"eu-west-1_AbCdEfGhI","user_pool_client_id":"1h57kf5cpq17m0eml12example",
		"identity_pool_id":"us-east-1:11111111-2222-4333-8444-666666666666",
		"password_policy":{"min_length":8,"require_numbers":true,"require_lowercase":true,"require_uppercase":false,"require_symbols":false},
		"oauth":{"identity_providers":["GOOGLE","SIGN_IN_WITH_APPLE"],"domain":"127.0.0.1:4500/oauth/eu-west-1_AbCdEfGhI","scopes":["openid","email"],
			"redirect_sign_in_uri":["http://localhost:3000/","app://in"],"redirect_sign_out_uri":["http://localhost:3000/"],"response_type":"code"},
		"standard_required_attributes":["email","zoneinfo"],"username_attributes":["email"],"user_verification_types":["email"],
		"unauthenticated_identities_enabled":true,"mfa_configuration":"OPTIONAL","mfa_methods":["SMS","TOTP"]}`
	frontend = `"passwordProtectionSettings":{"passwordPolicyMinLength":8,"passwordPolicyCharacters":["REQUIRES_LOWERCASE","REQUIRES_NUMBERS"]},
		"mfaConfiguration":"OPTIONAL","mfaTypes":["SMS","TOTP"],"verificationMechanisms":["EMAIL"],"socialProviders":["GOOGLE","APPLE"],
		"usernameAttributes":["EMAIL"],"signupAttributes":["EMAIL","ZONE_INFO"]`
)

func TestClientConfigOfAuth(t *testing.T) {
	t.Parallel()
	c := clientConfig{view: authView(), region: "us-east-1", base: "http://127.0.0.1:4500"}
	for _, tc := range []struct {
		name string
		got  object
		want string
	}{
		{"hybrid", c.hybrid(), `{"version":"0-preamp","Auth":{"Cognito":{"userPoolId":"eu-west-1_AbCdEfGhI","userPoolClientId":"1h57kf5cpq17m0eml12example",
			"userPoolEndpoint":"http://127.0.0.1:4500/cognito-idp/","identityPoolId":"us-east-1:11111111-2222-4333-8444-666666666666",
			"identityPoolEndpoint":"http://127.0.0.1:4500/cognito-identity/","allowGuestAccess":true,"signUpVerificationMethod":"code",
			"loginWith":{"username":false,"email":true,"phone":false,"oauth":{"domain":"127.0.0.1:4500/oauth/eu-west-1_AbCdEfGhI","scopes":["openid","email"],
				"redirectSignIn":["http://localhost:3000/","app://in"],"redirectSignOut":["http://localhost:3000/"],"responseType":"code","providers":["Google","Apple"]}},
			"userAttributes":{"email":{"required":true},"zoneinfo":{"required":true}},"mfa":{"status":"optional","totpEnabled":true,"smsEnabled":true},
			"passwordFormat":{"minLength":8,"requireLowercase":true,"requireUppercase":false,"requireNumbers":true,"requireSpecialCharacters":false}}},
			"auth":` + gen2 + `}`},
		{"outputs", c.outputs(), `{"version":"1.4","auth":` + gen2 + `}`},
		{"aws-exports", c.awsExports(), `{"aws_project_region":"us-east-1","aws_cognito_identity_pool_id":"us-east-1:11111111-2222-4333-8444-666666666666",
			"aws_cognito_region":"eu-west-1","aws_user_pools_id":"eu-west-1_AbCdEfGhI","aws_user_pools_web_client_id":"1h57kf5cpq17m0eml12example",
			"oauth":{"domain":"127.0.0.1:4500/oauth/eu-west-1_AbCdEfGhI","scope":["openid","email"],"redirectSignIn":"http://localhost:3000/,app://in",
				"redirectSignOut":"http://localhost:3000/","responseType":"code"},
			"federationTarget":"COGNITO_USER_AND_IDENTITY_POOLS","aws_cognito_username_attributes":["EMAIL"],"aws_cognito_social_providers":["GOOGLE","APPLE"],
			"aws_cognito_signup_attributes":["EMAIL","ZONE_INFO"],"aws_cognito_mfa_configuration":"OPTIONAL","aws_cognito_mfa_types":["SMS","TOTP"],
			"aws_cognito_password_protection_settings":{"passwordPolicyMinLength":8,"passwordPolicyCharacters":["REQUIRES_LOWERCASE","REQUIRES_NUMBERS"]},
			"aws_cognito_verification_mechanisms":["EMAIL"],"Auth":{"endpoint":"http://127.0.0.1:4500/cognito-idp/"}}`},
		{"native", c.native(), `{"UserAgent":"aws-amplify-cli/2.0","Version":"1.0","auth":{"plugins":{"awsCognitoAuthPlugin":{
			"UserAgent":"aws-amplify-cli/0.1.0","Version":"0.1.0","IdentityManager":{"Default":{}},
			"CredentialsProvider":{"CognitoIdentity":{"Default":{"PoolId":"us-east-1:11111111-2222-4333-8444-666666666666","Region":"us-east-1"}}},
			"CognitoUserPool":{"Default":{"PoolId":"eu-west-1_AbCdEfGhI","AppClientId":"2h57kf5cpq17m0eml12example","Region":"eu-west-1",
				"Endpoint":"http://127.0.0.1:4500/cognito-idp/"}},
			"Auth":{"Default":{"authenticationFlowType":"USER_SRP_AUTH","OAuth":{"WebDomain":"127.0.0.1:4500/oauth/eu-west-1_AbCdEfGhI",
				"AppClientId":"2h57kf5cpq17m0eml12example","SignInRedirectURI":"http://localhost:3000/,app://in","SignOutRedirectURI":"http://localhost:3000/",
				"Scopes":["openid","email"]},` + frontend + `}}}}}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			sameJSON(t, tc.want, tc.got)
		})
	}
}

// The least that there can be: user names, no identity pool, no hosted pages, the
// policy of Cognito.
func TestClientConfigOfPlainAuth(t *testing.T) {
	t.Parallel()
	v := authView()
	a := &v.Auths[0]
	a.IdentityPool, a.Domain, a.Config = "", "", AuthConfig{Resources: UserPoolOnly, UserPool: UserPoolConfig{SignIn: SignInUsername}}
	c := clientConfig{view: v, region: "us-east-1", base: "https://preamp.example"}
	policy := `"passwordPolicyMinLength":8,"passwordPolicyCharacters":["REQUIRES_LOWERCASE","REQUIRES_UPPERCASE","REQUIRES_NUMBERS","REQUIRES_SYMBOLS"]`
	sameJSON(t, `{"userPoolId":"eu-west-1_AbCdEfGhI","userPoolClientId":"1h57kf5cpq17m0eml12example","userPoolEndpoint":"https://preamp.example/cognito-idp/",
		"signUpVerificationMethod":"code","loginWith":{"username":true,"email":false,"phone":false},"userAttributes":{},
		"mfa":{"status":"off","totpEnabled":false,"smsEnabled":false},
		"passwordFormat":{"minLength":8,"requireLowercase":true,"requireUppercase":true,"requireNumbers":true,"requireSpecialCharacters":true}}`, c.cognito(*a))
	sameJSON(t, `{"aws_region":"eu-west-1","user_pool_id":"eu-west-1_AbCdEfGhI","user_pool_client_id":"1h57kf5cpq17m0eml12example",
		"password_policy":{"min_length":8,"require_numbers":true,"require_lowercase":true,"require_uppercase":true,"require_symbols":true},
		"standard_required_attributes":[],"username_attributes":["username"],"user_verification_types":["email"],"mfa_configuration":"NONE","mfa_methods":[]}`, c.gen2Auth(*a))
	sameJSON(t, `{"aws_project_region":"us-east-1","aws_cognito_region":"eu-west-1","aws_user_pools_id":"eu-west-1_AbCdEfGhI",
		"aws_user_pools_web_client_id":"1h57kf5cpq17m0eml12example","oauth":{},"federationTarget":"COGNITO_USER_POOLS","aws_cognito_username_attributes":[],
		"aws_cognito_social_providers":[],"aws_cognito_signup_attributes":[],"aws_cognito_mfa_configuration":"OFF","aws_cognito_mfa_types":[],
		"aws_cognito_password_protection_settings":{`+policy+`},"aws_cognito_verification_mechanisms":["EMAIL"],
		"Auth":{"endpoint":"https://preamp.example/cognito-idp/"}}`, c.awsExports())
	// A host name of its own is what Android and Swift take.
	sameJSON(t, `{"plugins":{"awsCognitoAuthPlugin":{"UserAgent":"aws-amplify-cli/0.1.0","Version":"0.1.0","IdentityManager":{"Default":{}},
		"CognitoUserPool":{"Default":{"PoolId":"eu-west-1_AbCdEfGhI","AppClientId":"2h57kf5cpq17m0eml12example","Region":"eu-west-1","Endpoint":"preamp.example"}},
		"Auth":{"Default":{"authenticationFlowType":"USER_SRP_AUTH","socialProviders":[],"usernameAttributes":[],"signupAttributes":[],
			"passwordProtectionSettings":{`+policy+`},"mfaConfiguration":"OFF","mfaTypes":[],"verificationMechanisms":["EMAIL"]}}}}}`, c.nativeAuth(*a))
	a.IdentityPool, a.Config.Resources, a.Config.IdentityPool.Guests = "us-east-1:x", UserAndIdentityPool, new(false)
	if text := textOf(c.awsExports()); !strings.Contains(text, `"aws_mandatory_sign_in":"enable"`) {
		t.Errorf("guests are let in: %s", text)
	}
}

// The app signs in with the pool of its main API.
func TestClientConfigChoosesThePool(t *testing.T) {
	t.Parallel()
	v := authView()
	second := v.Auths[0]
	second.Name, second.UserPool = "second", "us-east-1_second000"
	v.Auths = append(v.Auths, second)
	v.APIs = view().APIs[:1]
	api := &v.APIs[0]
	api.OwnPool = v.Auths[0].UserPool
	c := clientConfig{view: v, region: "us-east-1", base: "http://127.0.0.1:4500"}
	for _, tc := range []struct {
		name, mode, pool, want string
	}{
		{"an API without users", "API_KEY", "", v.Auths[0].UserPool},
		{"that of the environment", "AMAZON_COGNITO_USER_POOLS", "", v.Auths[0].UserPool},
		{"another of the environment", "AMAZON_COGNITO_USER_POOLS", "us-east-1_second000", "us-east-1_second000"},
		{"one of elsewhere", "AMAZON_COGNITO_USER_POOLS", "eu-central-1_elsewhere", v.Auths[0].UserPool},
	} {
		api.Config.DefaultAuth = &AuthType{Mode: tc.mode, Settings: AuthSettings{CognitoUserPoolID: given(tc.pool)}}
		if got, ok := c.auth(); !ok || got.UserPool != tc.want {
			t.Errorf("%s: %q, %v; want %q", tc.name, got.UserPool, ok, tc.want)
		}
	}
}

func TestMetaOfAuth(t *testing.T) {
	t.Parallel()
	v := authView()
	v.APIs = view().APIs[:1]
	v.APIs[0].OwnPool = v.Auths[0].UserPool
	v.APIs[0].Config.DefaultAuth = &AuthType{Mode: "AMAZON_COGNITO_USER_POOLS"}
	m := provisioner().Meta(v)
	sameJSON(t, `{"users":{"service":"Cognito","serviceType":"managed","providerPlugin":"awscloudformation","dependsOn":[],"customAuth":false,
		"frontendAuthConfig":{`+frontend+`},
		"output":{"UserPoolId":"eu-west-1_AbCdEfGhI","AppClientIDWeb":"1h57kf5cpq17m0eml12example","AppClientID":"2h57kf5cpq17m0eml12example",
			"IdentityPoolId":"us-east-1:11111111-2222-4333-8444-666666666666","UserPoolArn":"arn:aws:cognito-idp:eu-west-1:000000000000:userpool/eu-west-1_AbCdEfGhI",
			"IdentityPoolName":"identities","UserPoolName":"shoppers","HostedUIDomain":"shop",
			"OAuthMetadata":"{\"AllowedOAuthFlows\":[\"code\"],\"AllowedOAuthScopes\":[\"openid\",\"email\"],\"CallbackURLs\":[\"http://localhost:3000/\",\"app://in\"],\"LogoutURLs\":[\"http://localhost:3000/\"]}",
			"CreatedSNSRole":"arn:aws:iam::000000000000:role/users-sns","GoogleWebClient":"g-id","AppleWebClient":"services.id"},
		"providerMetadata":{"s3TemplateURL":"https://s3.amazonaws.com/`+m.Providers.CloudFormation.DeploymentBucketName+`/amplify-cfn-templates/auth/users-cloudformation-template.json",
			"logicalId":"authusers"},
		"lastPushTimeStamp":"2026-01-15T12:00:00.000Z","lastPushDirHash":"AAAAAAAAAAAAAAAAAAAAAAAAAAA="}}`, m.Auth)
	api := textOf(m.API)
	for _, want := range []string{`"userPoolConfig":{"userPoolId":"authusers"}`, `"dependsOn":[{"category":"auth","resourceName":"users","attributes":["UserPoolId"]}]`} {
		if !strings.Contains(api, want) {
			t.Errorf("no %s in %s", want, api)
		}
	}
	v.Auths[0].Imported = true
	if text := textOf(provisioner().Meta(v).Auth); !strings.Contains(text, `"serviceType":"imported"`) {
		t.Errorf("imported: %s", text)
	}
}

// A configuration is written without its secrets, and has the same digest each time.
func TestConfigIsWrittenWithoutSecrets(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(authView().Auths[0].Config)
	if err != nil || strings.Contains(string(raw), "hidden") || strings.Contains(string(raw), "redacted") {
		t.Errorf("a configuration is written with its secrets: %s, %v", raw, err)
	}
	if a, b := authView().Auths[0].Config.digest(), authView().Auths[0].Config.digest(); a != b || len(a) != 28 {
		t.Errorf("digests %s and %s", a, b)
	}
}
