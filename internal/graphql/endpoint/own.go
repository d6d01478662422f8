package endpoint

import (
	"crypto/sha256"

	lru "github.com/hashicorp/golang-lru/v2"

	"preamp/internal/oidc"
)

// ownTokens remembers of which issuer the tokens of this server's user pools are.
// An API that has another issuer beside has to know before it verifies a token, and
// would decode the token for that with every request.
type ownTokens struct {
	issuers *lru.Cache[[sha256.Size]byte, string]
}

// maxOwnTokens is the number of tokens that are remembered.
const maxOwnTokens = 4096

func newOwnTokens() (*ownTokens, error) {
	c, err := lru.New[[sha256.Size]byte, string](maxOwnTokens)
	return &ownTokens{c}, err
}

// issuer is the issuer that a token names, without any proof; empty for none.
func (o *ownTokens) issuer(token string) string {
	if len(token) > oidc.MaxToken {
		return ""
	}
	if is, ok := o.issuers.Get(sha256.Sum256([]byte(token))); ok {
		return is
	}
	is, _ := oidc.PeekIssuer(token)
	return is
}

// remember is told of tokens that were verified, and of no others: everybody can
// make those.
func (o *ownTokens) remember(token, issuer string) {
	if key := sha256.Sum256([]byte(token)); !o.issuers.Contains(key) {
		o.issuers.Add(key, issuer)
	}
}
