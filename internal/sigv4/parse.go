package sigv4

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"preamp/internal/errs"
)

// The error names SDKs know. All are answered with 403.
const (
	codeMissing      = "MissingAuthenticationTokenException"
	codeIncomplete   = "IncompleteSignatureException"
	codeUnrecognized = "UnrecognizedClientException"
	codeInvalid      = "InvalidSignatureException"
	codeDenied       = "AccessDeniedException"
)

const tokenName = "X-Amz-Security-Token"

const (
	textUnrecognized = "The security token included in the request is invalid."
	textMismatch     = "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	maxExpires = 604_800
)

func refuse(code, text string) *errs.Error {
	return &errs.Error{Kind: errs.Unauthenticated, Code: code, Message: text}
}

// proof is the signature of a request, parsed and not yet believed.
type proof struct {
	key       string
	scope     scope
	signed    []string
	signature string
	// stamp is the date as it was signed, at what it means.
	stamp string
	at    time.Time
	// token is the session token, if there is one.
	token        string
	tokenInQuery bool
	// payload is the declared payload hash; empty when none is declared.
	payload   string
	presigned bool
	expires   time.Duration
}

// parse finds the signature of a request in its header or its query.
func parse(r *http.Request, query []pair) (proof, error) {
	inHeader := len(r.Header["Authorization"]) > 0
	inQuery := slices.ContainsFunc(query, func(p pair) bool {
		return p.name == "X-Amz-Algorithm" || p.name == "X-Amz-Signature" || p.name == "X-Amz-Credential"
	})
	switch {
	case inHeader && inQuery:
		return proof{}, refuse(codeIncomplete, "Only one authentication mechanism is allowed: the Authorization header or the X-Amz-Signature query parameter.")
	case inQuery:
		return parsePresigned(r, query)
	case inHeader:
		return parseHeader(r)
	}
	return proof{}, refuse(codeMissing, "Missing Authentication Token")
}

// parseHeader reads a signature in the Authorization header.
func parseHeader(r *http.Request) (proof, error) {
	values := r.Header["Authorization"]
	if len(values) != 1 {
		return proof{}, refuse(codeIncomplete, "The request has more than one Authorization header.")
	}
	fields, err := parseAuthorization(values[0])
	if err != nil {
		return proof{}, err
	}
	p, err := newProof(fields)
	if err != nil {
		return proof{}, err
	}
	if p.token, err = single(r.Header, tokenName); err != nil {
		return proof{}, err
	}
	if p.payload, err = single(r.Header, "X-Amz-Content-Sha256"); err != nil {
		return proof{}, err
	}
	return p, p.setDate(r.Header)
}

// setDate takes the date of a header-signed request: X-Amz-Date, else Date,
// which must be signed.
func (p *proof) setDate(h http.Header) error {
	stamp, err := single(h, "X-Amz-Date")
	if err != nil {
		return err
	}
	if stamp != "" {
		return p.setStamp(stamp)
	}
	date, err := single(h, "Date")
	if err != nil {
		return err
	}
	if date == "" {
		return refuse(codeIncomplete, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if !slices.Contains(p.signed, "date") {
		return refuse(codeIncomplete, "'Date' must be a 'SignedHeader' in the Authorization header when there is no 'X-Amz-Date'.")
	}
	if at, err := http.ParseTime(date); err == nil {
		return p.setStamp(at.UTC().Format(stampForm))
	}
	return p.setStamp(date)
}

// setStamp sets the date and holds it against the credential scope.
func (p *proof) setStamp(stamp string) error {
	at, err := time.Parse(stampForm, stamp)
	if err != nil || len(stamp) != len(stampForm) {
		return refuse(codeIncomplete, "Date must be in ISO-8601 'basic format'. Got '"+clip(stamp)+"'. See http://en.wikipedia.org/wiki/ISO_8601")
	}
	p.stamp, p.at = stamp, at
	if p.scope.date != stamp[:8] {
		return refuse(codeInvalid, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '"+
			clip(p.scope.date)+"' != '"+stamp[:8]+"', from '"+stamp+"'.")
	}
	return nil
}

// parseAuthorization splits the value of an Authorization header into its
// three fields.
func parseAuthorization(value string) (map[string]string, error) {
	rest, ok := strings.CutPrefix(value, algorithm+" ")
	if !ok {
		return nil, refuse(codeIncomplete, "Authorization header requires the algorithm '"+algorithm+"'.")
	}
	fields := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, val, ok := strings.Cut(strings.Trim(part, " "), "=")
		if !ok {
			return nil, refuse(codeIncomplete, "Authorization header has a part that is not a valid key=value pair (missing equal-sign).")
		}
		if !slices.Contains([]string{"Credential", "SignedHeaders", "Signature"}, name) {
			return nil, refuse(codeIncomplete, "Authorization header has an unknown parameter '"+clip(name)+"'.")
		}
		if _, dup := fields[name]; dup {
			return nil, refuse(codeIncomplete, "Authorization header has more than one '"+name+"' parameter.")
		}
		fields[name] = val
	}
	for _, name := range []string{"Credential", "SignedHeaders", "Signature"} {
		if fields[name] == "" {
			return nil, refuse(codeIncomplete, "Authorization header requires '"+name+"' parameter.")
		}
	}
	return fields, nil
}

// parsePresigned reads a signature in the query.
func parsePresigned(r *http.Request, query []pair) (proof, error) {
	// By lower-case name: the JavaScript signer moves headers into the query and
	// keeps the case they were written in.
	got := map[string]string{}
	for _, p := range query {
		name := strings.ToLower(p.name)
		if !strings.HasPrefix(name, "x-amz-") {
			continue
		}
		if _, dup := got[name]; dup {
			return proof{}, refuse(codeIncomplete, "The query has more than one '"+clip(p.name)+"' parameter.")
		}
		got[name] = p.value
	}
	for _, name := range []string{"Algorithm", "Credential", "SignedHeaders", "Signature", "Date", "Expires"} {
		if got["x-amz-"+strings.ToLower(name)] == "" {
			return proof{}, refuse(codeIncomplete, "AWS query-string parameters must include 'X-Amz-"+name+"'.")
		}
	}
	if got["x-amz-algorithm"] != algorithm {
		return proof{}, refuse(codeIncomplete, "X-Amz-Algorithm only supports '"+algorithm+"'.")
	}
	p, err := newProof(map[string]string{
		"Credential": got["x-amz-credential"], "SignedHeaders": got["x-amz-signedheaders"], "Signature": got["x-amz-signature"],
	})
	if err != nil {
		return proof{}, err
	}
	p.presigned = true
	seconds, err := strconv.ParseUint(got["x-amz-expires"], 10, 32)
	if err != nil || seconds < 1 || seconds > maxExpires {
		return proof{}, refuse(codeIncomplete, "X-Amz-Expires must be a number of seconds from 1 to 604800.")
	}
	p.expires = time.Duration(seconds) * time.Second
	if p.token, err = queryOrHeader(r.Header, got, tokenName); err != nil {
		return proof{}, err
	}
	_, p.tokenInQuery = got[strings.ToLower(tokenName)]
	if p.tokenInQuery && len(r.Header.Values(tokenName)) > 0 {
		return proof{}, refuse(codeIncomplete, "The request has more than one '"+tokenName+"'.")
	}
	if p.payload, err = queryOrHeader(r.Header, got, "X-Amz-Content-Sha256"); err != nil {
		return proof{}, err
	}
	return p, p.setStamp(got["x-amz-date"])
}

// queryOrHeader is the value of a name that a presigned request may have in its
// query or as a header.
func queryOrHeader(h http.Header, query map[string]string, name string) (string, error) {
	if v, ok := query[strings.ToLower(name)]; ok {
		return v, nil
	}
	return single(h, name)
}

// newProof parses the three fields that both forms have.
func newProof(fields map[string]string) (proof, error) {
	p := proof{signature: fields["Signature"], signed: strings.Split(fields["SignedHeaders"], ";")}
	for i, name := range p.signed {
		if name == "" || name != strings.ToLower(name) || i > 0 && name <= p.signed[i-1] {
			return proof{}, refuse(codeIncomplete, "SignedHeaders must be a list of lower-case header names in order, without repeats, separated by ';'.")
		}
	}
	var err error
	p.key, p.scope, err = parseCredential(fields["Credential"])
	return p, err
}

// parseCredential takes key and date from the left, terminator and service
// from the right. What remains is the region, which is opaque: clients whose
// storage region is "host:port/#" put a slash into it.
func parseCredential(s string) (string, scope, error) {
	parts := strings.Split(s, "/")
	n := len(parts)
	if n < 5 {
		return "", scope{}, refuse(codeIncomplete, "Credential must have at least 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '"+clip(s)+"'.")
	}
	sc := scope{date: parts[1], region: strings.Join(parts[2:n-2], "/"), service: parts[n-2]}
	if parts[0] == "" || sc.date == "" || sc.region == "" || sc.service == "" {
		return "", scope{}, refuse(codeIncomplete, "Credential must not have empty elements, got '"+clip(s)+"'.")
	}
	if parts[n-1] != terminator {
		return "", scope{}, refuse(codeInvalid, "Credential should be scoped with a valid terminator: '"+terminator+"', not '"+clip(parts[n-1])+"'.")
	}
	return parts[0], sc, nil
}

// single is the value of a header that may be there at most once.
func single(h http.Header, name string) (string, error) {
	switch values := h.Values(name); len(values) {
	case 0:
		return "", nil
	case 1:
		return strings.TrimSpace(values[0]), nil
	}
	return "", refuse(codeIncomplete, "The request has more than one '"+name+"' header.")
}

// clip bounds what is echoed of a request.
func clip(s string) string {
	const most = 128
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "..."
	}
	return strings.ToValidUTF8(s, "?")
}
