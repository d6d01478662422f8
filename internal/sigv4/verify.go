package sigv4

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"preamp/internal/authn"
	"preamp/internal/errs"
)

// KeySource knows the secrets of access keys. Lookup answers errs.NotFound for
// a key that does not exist or was revoked; an *errs.Error that carries a code
// of its own (an expired key) is passed on as it is.
type KeySource interface {
	Lookup(ctx context.Context, id string) (secret, arn string, err error)
}

// SessionSource opens the session tokens that come with temporary access keys. Its
// refusals are *errs.Error with the name that AWS has for them.
type SessionSource interface {
	OpenSession(accessKey, token string, now time.Time) (secret string, f authn.Federated, err error)
}

// Identity is who signed a request, and for what.
type Identity struct {
	AccessKey string
	ARN       string
	// Federated is for whom temporary credentials were issued; nil for a long-lived
	// key. The signature proves that they were, not that their pool still stands.
	Federated *authn.Federated
	// Presigned is true when the signature stood in the query.
	Presigned bool
	Region    string
	Service   string
	// Date is the time of signing by the client's clock.
	Date time.Time
}

// Verifier checks the signatures of requests to one service. Its fields must
// not change after the first use; it may be used by many goroutines.
type Verifier struct {
	Keys KeySource
	// Service is the service name that a signature must be scoped to.
	Service string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Region is the region that a signature must be scoped to; empty accepts all.
	Region string
	// Sessions opens temporary credentials; without it they are unknown.
	Sessions SessionSource
	// AllowSessions lets temporary credentials call the service. They are refused
	// otherwise, after their signature was verified.
	AllowSessions bool

	once  sync.Once
	cache *keyCache
}

// Verify checks the signature of a request with the given body. The error is
// an *errs.Error: Unauthenticated with the AWS error name as Code when the
// caller did not prove who it is, Invalid for a target that cannot be signed
// unambiguously, or what the key source failed with.
func (v *Verifier) Verify(r *http.Request, body []byte) (Identity, error) {
	v.once.Do(func() { v.cache = newKeyCache() })
	path, rawQuery := target(r)
	query, err := parseQuery(rawQuery)
	if err != nil {
		return Identity{}, errs.Wrap(errs.Invalid, err, "The query string is not valid: %s", err)
	}
	p, err := parse(r, query)
	if err != nil {
		return Identity{}, err
	}
	if v.Service != "s3" && hasDotSegment(path) {
		// Signers remove dot segments before they sign, and send them all the same.
		return Identity{}, errs.E(errs.Invalid, "The path must not contain the segments '.' or '..'.")
	}
	if err := v.checkScope(p.scope); err != nil {
		return Identity{}, err
	}
	if err := v.checkTime(&p); err != nil {
		return Identity{}, err
	}
	if err := checkSigned(r.Header, &p); err != nil {
		return Identity{}, err
	}
	payload, err := v.payload(r, &p, body)
	if err != nil {
		return Identity{}, err
	}
	who, err := v.lookup(r.Context(), &p)
	if err != nil {
		return Identity{}, err
	}
	m := message{method: r.Method, path: path, query: rawQuery, header: headers(r), signed: p.signed, payload: payload}
	if err := compare(&m, &p, v.cache.key(p.key, who.secret, p.scope)); err != nil {
		return Identity{}, err
	}
	if who.federated != nil && !v.AllowSessions {
		return Identity{}, &errs.Error{
			Kind: errs.Forbidden, Code: codeDenied,
			Message: "User: " + who.arn + " is not authorized to perform operations of " + v.Service + " with temporary credentials.",
		}
	}
	return Identity{
		AccessKey: p.key, ARN: who.arn, Federated: who.federated, Presigned: p.presigned,
		Region: p.scope.region, Service: p.scope.service, Date: p.at,
	}, nil
}

// compare computes the signature and compares it in constant time.
func compare(m *message, p *proof, key []byte) error {
	err := compareOnce(m, p, key)
	if err == nil || !p.tokenInQuery {
		return err
	}
	// Some services have their token added to a URL after it was signed. The token
	// is sealed and names its access key, so it needs no signature.
	without := *m
	without.query = cutToken(m.query)
	if compareOnce(&without, p, key) == nil {
		return nil
	}
	return err
}

// cutToken is a query without its session token.
func cutToken(query string) string {
	parts := strings.Split(query, "&")
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool {
		pairs, err := parseQuery(part)
		return err == nil && len(pairs) == 1 && strings.EqualFold(pairs[0].name, tokenName)
	}), "&")
}

func compareOnce(m *message, p *proof, key []byte) error {
	canonical, err := m.canonical(pathRuleOf(p.scope.service))
	if missing, ok := errors.AsType[missingHeaderError](err); ok {
		return refuse(codeInvalid, "The request does not have the signed header '"+clip(string(missing))+"'.")
	}
	if err != nil {
		return errs.Wrap(errs.Invalid, err, "The query string is not valid: %s", err)
	}
	want := signature(key, stringToSign(p.stamp, p.scope, canonical))
	if subtle.ConstantTimeCompare([]byte(want), []byte(p.signature)) != 1 {
		return refuse(codeInvalid, textMismatch)
	}
	return nil
}

func (v *Verifier) checkScope(s scope) error {
	if s.service != v.Service {
		return refuse(codeInvalid, "Credential should be scoped to correct service: '"+v.Service+"'.")
	}
	if v.Region != "" && s.region != v.Region {
		return refuse(codeInvalid, "Credential should be scoped to a valid region, not '"+clip(s.region)+"'.")
	}
	return nil
}

// checkTime refuses signatures outside their time. The texts begin as those of
// AWS do, because clients look for them to correct their clocks.
func (v *Verifier) checkTime(p *proof) error {
	now := v.now().UTC()
	skew := 5 * time.Minute
	if v.Service == "s3" {
		skew = 15 * time.Minute
	}
	minutes := strconv.Itoa(int(skew/time.Minute)) + " min."
	if latest := now.Add(skew); p.at.After(latest) {
		return refuse(codeInvalid, "Signature not yet current: "+p.stamp+" is still later than "+latest.Format(stampForm)+
			" ("+now.Format(stampForm)+" + "+minutes+")")
	}
	if p.presigned {
		if end := p.at.Add(p.expires); !now.Before(end) {
			return refuse(codeInvalid, "Signature expired: "+end.Format(stampForm)+" is now earlier than "+now.Format(stampForm)+
				" ("+p.stamp+" + "+strconv.Itoa(int(p.expires/time.Second))+" sec.)")
		}
		return nil
	}
	if earliest := now.Add(-skew); p.at.Before(earliest) {
		return refuse(codeInvalid, "Signature expired: "+p.stamp+" is now earlier than "+earliest.Format(stampForm)+
			" ("+now.Format(stampForm)+" - "+minutes+")")
	}
	return nil
}

// checkSigned refuses a request whose signature leaves out a header that
// changes what the request means: the host, and every x-amz-* header.
func checkSigned(h http.Header, p *proof) error {
	if !slices.Contains(p.signed, "host") {
		return refuse(codeIncomplete, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	for name := range h {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") && !slices.Contains(p.signed, name) {
			return refuse(codeIncomplete, "'"+clip(name)+"' must be a 'SignedHeader' in the AWS Authorization.")
		}
	}
	return nil
}

const unsignedPayload = "UNSIGNED-PAYLOAD"

// payload is the text in the place of the payload hash. A declared hash must be
// the one of the body. An unsigned payload is for S3 only, where the transport
// protects it or the signer of a URL cannot know it.
func (v *Verifier) payload(r *http.Request, p *proof, body []byte) (string, error) {
	s3 := v.Service == "s3"
	switch {
	case s3 && p.payload == "" && p.presigned:
		return unsignedPayload, nil
	case s3 && p.payload == unsignedPayload && (p.presigned || r.TLS != nil):
		return unsignedPayload, nil
	case s3 && p.payload == "":
		return "", refuse(codeIncomplete, "Missing required header for this request: x-amz-content-sha256")
	case p.payload == "":
		return hexSHA256(body), nil
	case p.payload != hexSHA256(body):
		return "", refuse(codeInvalid, "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return p.payload, nil
}

// signer is whom a key belongs to.
type signer struct {
	secret, arn string
	federated   *authn.Federated
}

// lookup finds the secret of the key. A temporary key always comes with its session
// token, and no other key with any.
func (v *Verifier) lookup(ctx context.Context, p *proof) (signer, error) {
	temporary := strings.HasPrefix(p.key, "ASIA")
	if temporary != (p.token != "") || temporary && v.Sessions == nil {
		return signer{}, refuse(codeUnrecognized, textUnrecognized)
	}
	if temporary {
		secret, f, err := v.Sessions.OpenSession(p.key, p.token, v.now())
		if err != nil {
			return signer{}, err
		}
		return signer{secret: secret, arn: sessionARN(f.RoleARN), federated: &f}, nil
	}
	secret, arn, err := v.Keys.Lookup(ctx, p.key)
	if errs.KindOf(err) == errs.NotFound {
		return signer{}, refuse(codeUnrecognized, textUnrecognized)
	}
	return signer{secret: secret, arn: arn}, err
}

// sessionARN is the IAM name of whoever has assumed a role through an identity
// pool. preamp has one account.
func sessionARN(role string) string {
	return "arn:aws:sts::000000000000:assumed-role/" + role[strings.LastIndexByte(role, '/')+1:] + "/CognitoIdentityCredentials"
}

func (v *Verifier) now() time.Time {
	if v.Now != nil {
		return v.Now()
	}
	return time.Now()
}

// target is the raw path and query of a request. A server has them in
// RequestURI; a request that is still to be sent has only its URL.
func target(r *http.Request) (path, query string) {
	uri := r.RequestURI
	if uri == "" {
		uri = r.URL.RequestURI()
	}
	if !strings.HasPrefix(uri, "/") {
		// Absolute form (RFC 9112, section 3.2.2), as proxies get it.
		if _, rest, ok := strings.Cut(uri, "://"); ok {
			uri = rest[min(len(rest), strings.IndexAny(rest+"/", "/?")):]
		}
	}
	path, query, _ = strings.Cut(uri, "?")
	return path, query
}

// headers are the headers of a request by lower-case name, with those that
// net/http keeps elsewhere.
func headers(r *http.Request) map[string][]string {
	h := make(map[string][]string, len(r.Header)+3)
	for name, values := range r.Header {
		h[strings.ToLower(name)] = values
	}
	h["host"] = []string{r.Host}
	if r.Host == "" && r.URL != nil {
		h["host"] = []string{r.URL.Host}
	}
	if r.ContentLength >= 0 {
		h["content-length"] = []string{strconv.FormatInt(r.ContentLength, 10)}
	}
	if len(r.TransferEncoding) > 0 {
		h["transfer-encoding"] = r.TransferEncoding
	}
	return h
}
