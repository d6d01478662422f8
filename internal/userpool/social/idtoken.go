package social

import (
	"context"
	"crypto/subtle"
	"maps"
	"net/http"
	"slices"

	"preamp/internal/userpool"
)

// idToken verifies an id token and answers its claims (OpenID Connect Core 1.0,
// section 3.1.3.7).
func (f *flow) idToken(ctx context.Context, raw, nonce string) (map[string]any, error) {
	if raw == "" {
		return nil, refuse("no id token")
	}
	token, _, err := f.keys.verifier.VerifyAny(ctx, raw, f.issuers...)
	if err != nil {
		return nil, err
	}
	claims := token.Claims
	client := f.p.Details["client_id"]
	if !madeFor(claims["aud"], client) {
		return nil, refuse("the id token is for another audience")
	}
	azp, there := claims["azp"]
	if list, _ := claims["aud"].([]any); (there || len(list) > 1) && azp != client {
		return nil, refuse("the id token is for another party")
	}
	// Without one the token of another sign-in would do.
	if got, _ := claims["nonce"].(string); nonce == "" || subtle.ConstantTimeCompare([]byte(got), []byte(nonce)) != 1 {
		return nil, refuse("the id token is of another sign-in")
	}
	if sub, _ := claims["sub"].(string); sub == "" {
		return nil, refuse("the id token names nobody")
	}
	if token.Issued.IsZero() {
		return nil, refuse("the id token does not say when it was made")
	}
	return claims, nil
}

func madeFor(aud any, client string) bool {
	if list, ok := aud.([]any); ok {
		return slices.Contains(list, any(client))
	}
	return client != "" && aud == client
}

// withUserInfo adds what the userinfo endpoint says, which is about the same user
// or does not count (section 5.3.2).
func (f *flow) withUserInfo(ctx context.Context, access string, claims map[string]any) (map[string]any, error) {
	if f.userInfo.url == "" {
		return claims, nil
	}
	method := http.MethodGet
	if f.p.Details["attributes_request_method"] == http.MethodPost {
		method = http.MethodPost
	}
	info, err := f.get(ctx, method, access, "")
	if err != nil {
		return nil, err
	}
	if info["sub"] != claims["sub"] {
		return nil, refuse("the userinfo endpoint speaks of somebody else")
	}
	out := maps.Clone(claims)
	for _, name := range []string{"email", "phone_number"} {
		// Whether an address is verified counts for the address beside it only.
		if _, there := info[name]; there {
			delete(out, name+"_verified")
		} else {
			delete(info, name+"_verified")
		}
	}
	maps.Copy(out, info)
	return out, nil
}

// scopes are what the provider is asked for.
func (f *flow) scopes() []string {
	scopes := f.p.Scopes()
	if f.p.Type == userpool.ProviderGoogle && !slices.Contains(scopes, "openid") {
		scopes = append(scopes, "openid") // without there is no id token
	}
	return scopes
}

// separator is what stands between scopes.
func (f *flow) separator() string {
	if f.p.Type == userpool.ProviderFacebook {
		return ","
	}
	return " "
}
