package oidc

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Why a token is not accepted.
var (
	// ErrRefused is the cause for every token that proves nothing.
	ErrRefused = errors.New("the token is not acceptable")
	// ErrExpired is the cause for a token that was good once.
	ErrExpired = errors.New("the token has expired")
)

// MaxToken is the size of the largest token that is looked at.
const MaxToken = 16 << 10

// leeway is how far the clocks of an issuer and of this machine may differ for
// times that lie in the past, at least. The end of a token has none by itself.
const leeway = 60 * time.Second

func refuse(why string) error { return fmt.Errorf("%w: %s", ErrRefused, why) }

// token is a compact JWS that was taken apart and is not believed yet.
type token struct {
	// input is what is signed.
	input     string
	signature []byte
	alg       string
	kid       string
	claims    map[string]any
	times
}

// times are when a token counts. The zero time is one that it does not name.
type times struct{ expires, notBefore, issued time.Time }

// inToken are the bytes of base64url, and the dot. The decoder of base64 would pass
// over line breaks.
var inToken = func() (ok [256]bool) {
	for _, c := range []byte(".-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
		ok[c] = true
	}
	return ok
}()

// cut checks the outer form of a token before anything is decoded.
func cut(raw string) (head, body string, err error) {
	if len(raw) > MaxToken {
		return "", "", refuse("too large")
	}
	for i := range len(raw) {
		if !inToken[raw[i]] {
			return "", "", refuse("not base64url")
		}
	}
	head, rest, _ := strings.Cut(raw, ".")
	body, signature, ok := strings.Cut(rest, ".")
	if !ok || head == "" || body == "" || signature == "" || strings.Contains(signature, ".") {
		return "", "", refuse("not three segments")
	}
	return head, body, nil
}

var encoding = base64.RawURLEncoding.Strict()

// IsToken says whether a text has the outer form of a compact JWS.
func IsToken(raw string) bool {
	_, _, err := cut(raw)
	return err == nil
}

// PeekIssuer reads the iss of a token without any proof that it is true: good for
// choosing whom to ask, and for nothing else.
func PeekIssuer(raw string) (issuer string, ok bool) {
	_, body, err := cut(raw)
	if err != nil {
		return "", false
	}
	text, err := encoding.DecodeString(body)
	if err != nil {
		return "", false
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if json.Unmarshal(text, &claims) != nil {
		return "", false
	}
	return claims.Issuer, claims.Issuer != ""
}

// forbidden are header members by which a token would name its own key, change
// what the signature means, or is not a signature at all.
var forbidden = []string{"jwk", "jku", "x5u", "x5c", "crit", "b64", "enc", "zip", "epk", "cty"}

// parse takes a token apart.
func parse(raw string) (*token, error) {
	t, body, err := parseHeader(raw)
	if err != nil {
		return nil, err
	}
	if t.claims, err = segment(body); err != nil {
		return nil, refuse("bad claims")
	}
	for _, name := range []string{"iss", "sub"} {
		if _, err := text(t.claims, name); err != nil {
			return nil, err
		}
	}
	if t.times, err = timesOf(t.claims); err != nil {
		return nil, err
	}
	return t, nil
}

// parseHeader reads all of a token but its claims, which are still encoded.
func parseHeader(raw string) (t *token, body string, err error) {
	head, body, err := cut(raw)
	if err != nil {
		return nil, "", err
	}
	t = &token{input: raw[:len(head)+1+len(body)]}
	if t.signature, err = encoding.DecodeString(raw[len(t.input)+1:]); err != nil {
		return nil, "", refuse("bad signature")
	}
	header, err := segment(head)
	if err != nil {
		return nil, "", refuse("bad header")
	}
	for _, name := range forbidden {
		if _, there := header[name]; there {
			return nil, "", refuse("header member " + name)
		}
	}
	var typ string
	for _, m := range []struct {
		name string
		to   *string
	}{{"alg", &t.alg}, {"kid", &t.kid}, {"typ", &typ}} {
		if *m.to, err = text(header, m.name); err != nil {
			return nil, "", err
		}
	}
	if _, ok := find(t.alg); !ok {
		return nil, "", refuse("algorithm")
	}
	// Tokens with a type of their own mean something else, such as a log-out.
	switch strings.TrimPrefix(strings.ToLower(typ), "application/") {
	case "", "jwt", "at+jwt":
	default:
		return nil, "", refuse("type")
	}
	return t, body, nil
}

func segment(s string) (map[string]any, error) {
	raw, err := encoding.DecodeString(s)
	if err != nil {
		return nil, err
	}
	return strictObject(raw)
}

// text is a member that is a text, or absent.
func text(object map[string]any, name string) (string, error) {
	v, there := object[name]
	if !there {
		return "", nil
	}
	s, ok := v.(string)
	if !ok {
		return "", refuse(name + " is not a text")
	}
	return s, nil
}

func timesOf(claims map[string]any) (times, error) {
	var t times
	for _, m := range []struct {
		name string
		at   *time.Time
	}{{"exp", &t.expires}, {"nbf", &t.notBefore}, {"iat", &t.issued}} {
		v, there := claims[m.name]
		if !there {
			continue
		}
		at, ok := Time(v)
		if !ok {
			return times{}, refuse(m.name + " is not a time")
		}
		*m.at = at
	}
	if t.expires.IsZero() {
		return times{}, refuse("no end")
	}
	return t, nil
}

// latest is the end of the year 9999: what lies behind it is not a time.
const latest = 253_402_300_799

// Time reads a claim that is a NumericDate (RFC 7519, section 2): seconds since
// 1970, which may have a fraction.
func Time(claim any) (time.Time, bool) {
	n, ok := claim.(json.Number)
	if !ok {
		return time.Time{}, false
	}
	f, err := strconv.ParseFloat(n.String(), 64)
	if err != nil || f < 0 || f > latest {
		return time.Time{}, false
	}
	whole, part := math.Modf(f)
	return time.Unix(int64(whole), int64(part*1e9)), true
}

// check says whether a token counts now, for clocks that may differ.
func (t times) check(now time.Time, tolerance time.Duration) error {
	soon := now.Add(max(leeway, tolerance))
	switch {
	case !now.Before(t.expires.Add(tolerance)):
		return ErrExpired
	case !t.notBefore.IsZero() && t.notBefore.After(soon):
		return refuse("not valid yet")
	case !t.issued.IsZero() && t.issued.After(soon):
		return refuse("issued in the future")
	}
	return nil
}
