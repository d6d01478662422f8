package userpool

import (
	"encoding/json"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"preamp/internal/userpool/token"
)

// The flows that a client may use: ExplicitAuthFlows.
const (
	FlowSRP           = "ALLOW_USER_SRP_AUTH"
	FlowPassword      = "ALLOW_USER_PASSWORD_AUTH"
	FlowAdminPassword = "ALLOW_ADMIN_USER_PASSWORD_AUTH"
	FlowChoice        = "ALLOW_USER_AUTH"
	FlowRefresh       = "ALLOW_REFRESH_TOKEN_AUTH"
)

const (
	defaultAuthSession = 3 // minutes
	maxURLs            = 100
)

// ClientSettings is how an app client is set up, stored as one document.
type ClientSettings struct {
	Version int
	// Flows are the names that begin with ALLOW_; empty are those of Cognito, as far
	// as this version has them.
	Flows []string
	// Read and Write are the attributes that the client may; nil are all standard
	// and custom ones, as in Cognito.
	Read, Write []string
	// OAuth is on only with AllowedOAuthFlowsUserPoolClient.
	OAuth                   bool
	OAuthFlows, OAuthScopes []string
	Callbacks, Logouts      []string
	DefaultRedirect         string
	Providers               []string
	Access, ID, Refresh     Validity
	// HideUsers is PreventUserExistenceErrors ENABLED.
	HideUsers bool
	// NoRevocation is EnableTokenRevocation false.
	NoRevocation bool
	// AuthSession is how many minutes a Session lives: 3 to 15.
	AuthSession int
	// Rotate gives another refresh token with each refresh; the old one works for
	// Grace seconds.
	Rotate bool
	Grace  int
	// Extra is kept for the API and not read here.
	Extra json.RawMessage `json:",omitempty"`
}

// Validity is a life of tokens in the unit that the caller chose; the zero value
// is the default of its kind.
type Validity struct {
	Count int
	Unit  string // seconds, minutes, hours, days
}

func (v Validity) duration(count int, unit string) time.Duration {
	if v.Count == 0 {
		v.Count, v.Unit = count, unit
	}
	if v.Unit == "" {
		v.Unit = unit
	}
	unitLife, ok := map[string]time.Duration{
		"seconds": time.Second, "minutes": time.Minute, "hours": time.Hour, "days": 24 * time.Hour,
	}[v.Unit]
	if !ok || v.Count < 0 {
		return 0
	}
	if v.Count > int(math.MaxInt64/unitLife) {
		return math.MaxInt64
	}
	return time.Duration(v.Count) * unitLife
}

// AccessLife, IDLife and RefreshLife are how long tokens of the client live.
func (s *ClientSettings) AccessLife() time.Duration  { return s.Access.duration(1, "hours") }
func (s *ClientSettings) IDLife() time.Duration      { return s.ID.duration(1, "hours") }
func (s *ClientSettings) RefreshLife() time.Duration { return s.Refresh.duration(30, "days") }

// oldFlows are the names of flows before those with ALLOW_.
var oldFlows = map[string]string{"ADMIN_NO_SRP_AUTH": FlowAdminPassword, "USER_PASSWORD_AUTH": FlowPassword}

func (s *ClientSettings) setDefaults() {
	s.Version = settingsVersion
	if len(s.Flows) == 0 {
		s.Flows = []string{FlowSRP, FlowRefresh}
	}
	if s.AuthSession == 0 {
		s.AuthSession = defaultAuthSession
	}
}

func (s *ClientSettings) check(p *Settings) error {
	for i, f := range s.Flows {
		if known, ok := oldFlows[f]; ok {
			s.Flows[i] = known
		}
		if f == "ALLOW_CUSTOM_AUTH" || f == "CUSTOM_AUTH_FLOW_ONLY" {
			return unavailable(f)
		}
	}
	if err := oneOf("explicitAuthFlows", s.Flows, []string{FlowAdminPassword, FlowPassword, FlowSRP, FlowRefresh, FlowChoice}); err != nil {
		return err
	}
	if slices.Contains(s.OAuthFlows, "client_credentials") {
		return unavailable("client_credentials")
	}
	if err := oneOf("allowedOAuthFlows", s.OAuthFlows, []string{"code", "implicit"}); err != nil {
		return err
	}
	err := oneOf("allowedOAuthScopes", s.OAuthScopes, []string{"phone", "email", "openid", "profile", token.AdminScope})
	if err != nil {
		return err
	}
	if s.OAuth && (len(s.OAuthFlows) == 0 || len(s.OAuthScopes) == 0) {
		return invalid("AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows.")
	}
	if s.AuthSession < 3 || s.AuthSession > 15 {
		return invalid("AuthSessionValidity must be from 3 to 15 minutes.")
	}
	if s.Grace < 0 || s.Grace > 60 {
		return invalid("RetryGracePeriodSeconds must be from 0 to 60.")
	}
	if s.Rotate && slices.Contains(s.Flows, FlowRefresh) {
		return invalid("Refresh token rotation cannot be used with ALLOW_REFRESH_TOKEN_AUTH.")
	}
	if err := s.checkLives(); err != nil {
		return err
	}
	if err := s.checkURLs(); err != nil {
		return err
	}
	return s.checkRights(p)
}

func (s *ClientSettings) checkLives() error {
	for _, v := range []struct {
		name string
		Validity
		life, low, high time.Duration
	}{
		{"AccessTokenValidity", s.Access, s.AccessLife(), token.MinLife, token.MaxLife},
		{"IdTokenValidity", s.ID, s.IDLife(), token.MinLife, token.MaxLife},
		{"RefreshTokenValidity", s.Refresh, s.RefreshLife(), token.MinRefreshLife, token.MaxRefreshLife},
	} {
		if v.Unit != "" {
			if err := oneOf("tokenValidityUnits", []string{v.Unit}, []string{"seconds", "minutes", "hours", "days"}); err != nil {
				return err
			}
		}
		if v.life < v.low || v.life > v.high {
			return invalid("Invalid range for token validity: %s must be from %s to %s.", v.name, v.low, v.high)
		}
	}
	return nil
}

func (s *ClientSettings) checkURLs() error {
	for _, list := range [][]string{s.Callbacks, s.Logouts} {
		if len(list) > maxURLs {
			return invalid("At most %d URLs can be set.", maxURLs)
		}
		for _, u := range list {
			if !redirectable(u) {
				return invalid("%s is not a valid redirect URL: it must be absolute, without a fragment, and https, "+
					"http://localhost or a scheme of an app.", u)
			}
		}
	}
	if s.DefaultRedirect != "" && !slices.Contains(s.Callbacks, s.DefaultRedirect) {
		return invalid("The default redirect URI must be in the list of callback URLs.")
	}
	return nil
}

// redirectable accepts https, http to this machine, and schemes of apps.
func redirectable(u string) bool {
	scheme, rest, ok := strings.Cut(u, "://")
	if !ok || rest == "" || len(u) > 1024 || strings.ContainsAny(u, "# \t\r\n\\") {
		return false
	}
	switch strings.ToLower(scheme) {
	case "https":
		return true
	case "http":
		at, err := url.Parse(u)
		return err == nil && at.User == nil && slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, at.Hostname())
	case "javascript", "data", "file", "vbscript", "blob", "about":
		return false
	}
	for i, c := range scheme { // RFC 3986, section 3.1
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || !('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.')) {
			return false
		}
	}
	return scheme != ""
}

func (s *ClientSettings) checkRights(p *Settings) error {
	schema := p.Schema()
	for _, list := range [][]string{s.Read, s.Write} {
		for _, name := range list {
			if _, ok := schema[name]; !ok {
				return invalid("Invalid attributes specified while creating a client: %s", name)
			}
		}
	}
	for _, name := range s.Write {
		if !writable(name) {
			return invalid("Invalid write attributes specified while creating a client: %s", name)
		}
	}
	if s.Write == nil {
		return nil
	}
	for name, a := range schema {
		if a.Required && name != attrSub && !slices.Contains(s.Write, name) {
			return invalid("Invalid write attributes specified while creating a client: required attribute %s is missing", name)
		}
	}
	return nil
}

// writable reports whether any client may write an attribute: what the server
// says of a user is not among them.
func writable(name string) bool {
	return name != attrSub && name != "email_verified" && name != "phone_number_verified"
}

// mayRead and mayWrite are the rights of the client.
func (s *ClientSettings) mayRead(name string) bool {
	return name == attrSub || s.Read == nil || slices.Contains(s.Read, name)
}

func (s *ClientSettings) mayWrite(name string) bool {
	return writable(name) && (s.Write == nil || slices.Contains(s.Write, name))
}

// allows reports whether the client may use a flow.
func (s *ClientSettings) allows(flow string) bool { return slices.Contains(s.Flows, flow) }
