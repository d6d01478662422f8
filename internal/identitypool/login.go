package identitypool

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"preamp/internal/errs"
)

// maxSubject bounds how a provider names somebody.
const maxSubject = 512

// proof is a login that was verified.
type proof struct {
	provider string
	Login
}

// verify judges the logins of a request: all of them have to be good. They come
// back in the order of their providers.
//
// Errors: NotAuthorizedException, InvalidParameterException.
func (a *API) verify(ctx context.Context, p *Pool, logins map[string]string) ([]proof, error) {
	var all []proof
	for _, name := range slices.Sorted(maps.Keys(logins)) {
		l, err := a.verifyOne(ctx, p, name, logins[name])
		if err != nil {
			return nil, err
		}
		same := slices.IndexFunc(all, func(o proof) bool { return o.provider == l.provider })
		switch {
		case same < 0:
			all = append(all, l)
		case all[same].Subject != l.Subject || all[same].Client != l.Client:
			return nil, invalid("There is more than one login of the provider %s.", l.provider)
		}
	}
	slices.SortFunc(all, func(x, y proof) int { return strings.Compare(x.provider, y.provider) })
	return all, nil
}

func (a *API) verifyOne(ctx context.Context, p *Pool, name, token string) (proof, error) {
	provider, userPool := canonical(name)
	if userPool == "" && !slices.Contains(a.c.LoginProviders, provider) || !p.knows(provider) {
		return proof{}, notAuthorized("Token is not from a supported provider of this identity pool.")
	}
	l, err := a.c.VerifyLogin(ctx, provider, userPool, token)
	if err != nil {
		e := errs.Public(err)
		switch {
		case strings.HasPrefix(e.Message, refusedText):
			return proof{}, err
		case e.Kind == errs.Unauthenticated || e.Kind == errs.Invalid || e.Kind == errs.NotFound:
			return proof{}, Refused("")
		}
		return proof{}, err
	}
	if l.Subject == "" || len(l.Subject) > maxSubject || !utf8.ValidString(l.Subject) || strings.ContainsRune(l.Subject, 0) {
		return proof{}, Refused("No usable subject.")
	}
	ended, ok := p.audience(provider, l.Client)
	if !ok {
		return proof{}, Refused("Incorrect token audience.")
	}
	if ended && l.Ended {
		return proof{}, Refused("Token has been revoked.")
	}
	return proof{provider: provider, Login: l}, nil
}

// knows reports whether a pool takes logins of a provider.
func (s *Settings) knows(provider string) bool {
	_, social := s.Social[provider]
	return social || slices.ContainsFunc(s.Providers, func(p Provider) bool { return p.Name == provider })
}

// audience reports whether a pool takes tokens that were issued for an app, and
// whether their session counts.
func (s *Settings) audience(provider, client string) (check, ok bool) {
	for _, p := range s.Providers {
		if p.Name == provider && p.Client == client {
			return p.Check, true
		}
	}
	apps := strings.Split(s.Social[provider], ";")
	return false, client != "" && slices.Contains(apps, client)
}
