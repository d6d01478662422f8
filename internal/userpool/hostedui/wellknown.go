package hostedui

import (
	"net/http"
	"strings"

	"preamp/internal/errs"
	"preamp/internal/userpool/token"
)

// documentLife is how long the documents of a pool are kept by who reads them. A
// new key is published for longer before it signs.
const documentLife = "public, max-age=30"

// jwks is the public keys of the pool.
func (v *visit) jwks() {
	doc, err := v.ui.c.Keys.JWKS(v.r.Context(), v.env, v.pool.ID, v.now)
	v.document(doc, err)
}

// discovery is the document that tells verifiers and applications where things
// are. By http too, it names the one issuer and addresses by https.
func (v *visit) discovery() {
	pages, err := v.publicPages()
	if err != nil {
		v.fail(err)
		return
	}
	doc, err := token.Discovery(v.ui.c.Issuer(v.pool.ID, v.pool.Settings.AWSIssuer), pages)
	v.document(doc, err)
}

// publicPages is where the pages are for who asks: the domain of the pool for who
// has come by the name of AWS, and therefore finds this server by such names. For
// everybody else that domain may be the real one.
func (v *visit) publicPages() (string, error) {
	region, _, _ := strings.Cut(v.pool.ID, "_")
	if bareHost(v.r.Host) != "cognito-idp."+region+".amazonaws.com" {
		return v.pages(), nil
	}
	d, err := v.ui.c.Users.PoolDomain(v.r.Context(), v.call(), v.pool.ID)
	switch {
	case err == nil:
		return "https://" + d.Prefix + ".auth." + region + ".amazoncognito.com", nil
	case errs.KindOf(err) == errs.NotFound:
		return v.pages(), nil
	}
	return "", err
}

func (v *visit) document(doc []byte, err error) {
	if err != nil {
		v.notFound(err)
		return
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", documentLife)
	h.Set("X-Content-Type-Options", "nosniff")
	v.w.WriteHeader(http.StatusOK)
	_, _ = v.w.Write(doc) // a client that went away is the only cause of an error
}
