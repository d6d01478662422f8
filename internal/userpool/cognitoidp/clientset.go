package cognitoidp

import (
	"slices"

	"preamp/internal/awswire"
	"preamp/internal/userpool"
	"preamp/internal/userpool/idp"
)

// clientExtra is what a client answers as it was given.
type clientExtra struct {
	// Flows are ExplicitAuthFlows by their older names.
	Flows     []string                        `json:",omitempty"`
	Analytics *idp.AnalyticsConfigurationType `json:",omitempty"`
	// Propagate is EnablePropagateAdditionalUserContextData.
	Propagate bool `json:",omitempty"`
}

// olderFlows are the names of flows before those with ALLOW_. A client with them
// may use SRP and refresh too: they only add a flow.
var olderFlows = map[string]string{
	idp.ExplicitAuthFlowsTypeAdminNoSRPAuth: userpool.FlowAdminPassword, idp.ExplicitAuthFlowsTypeUserPasswordAuth: userpool.FlowPassword,
}

// flows are the flows of a client by their present names.
//
// Errors: InvalidParameterException for both kinds of names together.
func flows(given []string, rotates bool) ([]string, error) {
	if len(given) == 0 && rotates { // the flow that cannot go with it is no default
		return []string{userpool.FlowSRP}, nil
	}
	var out []string
	for _, f := range given {
		if known, ok := olderFlows[f]; ok {
			out = append(out, known)
		}
	}
	switch len(out) {
	case 0:
		return slices.Clone(given), nil
	case len(given):
		return append(out, userpool.FlowSRP, userpool.FlowRefresh), nil
	}
	return nil, invalid("ExplicitAuthFlows with the prefix ALLOW_ and without it cannot be given together.")
}

// applyClient sets the settings of a client.
//
// Errors: InvalidParameterException.
func applyClient(in *idp.CreateUserPoolClientInput, s *userpool.ClientSettings) error {
	if r := in.RefreshTokenRotation; r != nil {
		s.Rotate = r.Feature == idp.FeatureTypeEnabled
		if r.RetryGracePeriodSeconds != nil {
			s.Grace = int(*r.RetryGracePeriodSeconds)
		}
	}
	var err error
	if s.Flows, err = flows(in.ExplicitAuthFlows, s.Rotate); err != nil {
		return err
	}
	s.Read, s.Write = nonEmpty(in.ReadAttributes), nonEmpty(in.WriteAttributes)
	s.OAuth = isTrue(in.AllowedOAuthFlowsUserPoolClient)
	s.OAuthFlows, s.OAuthScopes = in.AllowedOAuthFlows, in.AllowedOAuthScopes
	s.Callbacks, s.Logouts, s.DefaultRedirect = in.CallbackURLs, in.LogoutURLs, in.DefaultRedirectURI
	s.Providers = in.SupportedIdentityProviders
	var units idp.TokenValidityUnitsType
	if in.TokenValidityUnits != nil {
		units = *in.TokenValidityUnits
	}
	s.Access = validity(in.AccessTokenValidity, units.AccessToken)
	s.ID = validity(in.IDTokenValidity, units.IDToken)
	s.Refresh = validity(in.RefreshTokenValidity, units.RefreshToken)
	s.HideUsers = in.PreventUserExistenceErrors == idp.PreventUserExistenceErrorTypesEnabled
	s.NoRevocation = in.EnableTokenRevocation != nil && !*in.EnableTokenRevocation
	if in.AuthSessionValidity != nil {
		s.AuthSession = int(*in.AuthSessionValidity)
	}
	extra := clientExtra{Analytics: in.AnalyticsConfiguration, Propagate: isTrue(in.EnablePropagateAdditionalUserContextData)}
	if len(in.ExplicitAuthFlows) > 0 && olderFlows[in.ExplicitAuthFlows[0]] != "" {
		extra.Flows = in.ExplicitAuthFlows
	}
	s.Extra, err = writeExtra(extra)
	return err
}

func validity(count *int32, unit string) userpool.Validity {
	out := userpool.Validity{Unit: unit}
	if count != nil {
		out.Count = int(*count)
	}
	return out
}

// clientType is a client as the API shows it, with its secret.
func clientType(c *userpool.Client) (*idp.UserPoolClientType, error) {
	s := &c.Settings
	extra, err := readExtra[clientExtra](s.Extra)
	if err != nil {
		return nil, err
	}
	out := &idp.UserPoolClientType{
		UserPoolID: c.Pool, ClientName: c.Name, ClientID: c.ID, ClientSecret: c.Secret.Reveal(),
		CreationDate: awswire.Timestamp{Time: c.Created}, LastModifiedDate: awswire.Timestamp{Time: c.Changed},
		RefreshTokenValidity: new(int32(30)), TokenValidityUnits: &idp.TokenValidityUnitsType{},
		ReadAttributes: nonEmpty(s.Read), WriteAttributes: nonEmpty(s.Write), ExplicitAuthFlows: shownFlows(s.Flows, extra.Flows),
		SupportedIdentityProviders: nonEmpty(s.Providers), CallbackURLs: nonEmpty(s.Callbacks), LogoutURLs: nonEmpty(s.Logouts),
		DefaultRedirectURI: s.DefaultRedirect, AllowedOAuthFlows: nonEmpty(s.OAuthFlows), AllowedOAuthScopes: nonEmpty(s.OAuthScopes),
		AllowedOAuthFlowsUserPoolClient: &s.OAuth, AnalyticsConfiguration: extra.Analytics,
		PreventUserExistenceErrors: idp.PreventUserExistenceErrorTypesLegacy, EnableTokenRevocation: new(!s.NoRevocation),
		EnablePropagateAdditionalUserContextData: &extra.Propagate, AuthSessionValidity: new(int32(s.AuthSession)),
	}
	for _, v := range []struct {
		userpool.Validity
		count **int32
		unit  *string
	}{
		{s.Access, &out.AccessTokenValidity, &out.TokenValidityUnits.AccessToken},
		{s.ID, &out.IDTokenValidity, &out.TokenValidityUnits.IDToken},
		{s.Refresh, &out.RefreshTokenValidity, &out.TokenValidityUnits.RefreshToken},
	} {
		if v.Count != 0 { // the unit of a default is that of the default
			*v.count, *v.unit = new(int32(v.Count)), v.Unit
		}
	}
	if s.HideUsers {
		out.PreventUserExistenceErrors = idp.PreventUserExistenceErrorTypesEnabled
	}
	if s.Rotate || s.Grace > 0 {
		out.RefreshTokenRotation = &idp.RefreshTokenRotationType{Feature: idp.FeatureTypeDisabled, RetryGracePeriodSeconds: new(int32(s.Grace))}
		if s.Rotate {
			out.RefreshTokenRotation.Feature = idp.FeatureTypeEnabled
		}
	}
	return out, nil
}

// shownFlows are the flows by the names by which they were given, unless they
// were changed since.
func shownFlows(have, given []string) []string {
	if now, err := flows(given, false); err == nil && len(given) > 0 && slices.Equal(now, have) {
		return given
	}
	return have
}
