package userpool

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxDetail      = 8 << 10 // bytes of a value
	maxMappingName = 256

	detailClientID      = "client_id"
	detailScopes        = "authorize_scopes"
	detailIssuer        = "oidc_issuer"
	detailRequestMethod = "attributes_request_method"
)

// providerType is what is known of the providers of a type.
type providerType struct {
	// id is what the provider calls the id of a user.
	id string
	// required are the details without which there is no sign-in.
	required []string
	// allowed are the details that there may be beside them.
	allowed []string
	scopes  string
	// names are what attributes are called there, if not as in OpenID Connect.
	names map[string]string
}

// The details that Cognito shows of a provider, and that tools send back; the
// addresses are used for OIDC only.
var shownDetails = []string{
	"attributes_url", "attributes_url_add_attributes", "authorize_url", detailIssuer, "token_request_method", "token_url", "api_version",
	"jwks_uri",
}

var providerTypes = map[string]providerType{
	ProviderGoogle: {
		id: attrSub, required: []string{detailClientID, detailClientSecret, detailScopes}, allowed: shownDetails, scopes: "openid email profile",
	},
	ProviderFacebook: {
		id: "id", required: []string{detailClientID, detailClientSecret, detailScopes}, allowed: shownDetails, scopes: "public_profile,email",
		names: map[string]string{"given_name": "first_name", "family_name": "last_name"},
	},
	ProviderAmazon: {
		id: "user_id", required: []string{detailClientID, detailClientSecret, detailScopes}, allowed: shownDetails, scopes: "profile",
	},
	ProviderApple: {
		id: attrSub, required: []string{detailClientID, "team_id", detailKeyID, detailPrivateKey, detailScopes}, allowed: shownDetails,
		scopes: "email name", names: map[string]string{"given_name": "firstName", "family_name": "lastName"},
	},
	ProviderOIDC: {
		id: attrSub, required: []string{detailClientID, detailIssuer, detailScopes, detailRequestMethod},
		allowed: append([]string{detailClientSecret}, shownDetails...), scopes: "openid email profile",
	},
}

// DefaultScopes are what a provider of a type is asked for when nobody says.
func DefaultScopes(kind string) string { return providerTypes[kind].scopes }

// DefaultMapping is the mapping of a provider of a type when nobody says: the
// e-mail address, and what the pool requires of users.
func DefaultMapping(kind string, s *Settings) map[string]string {
	t := providerTypes[kind]
	out := map[string]string{attrUsername: t.id, attrEmail: attrEmail}
	for name, a := range s.Schema() {
		if a.Required && name != attrSub {
			out[name] = name
			if there := t.names[name]; there != "" {
				out[name] = there
			}
		}
	}
	return out
}

// IDClaim is what the provider calls the id of a user.
func (p *Provider) IDClaim() string { return providerTypes[p.Type].id }

var (
	providerForm   = regexp.MustCompile(`^[\p{L}\p{M}\p{S}\p{N}\p{P}]{3,32}$`)
	identifierForm = regexp.MustCompile(`^[\w\s+=.@-]{1,40}$`)
	apiVersionForm = regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]{1,2}$`)
)

// setDefaults fills in what was left out.
func (p *Provider) setDefaults() {
	if id := p.IDClaim(); p.Mapping[attrUsername] == "" && id != "" {
		mapping := map[string]string{attrUsername: id}
		for name, v := range p.Mapping {
			if name != attrUsername {
				mapping[name] = v
			}
		}
		p.Mapping = mapping
	}
}

// check refuses a provider by which nobody could sign in.
func (p *Provider) check(s *Settings) error {
	if p.Type == "SAML" {
		return unavailable("SAML")
	}
	t, ok := providerTypes[p.Type]
	if !ok {
		return oneOf("providerType", []string{p.Type},
			[]string{"SAML", ProviderFacebook, ProviderGoogle, ProviderAmazon, ProviderApple, ProviderOIDC})
	}
	if err := p.checkName(); err != nil {
		return err
	}
	if err := p.checkDetails(t); err != nil {
		return err
	}
	if err := p.checkMapping(t, s); err != nil {
		return err
	}
	if len(p.Identifiers) > maxIdentifiers {
		return invalid("An identity provider has at most %d identifiers.", maxIdentifiers)
	}
	for i, v := range p.Identifiers {
		if !identifierForm.MatchString(v) || slices.Contains(p.Identifiers[:i], v) {
			return invalid("Invalid or duplicate IdpIdentifier %q.", v)
		}
	}
	return nil
}

// checkName keeps the names of users apart: each is <provider>_<id>.
func (p *Provider) checkName() error {
	if p.Type != ProviderOIDC {
		if p.Name != p.Type {
			return invalid("The name of a provider of the type %[1]s must be %[1]s.", p.Type)
		}
		return nil
	}
	if !providerForm.MatchString(p.Name) || strings.Contains(p.Name, "_") {
		return invalid("%q is not the name of an identity provider: 3 to 32 letters, digits, symbols or punctuation without _.", p.Name)
	}
	for name := range providerTypes {
		if strings.EqualFold(p.Name, name) {
			return invalid("The name %s is reserved.", p.Name)
		}
	}
	if strings.EqualFold(p.Name, "COGNITO") || strings.EqualFold(p.Name, "SAML") {
		return invalid("The name %s is reserved.", p.Name)
	}
	return nil
}

func (p *Provider) checkDetails(t providerType) error {
	for name, v := range p.Details {
		if !slices.Contains(t.required, name) && !slices.Contains(t.allowed, name) {
			return invalid("Unsupported provider detail %q for the type %s.", name, p.Type)
		}
		if len(v) > maxDetail || !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) {
			return invalid("The provider detail %s is not text of at most %d bytes.", name, maxDetail)
		}
	}
	if len(p.ClientSecret.Reveal()) > maxDetail || len(p.PrivateKey.Reveal()) > maxDetail {
		return invalid("A secret provider detail has at most %d bytes.", maxDetail)
	}
	for _, name := range t.required {
		there := p.Details[name] != ""
		switch name {
		case detailClientSecret:
			there = !p.ClientSecret.Empty()
		case detailPrivateKey:
			there = !p.PrivateKey.Empty()
		}
		if !there {
			return invalid("The provider detail %s is required for the type %s.", name, p.Type)
		}
	}
	if v := p.Details["api_version"]; v != "" && !apiVersionForm.MatchString(v) {
		return invalid("%q is not an api_version.", v)
	}
	switch p.Type {
	case ProviderApple:
		if _, err := p.SigningKey(); err != nil {
			return invalid("The private_key is not an EC P-256 key in PKCS #8.")
		}
	case ProviderOIDC:
		return p.checkOIDC()
	}
	return nil
}

func (p *Provider) checkOIDC() error {
	if m := p.Details[detailRequestMethod]; m != "GET" && m != "POST" {
		return invalid("attributes_request_method must be GET or POST.")
	}
	if !slices.Contains(p.Scopes(), "openid") {
		return invalid("The authorize_scopes of an OIDC provider must contain openid.")
	}
	given := 0
	for _, name := range []string{detailIssuer, "authorize_url", "token_url", "attributes_url", "jwks_uri"} {
		v := p.Details[name]
		if v == "" {
			continue
		}
		if name != detailIssuer && name != "attributes_url" {
			given++
		}
		u, err := url.Parse(v)
		if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" || name == detailIssuer && u.RawQuery != "" {
			return invalid("%s must be an https URL without a user name, and the issuer one without a query.", name)
		}
	}
	if given != 0 && given != 3 {
		return invalid("authorize_url, token_url and jwks_uri are given together or not at all.")
	}
	return nil
}

func (p *Provider) checkMapping(t providerType, s *Settings) error {
	schema := s.Schema()
	for _, name := range sortedKeys(p.Mapping) {
		there := p.Mapping[name]
		if there == "" || len(there) > maxMappingName || !utf8.ValidString(there) || strings.ContainsFunc(there, unicode.IsControl) {
			return invalid("Invalid attribute mapping of %s.", name)
		}
		if name == attrUsername {
			if there != t.id {
				// Whatever else the provider says of a user can become another's.
				return invalid("username can be mapped to %s only.", t.id)
			}
			continue
		}
		if _, ok := schema[name]; !ok || name == attrSub {
			return invalid("Invalid attribute mapping: %s is not an attribute of the user pool.", name)
		}
	}
	return nil
}

var errKey = errors.New("not an EC P-256 key in PKCS #8")

// SigningKey is the private key of Apple: PKCS #8 as PEM, or its base64 alone, as
// it is often pasted.
func (p *Provider) SigningKey() (*ecdsa.PrivateKey, error) {
	raw := p.PrivateKey.Bytes()
	var der []byte
	if block, _ := pem.Decode(raw); block != nil {
		der = block.Bytes
	} else {
		var err error
		if der, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(raw)), "")); err != nil {
			return nil, errKey
		}
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errKey // the cause could quote the key
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errKey
	}
	return key, nil
}
