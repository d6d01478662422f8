package userpool_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/db"
	"preamp/internal/userpool"
)

// ecKey is a private key as Apple gives it.
func ecKey(t testing.TB, curve elliptic.Curve) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	must(t, "key", err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, "key", err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// provider is a provider of a type as it is made over the API.
func provider(t testing.TB, kind, name string) userpool.Provider {
	t.Helper()
	p := userpool.Provider{Pool: poolID, Name: name, Type: kind, Mapping: map[string]string{"email": "email"}}
	details := map[string]string{"client_id": "id", "client_secret": "hush-" + name, "authorize_scopes": "openid email"}
	switch kind {
	case userpool.ProviderApple:
		delete(details, "client_secret")
		details["team_id"], details["key_id"], details["private_key"] = "T1", "K1", ecKey(t, elliptic.P256())
	case userpool.ProviderOIDC:
		details["oidc_issuer"], details["attributes_request_method"] = "https://corp.example/tenant", "GET"
	}
	p.SetDetails(details)
	return p
}

func google(t testing.TB) userpool.Provider {
	return provider(t, userpool.ProviderGoogle, userpool.ProviderGoogle)
}

func (f *fixture) newProvider(t testing.TB, p userpool.Provider) userpool.Provider {
	t.Helper()
	out, err := f.CreateProvider(t.Context(), f.call(), p)
	must(t, "create "+p.Name, err)
	return out
}

func TestProviders(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for _, p := range []userpool.Provider{
			google(t), provider(t, userpool.ProviderFacebook, "Facebook"), provider(t, userpool.ProviderAmazon, "LoginWithAmazon"),
			provider(t, userpool.ProviderApple, "SignInWithApple"), provider(t, userpool.ProviderOIDC, "Corp"),
		} {
			p.Identifiers = []string{p.Name + ".example"}
			f.newProvider(t, p)
			got, err := f.Provider(ctx, f.call(), poolID, p.Name)
			must(t, "read", err)
			if diff := cmp.Diff(p.RevealDetails(), got.RevealDetails()); diff != "" {
				t.Error(diff)
			}
			if got.Mapping["username"] != got.IDClaim() || got.Mapping["email"] != "email" || !got.Created.Equal(f.now) {
				t.Errorf("%+v", got)
			}
			if text := fmt.Sprintf("%+v %#v", got, got); strings.Contains(text, "hush") || strings.Contains(text, "PRIVATE") {
				t.Errorf("a secret is printed: %s", text)
			}
			by, err := f.ProviderByIdentifier(ctx, f.call(), poolID, p.Name+".example")
			if err != nil || by.Name != p.Name {
				t.Errorf("by identifier: %+v, %v", by, err)
			}
		}
		var names []string
		page := userpool.Page{Limit: 2}
		for {
			list, next, err := f.Providers(ctx, f.call(), poolID, page)
			must(t, "list", err)
			for _, p := range list {
				names = append(names, p.Name)
				if !p.ClientSecret.Empty() || !p.PrivateKey.Empty() {
					t.Errorf("%s is listed with its secrets", p.Name)
				}
			}
			if page.Token = next; next == "" {
				break
			}
		}
		if got := strings.Join(names, " "); got != "Corp Facebook Google LoginWithAmazon SignInWithApple" {
			t.Errorf("listed: %s", got)
		}
		f.after(1e9)
		up, err := f.UpdateProvider(ctx, f.call(), poolID, "Corp", func(p *userpool.Provider) error {
			details := maps.Clone(p.Details)
			details["client_id"] = "other"
			p.SetDetails(details) // without the secret, which stays
			p.Identifiers, p.Name, p.Type = []string{"new"}, "Evil", userpool.ProviderGoogle
			return nil
		})
		if err != nil || up.Name != "Corp" || up.Type != userpool.ProviderOIDC || up.ClientSecret.Reveal() != "hush-Corp" || !up.Changed.Equal(f.now) {
			t.Errorf("%+v, %v", up, err)
		}
		got, err := f.ProviderByIdentifier(ctx, f.call(), poolID, "new")
		if err != nil || got.Details["client_id"] != "other" || got.ClientSecret.Reveal() != "hush-Corp" {
			t.Errorf("%+v, %v", got, err)
		}
		_, err = f.ProviderByIdentifier(ctx, f.call(), poolID, "Corp.example")
		want(t, "old identifier", err, "ResourceNotFound: Identity provider Corp.example does not exist.")
		must(t, "delete", f.DeleteProvider(ctx, f.call(), poolID, "Corp"))
		want(t, "delete again", f.DeleteProvider(ctx, f.call(), poolID, "Corp"), "ResourceNotFound: Identity provider Corp does not exist.")
		_, err = f.ProviderByIdentifier(ctx, f.call(), poolID, "new")
		want(t, "identifier of a deleted one", err, "ResourceNotFound: Identity provider new does not exist.")
		f.newProvider(t, provider(t, userpool.ProviderOIDC, "Corp"))
	})
}

func TestProviderRefused(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 9<<10)
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		first := google(t)
		first.Identifiers = []string{"g"}
		f.newProvider(t, first)
		f.newProvider(t, provider(t, userpool.ProviderOIDC, "Corp"))
		for _, tc := range []struct {
			name, kind, called string
			change             func(p *userpool.Provider)
			want               string // a part of it
		}{
			{"SAML", "SAML", "Corp2", nil, "InvalidParameter: SAML is not available in this version."},
			{"unknown type", "GitHub", "GitHub", nil, "InvalidParameter: 1 validation error detected: Value 'GitHub' at 'providerType'"},
			{"the name twice", userpool.ProviderGoogle, "Google", nil, "DuplicateProvider: A provider with the name Google already exists"},
			{"the name in another case", userpool.ProviderOIDC, "CORP", nil, "DuplicateProvider: "},
			{"another name for Google", userpool.ProviderGoogle, "Gugel", nil, "InvalidParameter: The name of a provider of the type Google must be Google."},
			{"the name of another type", userpool.ProviderOIDC, "facebook", nil, "InvalidParameter: The name facebook is reserved."},
			{"the name of the pool itself", userpool.ProviderOIDC, "Cognito", nil, "InvalidParameter: The name Cognito is reserved."},
			{"a short name", userpool.ProviderOIDC, "ab", nil, "is not the name of an identity provider"},
			{"a long name", userpool.ProviderOIDC, strings.Repeat("x", 33), nil, "is not the name of an identity provider"},
			{"a name with _", userpool.ProviderOIDC, "a_bc", nil, "is not the name of an identity provider"},
			{"a name with a blank", userpool.ProviderOIDC, "a bc", nil, "is not the name of an identity provider"},
			{"no client_id", userpool.ProviderFacebook, "Facebook", without("client_id"), "The provider detail client_id is required for the type Facebook."},
			{"no client_secret", userpool.ProviderFacebook, "Facebook", secretOf(""), "The provider detail client_secret is required for the type Facebook."},
			{"no scopes", userpool.ProviderAmazon, "LoginWithAmazon", without("authorize_scopes"), "The provider detail authorize_scopes is required"},
			{"no team", userpool.ProviderApple, "SignInWithApple", without("team_id"), "The provider detail team_id is required"},
			{"no key id", userpool.ProviderApple, "SignInWithApple", without("key_id"), "The provider detail key_id is required"},
			{"no key", userpool.ProviderApple, "SignInWithApple", keyOf(""), "The provider detail private_key is required"},
			{"a key that is none", userpool.ProviderApple, "SignInWithApple", keyOf("x"), "The private_key is not an EC P-256 key in PKCS #8."},
			{"a key of another curve", userpool.ProviderApple, "SignInWithApple", keyOf(ecKey(t, elliptic.P384())), "The private_key is not an EC P-256"},
			{"no issuer", userpool.ProviderOIDC, "Corp2", without("oidc_issuer"), "The provider detail oidc_issuer is required"},
			{"an issuer in clear", userpool.ProviderOIDC, "Corp2", with("oidc_issuer", "http://corp.example"), "oidc_issuer must be an https URL"},
			{"an issuer with a query", userpool.ProviderOIDC, "Corp2", with("oidc_issuer", "https://corp.example?x"), "oidc_issuer must be an https URL"},
			{"an issuer with a user name", userpool.ProviderOIDC, "Corp2", with("oidc_issuer", "https://a:b@corp.example"), "oidc_issuer must be an https URL"},
			{"an issuer that is no URL", userpool.ProviderOIDC, "Corp2", with("oidc_issuer", "https://"), "oidc_issuer must be an https URL"},
			{"no method", userpool.ProviderOIDC, "Corp2", without("attributes_request_method"), "The provider detail attributes_request_method is required"},
			{"another method", userpool.ProviderOIDC, "Corp2", with("attributes_request_method", "PUT"), "attributes_request_method must be GET or POST."},
			{"no openid", userpool.ProviderOIDC, "Corp2", with("authorize_scopes", "email"), "must contain openid"},
			{"one address only", userpool.ProviderOIDC, "Corp2", with("token_url", "https://corp.example/t"), "are given together or not at all"},
			{"an address in clear", userpool.ProviderOIDC, "Corp2", with("attributes_url", "http://corp.example"), "attributes_url must be an https URL"},
			{"an unknown detail", userpool.ProviderOIDC, "Corp2", with("color", "red"), `Unsupported provider detail "color"`},
			{"a long detail", userpool.ProviderOIDC, "Corp2", with("client_id", long), "is not text of at most 8192 bytes"},
			{"a detail that is no text", userpool.ProviderOIDC, "Corp2", with("client_id", "a\x00"), "is not text of at most 8192 bytes"},
			{"a long secret", userpool.ProviderOIDC, "Corp2", secretOf(long), "A secret provider detail has at most 8192 bytes."},
			{"a version that is none", userpool.ProviderFacebook, "Facebook", with("api_version", "../x"), "is not an api_version"},
			{"an unknown attribute", userpool.ProviderOIDC, "Corp2", maps2("custom:x", "x"), "custom:x is not an attribute of the user pool"},
			{"sub", userpool.ProviderOIDC, "Corp2", maps2("sub", "sub"), "sub is not an attribute of the user pool"},
			{"another id", userpool.ProviderOIDC, "Corp2", maps2("username", "email"), "username can be mapped to sub only"},
			{"an empty mapping", userpool.ProviderOIDC, "Corp2", maps2("name", ""), "Invalid attribute mapping of name."},
			{"an identifier of another", userpool.ProviderOIDC, "Corp2", identifiers("g"), "The identifier g is that of another identity provider."},
			{"an identifier twice", userpool.ProviderOIDC, "Corp2", identifiers("a", "a"), "Invalid or duplicate IdpIdentifier"},
			{"an identifier that is none", userpool.ProviderOIDC, "Corp2", identifiers("a/b"), "Invalid or duplicate IdpIdentifier"},
			{"too many identifiers", userpool.ProviderOIDC, "Corp2", func(p *userpool.Provider) {
				for i := range 51 {
					p.Identifiers = append(p.Identifiers, fmt.Sprint(i))
				}
			}, "at most 50 identifiers"},
		} {
			p := provider(t, tc.kind, tc.called)
			if tc.change != nil {
				tc.change(&p)
			}
			_, err := f.CreateProvider(t.Context(), f.call(), p)
			if got := errText(err); !strings.Contains(got, tc.want) || got == "" {
				t.Errorf("%s: %q (%v); want %q", tc.name, got, err, tc.want)
			}
		}
		// What was refused left nothing behind.
		list, _, err := f.Providers(t.Context(), f.call(), poolID, userpool.Page{})
		if err != nil || len(list) != 2 {
			t.Errorf("%d providers, %v", len(list), err)
		}
		other := provider(t, userpool.ProviderOIDC, "Corp2")
		other.Pool = "us-east-1_none00000"
		_, err = f.CreateProvider(t.Context(), f.call(), other)
		want(t, "another pool", err, "ResourceNotFound: User pool us-east-1_none00000 does not exist.")
	})
}

func without(detail string) func(*userpool.Provider) {
	return func(p *userpool.Provider) { delete(p.Details, detail) }
}

func with(detail, v string) func(*userpool.Provider) {
	return func(p *userpool.Provider) { p.Details[detail] = v }
}

func secretOf(v string) func(*userpool.Provider) {
	return func(p *userpool.Provider) { p.ClientSecret = secret(v) }
}

func keyOf(v string) func(*userpool.Provider) {
	return func(p *userpool.Provider) { p.PrivateKey = secret(v) }
}

func maps2(attribute, there string) func(*userpool.Provider) {
	return func(p *userpool.Provider) { p.Mapping[attribute] = there }
}

func identifiers(list ...string) func(*userpool.Provider) {
	return func(p *userpool.Provider) { p.Identifiers = list }
}

// Apple's keys are pasted in several forms.
func TestSigningKey(t *testing.T) {
	t.Parallel()
	good := ecKey(t, elliptic.P256())
	block, _ := pem.Decode([]byte(good))
	bare := base64.StdEncoding.EncodeToString(block.Bytes)
	for _, tc := range []struct {
		name, key string
		ok        bool
	}{
		{"PEM", good, true},
		{"base64 alone", bare, true},
		{"base64 in lines", bare[:64] + "\n" + bare[64:128] + "\r\n" + bare[128:] + "\n", true},
		{"cut", good[:100], false},
		{"not base64", "-----BEGIN", false},
		{"not a key", base64.StdEncoding.EncodeToString([]byte("x")), false},
		{"empty", "", false},
	} {
		p := userpool.Provider{PrivateKey: secret(tc.key)}
		key, err := p.SigningKey()
		if (err == nil) != tc.ok || tc.ok && key == nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if err != nil && tc.key != "" && strings.Contains(err.Error(), tc.key) {
			t.Errorf("%s: the error shows the key", tc.name)
		}
	}
}

// A pool has at most 300 providers.
func TestProviderLimit(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		err := f.env.DB.Tx(t.Context(), func(tx *db.Tx) error {
			for i := range 299 {
				if _, err := userpool.InsertProvider(tx, f.env.Sealer, provider(t, userpool.ProviderOIDC, fmt.Sprintf("p%03d", i)), f.now); err != nil {
					return err
				}
			}
			return nil
		})
		must(t, "fill", err)
		f.newProvider(t, google(t))
		_, err = f.CreateProvider(t.Context(), f.call(), provider(t, userpool.ProviderOIDC, "more"))
		want(t, "one more", err, "LimitExceeded: A user pool has at most 300 identity providers.")
	})
}

// Jobs say which social providers there are, and may say it again.
func TestPutProviders(t *testing.T) {
	t.Parallel()
	set := plain()
	set.Attributes = []userpool.Attribute{{Name: "given_name", Type: userpool.TypeString, Mutable: true, Required: true}}
	each(t, set, flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		put := func(list ...userpool.Provider) error {
			return f.env.DB.Tx(ctx, func(tx *db.Tx) error { return userpool.PutProviders(tx, f.env.Sealer, poolID, list, f.now) })
		}
		names := func() string {
			list, _, err := f.Providers(ctx, f.call(), poolID, userpool.Page{})
			must(t, "list", err)
			var out []string
			for _, p := range list {
				out = append(out, p.Name)
			}
			return strings.Join(out, " ")
		}
		f.newProvider(t, provider(t, userpool.ProviderOIDC, "Corp"))
		facebook := provider(t, userpool.ProviderFacebook, "Facebook")
		facebook.Mapping = nil
		must(t, "put", put(google(t), facebook))
		if got := names(); got != "Corp Facebook Google" {
			t.Fatal(got)
		}
		got, err := f.Provider(ctx, f.call(), poolID, "Facebook")
		must(t, "read", err)
		if diff := cmp.Diff(map[string]string{"email": "email", "given_name": "first_name", "username": "id"}, got.Mapping); diff != "" {
			t.Error(diff)
		}
		_, err = f.UpdateProvider(ctx, f.call(), poolID, "Facebook", func(p *userpool.Provider) error {
			p.Mapping, p.Identifiers = map[string]string{"name": "name"}, []string{"fb"}
			return nil
		})
		must(t, "update", err)
		f.after(1e9)
		must(t, "put again", put(google(t), facebook))
		if again, err := f.Provider(ctx, f.call(), poolID, "Google"); err != nil || again.Changed.Equal(f.now) {
			t.Errorf("what did not differ was changed: %v, %v", again.Changed, err)
		}
		got, err = f.Provider(ctx, f.call(), poolID, "Facebook")
		if err != nil || got.Mapping["name"] != "name" || len(got.Identifiers) != 1 {
			t.Errorf("mapping and identifiers went: %+v, %v", got, err)
		}
		facebook.ClientSecret = secret("rotated")
		must(t, "put another", put(facebook))
		if got := names(); got != "Corp Facebook" {
			t.Error(got)
		}
		if got, err := f.Provider(ctx, f.call(), poolID, "Facebook"); err != nil || got.ClientSecret.Reveal() != "rotated" || !got.Changed.Equal(f.now) {
			t.Errorf("%+v, %v", got, err)
		}
		bad := google(t)
		bad.Details["client_id"] = ""
		if err := put(bad); errText(err) == "" {
			t.Error("a provider without client_id")
		}
		if got := names(); got != "Corp Facebook" { // all or nothing
			t.Error(got)
		}
		must(t, "none", put())
		if got := names(); got != "Corp" {
			t.Error(got)
		}
	})
}

// Secrets of providers are sealed for their row.
func TestProviderSecretsAreSealed(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newProvider(t, google(t))
		f.newProvider(t, provider(t, userpool.ProviderOIDC, "Corp"))
		apple := f.newProvider(t, provider(t, userpool.ProviderApple, "SignInWithApple"))
		rows := 0
		err := f.env.DB.Read(ctx, func(q *db.Query) error {
			return q.Each(`SELECT settings, client_secret_sealed, private_key_sealed FROM env.user_provider`, nil, func(r db.Row) error {
				var text string
				var secret, key []byte
				if err := r.Scan(&text, &secret, &key); err != nil {
					return err
				}
				rows++
				for _, b := range [][]byte{[]byte(text), secret, key} {
					if bytes.Contains(b, []byte("hush")) || bytes.Contains(b, apple.PrivateKey.Bytes()[40:80]) {
						t.Error("a row shows a secret")
					}
				}
				return nil
			})
		})
		if must(t, "read", err); rows != 3 {
			t.Fatalf("%d rows", rows)
		}
		err = f.env.DB.Tx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE env.user_provider SET client_secret_sealed =
				(SELECT client_secret_sealed FROM env.user_provider WHERE name = 'Corp') WHERE name = 'Google'`)
			return err
		})
		must(t, "move", err)
		if _, err := f.Provider(ctx, f.call(), poolID, "Google"); errText(err) != ": internal error" {
			t.Errorf("a moved secret: %v", err)
		}
		if _, err := f.Provider(ctx, f.call(), poolID, "Corp"); err != nil {
			t.Error(err)
		}
	})
}
