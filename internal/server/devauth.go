package server

import (
	"context"
	"slices"

	"preamp/internal/amplifybackend"
	"preamp/internal/authn"
)

// SignInMethods are the values of `preamp dev --sign-in`, the default first, and
// what CreateBackendAuth calls them. With none no user pool is made.
var SignInMethods = []struct{ Name, Method string }{
	{"email", amplifybackend.SignInMethodEmail},
	{"username", amplifybackend.SignInMethodUsername},
	{"phone", amplifybackend.SignInMethodPhoneNumber},
	{"email-and-phone", amplifybackend.SignInMethodEmailAndPhoneNumber},
	{signInNone, ""},
}

const signInNone = "none"

// signInMethod is a value of --sign-in as CreateBackendAuth takes it; empty for
// none.
func signInMethod(name string) string {
	for _, m := range SignInMethods {
		if m.Name == name {
			return m.Method
		}
	}
	return SignInMethods[0].Method
}

// ensureAuth makes a user pool for a schema that speaks of users, once: an API that
// names no pool goes by that of its environment. Without it the schema is pushed all
// the same: what is wrong stands in the log, and the API lets nobody in.
func (d *dev) ensureAuth(ctx context.Context, modes []authn.Mode, present *amplifybackend.BackendAPIResourceConfig) {
	users, roles := slices.Contains(modes, authn.UserPool), slices.Contains(modes, authn.IAM)
	if d.o.Providers.UserPool != "" || !users && !roles || users && hasPool(present) {
		return
	}
	if err := d.makeAuth(ctx, roles); err != nil {
		d.logger.ErrorContext(ctx, "make a user pool for the rules of the schema", "error", err)
	}
}

// hasPool reports whether an API names a user pool already.
func hasPool(present *amplifybackend.BackendAPIResourceConfig) bool {
	if present == nil {
		return false
	}
	all := slices.Clone(present.AdditionalAuthTypes)
	if present.DefaultAuthType != nil {
		all = append(all, *present.DefaultAuthType)
	}
	return slices.ContainsFunc(all, func(t amplifybackend.BackendAPIAuthType) bool {
		return t.Settings != nil && t.Settings.CognitoUserPoolID != nil && *t.Settings.CognitoUserPoolID != ""
	})
}

// makeAuth makes the user pool of the environment by the way of every client,
// CreateBackendAuth and its job, unless there is one or none is wanted.
func (d *dev) makeAuth(ctx context.Context, identities bool) error {
	pool, err := d.authPool(ctx)
	method := signInMethod(d.o.SignIn)
	if err != nil || pool != "" || method == "" {
		return err
	}
	name := resourceName(d.appName) + "auth"
	out, err := d.service.CreateBackendAuth(ctx, &amplifybackend.CreateBackendAuthRequest{
		AppID: d.app.ID, BackendEnvironmentName: d.env, ResourceName: name, ResourceConfig: authConfig(name, method, identities),
	})
	if err != nil {
		return err
	}
	return d.wait(ctx, out.JobID)
}

// authPool is the user pool of the environment; empty for none.
func (d *dev) authPool(ctx context.Context) (string, error) {
	v, err := d.provision.Outline(ctx, d.app.ID, d.env)
	if err != nil {
		return "", err
	}
	if a := v.Auth(); a != nil {
		return a.UserPool, nil
	}
	return "", nil
}

// authConfig is what a new project gets: users sign in with what the method says,
// and recover their passwords by it. With identities there are credentials for
// them, and for guests.
func authConfig(name, method string, identities bool) *amplifybackend.CreateBackendAuthResourceConfig {
	by, required := amplifybackend.DeliveryMethodEmail, amplifybackend.RequiredSignUpAttributesEmail
	if method == amplifybackend.SignInMethodPhoneNumber {
		by, required = amplifybackend.DeliveryMethodSMS, amplifybackend.RequiredSignUpAttributesPhoneNumber
	}
	users := &amplifybackend.CreateBackendAuthUserPoolConfig{
		UserPoolName: name, SignInMethod: method, RequiredSignUpAttributes: []string{required},
		ForgotPassword:      &amplifybackend.CreateBackendAuthForgotPasswordConfig{DeliveryMethod: by},
		VerificationMessage: &amplifybackend.CreateBackendAuthVerificationMessageConfig{DeliveryMethod: by},
	}
	c := &amplifybackend.CreateBackendAuthResourceConfig{
		Service: amplifybackend.ServiceCognito, AuthResources: amplifybackend.AuthResourcesUserPoolOnly, UserPoolConfigs: users,
	}
	if identities {
		c.AuthResources = amplifybackend.AuthResourcesIdentityPoolAndUserPool
		c.IdentityPoolConfigs = &amplifybackend.CreateBackendAuthIdentityPoolConfig{IdentityPoolName: name, UnauthenticatedLogin: true}
	}
	return c
}
