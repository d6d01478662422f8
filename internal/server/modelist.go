package server

import (
	"log/slog"
	"net/netip"
	"strings"

	"preamp/internal/authn"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/provision"
)

// ModeList is the auth modes of an API, the default one first.
type ModeList []StatusMode

// StatusMode is an auth mode of an API.
type StatusMode struct {
	Mode    string `json:"mode"`
	Default bool   `json:"default"`
	// Closed says that the mode lets nobody in, because its user pool is missing.
	Closed bool `json:"closed"`
	// UserPool and Issuer say whose tokens the mode accepts.
	UserPool string `json:"user_pool_id,omitempty"`
	Issuer   string `json:"issuer,omitempty"`
}

// modeList lists the modes of an API. One that names no user pool goes by that of
// its environment.
func modeList(a provision.APIView) ModeList {
	auth, c := a.Auth(), a.Config
	var list ModeList
	for i, mode := range c.Modes() {
		m := StatusMode{Mode: string(mode), Default: i == 0}
		switch mode {
		case authn.UserPool:
			m.UserPool = auth.UserPool
			_, exists := endpoint.AWSUserPool(m.UserPool)
			m.Closed = !exists
		case authn.OIDC:
			m.Issuer = auth.OIDC.Issuer
		}
		list = append(list, m)
	}
	return list
}

// Closed says that a mode lets nobody in.
func (l ModeList) Closed() bool {
	for _, m := range l {
		if m.Closed {
			return true
		}
	}
	return false
}

// String is the list for people, in one line.
func (l ModeList) String() string {
	var b strings.Builder
	for i, m := range l {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(m.Mode)
		var notes []string
		if m.Default {
			notes = append(notes, "default")
		}
		switch pool := m.UserPool; {
		case m.Closed && pool == "":
			notes = append(notes, "no pool: lets nobody in")
		case m.Closed:
			notes = append(notes, pool+" does not exist: lets nobody in")
		case pool != "":
			notes = append(notes, pool)
		case m.Issuer != "":
			notes = append(notes, m.Issuer)
		}
		if len(notes) > 0 {
			b.WriteString(" (" + strings.Join(notes, ", ") + ")")
		}
	}
	return b.String()
}

// warnOfIssuer says that an issuer may not be called. It was allowed when it was
// configured; this start may have another preamp.yaml.
func warnOfIssuer(log *slog.Logger, allowed []netip.Prefix, a provision.APIView) {
	if err := a.Config.CheckIssuer(allowed); err != nil {
		log.Warn("no token of the issuer can be verified", "api", a.Name, "error", err)
	}
}
