package social

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// graphVersion is the version of Facebook's API for providers that name none.
const graphVersion = "v21.0"

// facebook asks the Graph API who signed in. That the token is of our application
// follows from the exchange: the code was sent with the application's secret.
func (f *flow) facebook(ctx context.Context, access string) (Profile, error) {
	// With the proof a token that was taken elsewhere is of no use here.
	mac := hmac.New(sha256.New, f.p.ClientSecret.Bytes())
	mac.Write([]byte(access))
	info, err := f.get(ctx, http.MethodGet, access, url.Values{
		"fields": {strings.Join(f.fields(), ",")}, "appsecret_proof": {hex.EncodeToString(mac.Sum(nil))},
	}.Encode())
	if err != nil {
		return Profile{}, err
	}
	// The picture is an object with one text that is of use.
	if picture, ok := info["picture"].(map[string]any); ok {
		if data, ok := picture["data"].(map[string]any); ok {
			info["picture"] = data["url"]
		}
	}
	return f.named(info)
}

var fieldForm = regexp.MustCompile(`^[a-z_]{1,50}$`)

// fields are what the mapping needs.
func (f *flow) fields() []string {
	out := []string{"id", "name", "email"}
	for _, name := range f.p.Mapping {
		if fieldForm.MatchString(name) && !slices.Contains(out, name) && name != "email_verified" { // it does not know that one
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// amazon asks for the profile of who signed in.
func (f *flow) amazon(ctx context.Context, access string) (Profile, error) {
	info, err := f.get(ctx, http.MethodGet, access, "")
	if err != nil {
		return Profile{}, err
	}
	return f.named(info)
}

// named is the profile of an answer, which has to name somebody.
func (f *flow) named(info map[string]any) (Profile, error) {
	if _, there := info["error"]; there {
		return Profile{}, refuse("userinfo endpoint: an error with status 200")
	}
	id, _ := info[f.p.IDClaim()].(string)
	if id == "" {
		return Profile{}, refuse("userinfo endpoint: nobody is named")
	}
	return newProfile(f.p, info), nil
}
