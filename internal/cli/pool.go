package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

type poolCmd struct {
	RotateKeys rotateKeysCmd `cmd:"" help:"Give a user pool new signing keys."`
	Issuer     issuerCmd     `cmd:"" help:"Choose what a user pool is called in its tokens."`
}

// poolCall is a command to one user pool.
type poolCall struct {
	dataFlag
	Pool string `help:"Id of the user pool." required:"" placeholder:"ID"`
}

// poolAnswer is what the server answers to it.
type poolAnswer struct {
	Pool   string `json:"pool"`
	Issuer string `json:"issuer"`
}

func (c poolCall) post(a *app, path string, query url.Values) (out poolAnswer, err error) {
	l, err := find(c.Data)
	if err != nil {
		return out, err
	}
	query.Set("pool", c.Pool)
	raw, err := l.call(a.ctx, http.MethodPost, path, query)
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		return out, fmt.Errorf("read the answer of the server: %w", err)
	}
	return out, nil
}

type rotateKeysCmd struct{ poolCall }

// Help is shown by --help.
func (*rotateKeysCmd) Help() string {
	return `Makes new keys for the id and access tokens of a user pool. They are published at once and sign a minute later, when every server and most verifiers know them. The old keys are published until the last token that they signed has expired, so nobody is signed out; refresh tokens are not concerned. Verifiers that keep the published keys for long must fetch them again when a token names a key that they do not know.

Example:

    preamp pool rotate-keys --pool us-east-1_AbCdEf123`
}

// Run implements the command.
func (c *rotateKeysCmd) Run(a *app) error {
	out, err := c.post(a, "/_preamp/rotate-keys", url.Values{})
	if err != nil {
		return err
	}
	return a.printf("%s has new signing keys: %s/.well-known/jwks.json\n", out.Pool, out.Issuer)
}

type issuerCmd struct {
	poolCall
	Form string `arg:"" help:"self: the address of this server. aws: the name that the pool would have on AWS." enum:"self,aws"`
}

// Help is shown by --help.
func (*issuerCmd) Help() string {
	return `The issuer is the claim iss of all tokens of the pool. By default it is the https address of this server and the pool id, and every verifier that follows the standard finds the keys there.

Some verifiers know the issuers of AWS only (aws-jwt-verify, the Next.js adapter of Amplify, native clients). For them a pool can have the issuer that it would have on AWS. A verifier then fetches the keys from AWS unless the name leads to this server (aws_names in preamp.yaml) or it holds the keys already: wherever it does reach AWS, it accepts the tokens of whoever has this pool id there. The server warns of each such pool.

Tokens that were issued before the change are refused after it.

Example:

    preamp pool issuer --pool us-east-1_AbCdEf123 aws`
}

// Run implements the command.
func (c *issuerCmd) Run(a *app) error {
	out, err := c.post(a, "/_preamp/issuer", url.Values{"form": {c.Form}})
	if err != nil {
		return err
	}
	if c.Form == "aws" {
		fmt.Fprintf(a.Stderr, "warning: a verifier that fetches keys by this name, where it does not lead to this server, accepts the tokens of whoever has the pool id %s on AWS\n", printable(out.Pool))
	}
	return a.printf("%s is called %s in its tokens\n", out.Pool, out.Issuer)
}
