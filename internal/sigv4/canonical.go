package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	stampForm  = "20060102T150405Z"
)

// pathRule says how a service's clients turn the path of a request into the
// canonical path.
type pathRule struct {
	// normalize removes dot segments and empty segments.
	normalize bool
	// encode percent-encodes the path as it is on the wire, so that what was
	// escaped already is escaped twice.
	encode bool
}

// pathRuleOf is the rule of a service: S3 alone signs the path as it is sent,
// because its keys may hold empty and dot segments.
func pathRuleOf(service string) pathRule {
	if service == "s3" {
		return pathRule{}
	}
	return pathRule{normalize: true, encode: true}
}

// message is what a signature covers.
type message struct {
	method, path, query string
	// header gives the values of a header by its lower-case name.
	header map[string][]string
	// signed are the names of the signed headers in canonical order.
	signed []string
	// payload is the text in the place of the payload hash.
	payload string
}

// canonical is the canonical request. It fails when the query cannot be
// percent-decoded or a signed header is absent.
func (m *message) canonical(rule pathRule) (string, error) {
	query, err := canonicalQuery(m.query)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(m.method + "\n" + canonicalPath(m.path, rule) + "\n" + query + "\n")
	for _, name := range m.signed {
		values, ok := m.header[name]
		if !ok {
			return "", missingHeaderError(name)
		}
		b.WriteString(name + ":")
		for i, v := range values {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(collapse(v))
		}
		b.WriteByte('\n')
	}
	b.WriteString("\n" + strings.Join(m.signed, ";") + "\n" + m.payload)
	return b.String(), nil
}

// missingHeaderError names a signed header that the request does not have.
type missingHeaderError string

func (e missingHeaderError) Error() string { return "signed header " + string(e) + " is absent" }

// canonicalPath is the path of the canonical request.
func canonicalPath(raw string, rule pathRule) string {
	if rule.normalize {
		raw = normalize(raw)
	}
	if raw == "" {
		return "/"
	}
	if rule.encode {
		return escape(raw, true)
	}
	return raw
}

// normalize removes dot segments (RFC 3986, section 5.2.4) and, as AWS signers
// do, empty segments.
func normalize(raw string) string {
	var out []string
	for seg := range strings.SplitSeq(raw, "/") {
		switch seg {
		case "", ".":
		case "..":
			out = out[:max(len(out)-1, 0)]
		default:
			out = append(out, seg)
		}
	}
	path := "/" + strings.Join(out, "/")
	if len(out) > 0 && strings.HasSuffix(raw, "/") {
		path += "/"
	}
	return path
}

// hasDotSegment reports whether a raw path has a segment that a URL parser may
// read as "." or "..". Such a path is signed in one form and routed in another.
func hasDotSegment(raw string) bool {
	for seg := range strings.SplitSeq(raw, "/") {
		if len(seg) > len("%2e%2e") {
			continue
		}
		switch strings.ReplaceAll(strings.ToLower(seg), "%2e", ".") {
		case ".", "..":
			return true
		}
	}
	return false
}

// pair is one query parameter, percent-decoded.
type pair struct{ name, value string }

var errQueryEscape = errors.New("malformed percent-encoding in the query")

// parseQuery splits a raw query and percent-decodes it. A plus sign stays a
// plus sign: only HTML forms read it as a blank, signers do not.
func parseQuery(raw string) ([]pair, error) {
	var pairs []pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, ok1 := unescape(name)
		value, ok2 := unescape(value)
		if !ok1 || !ok2 {
			return nil, errQueryEscape
		}
		pairs = append(pairs, pair{name, value})
	}
	return pairs, nil
}

// canonicalQuery is the query of the canonical request, without the signature
// of a presigned one.
func canonicalQuery(raw string) (string, error) {
	pairs, err := parseQuery(raw)
	if err != nil {
		return "", err
	}
	pairs = slices.DeleteFunc(pairs, func(p pair) bool { return p.name == "X-Amz-Signature" })
	for i, p := range pairs {
		pairs[i] = pair{escape(p.name, false), escape(p.value, false)}
	}
	// By name, then by value: sorting the joined text would put "a-b=" before "a=".
	slices.SortFunc(pairs, func(a, b pair) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name + "=" + p.value)
	}
	return b.String(), nil
}

// collapse trims a header value and turns every run of blanks into one.
func collapse(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return r == ' ' || r == '\t' || r == '\r' || r == '\n'
	}), " ")
}

// escape percent-encodes all but RFC 3986's unreserved characters, and the
// slash when it is kept.
func escape(s string, keepSlash bool) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s))
	for i := range len(s) {
		c := s[i]
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9',
			c == '-', c == '.', c == '_', c == '~', c == '/' && keepSlash:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
	return b.String()
}

// unescape percent-decodes s, and nothing else.
func unescape(s string) (string, bool) {
	if !strings.Contains(s, "%") {
		return s, true
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		c, err := hex.DecodeString(s[i+1 : i+3])
		if err != nil {
			return "", false
		}
		b = append(b, c[0])
		i += 2
	}
	return string(b), true
}

// stringToSign joins what the signature is computed over.
func stringToSign(stamp string, s scope, canonical string) string {
	return algorithm + "\n" + stamp + "\n" + s.String() + "\n" + hexSHA256([]byte(canonical))
}

// signature is the signature of a string to sign.
func signature(key []byte, text string) string { return hex.EncodeToString(mac(key, text)) }

// signingKey derives the key of one day, region and service from the secret.
func signingKey(secret string, s scope) []byte {
	return mac(mac(mac(mac([]byte("AWS4"+secret), s.date), s.region), s.service), terminator)
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// scope is the credential scope without the terminator.
type scope struct{ date, region, service string }

func (s scope) String() string {
	return s.date + "/" + s.region + "/" + s.service + "/" + terminator
}
