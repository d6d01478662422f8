package scalar

import (
	"net/netip"
	"strings"
)

// digitsAt reads exactly n digits at the start of s.
func digitsAt(s string, n int) (value int, rest string, ok bool) {
	if len(s) < n {
		return 0, s, false
	}
	for i := range n {
		c := s[i]
		if c < '0' || c > '9' {
			return 0, s, false
		}
		value = value*10 + int(c-'0')
	}
	return value, s[n:], true
}

// after is s without the byte c in front.
func after(s string, c byte) (string, bool) {
	if s == "" || s[0] != c {
		return s, false
	}
	return s[1:], true
}

// date reads YYYY-MM-DD, a day that exists.
func date(s string) (rest string, ok bool) {
	year, s, ok := digitsAt(s, 4)
	if !ok {
		return s, false
	}
	if s, ok = after(s, '-'); !ok {
		return s, false
	}
	month, s, ok := digitsAt(s, 2)
	if !ok || month < 1 || month > 12 {
		return s, false
	}
	if s, ok = after(s, '-'); !ok {
		return s, false
	}
	day, s, ok := digitsAt(s, 2)
	if !ok || day < 1 || day > daysIn(year, month) {
		return s, false
	}
	return s, true
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// clock reads hh:mm[:ss[.digits]] with one to nine digits.
func clock(s string) (rest string, ok bool) {
	if s, ok = sexagesimal(s, 23); !ok {
		return s, false
	}
	if s, ok = after(s, ':'); !ok {
		return s, false
	}
	if s, ok = sexagesimal(s, 59); !ok {
		return s, false
	}
	seconds, more := after(s, ':')
	if !more {
		return s, true
	}
	if s, ok = sexagesimal(seconds, 59); !ok {
		return s, false
	}
	fraction, more := after(s, '.')
	if !more {
		return s, true
	}
	n := 0
	for n < len(fraction) && fraction[n] >= '0' && fraction[n] <= '9' {
		n++
	}
	return fraction[n:], n >= 1 && n <= 9
}

func sexagesimal(s string, most int) (rest string, ok bool) {
	n, s, ok := digitsAt(s, 2)
	return s, ok && n <= most
}

// offset reads Z or ±hh:mm[:ss].
func offset(s string) (rest string, ok bool) {
	if rest, ok := after(s, 'Z'); ok {
		return rest, true
	}
	if s == "" || s[0] != '+' && s[0] != '-' {
		return s, false
	}
	if s, ok = sexagesimal(s[1:], 18); !ok {
		return s, false
	}
	if s, ok = after(s, ':'); !ok {
		return s, false
	}
	if s, ok = sexagesimal(s, 59); !ok {
		return s, false
	}
	if seconds, more := after(s, ':'); more {
		return sexagesimal(seconds, 59)
	}
	return s, true
}

func validDate(s string) bool {
	s, ok := date(s)
	if !ok || s == "" {
		return ok
	}
	s, ok = offset(s)
	return ok && s == ""
}

func validTime(s string) bool {
	s, ok := clock(s)
	if !ok || s == "" {
		return ok
	}
	s, ok = offset(s)
	return ok && s == ""
}

func validDateTime(s string) bool {
	s, ok := date(s)
	if !ok {
		return false
	}
	if s, ok = after(s, 'T'); !ok {
		return false
	}
	if s, ok = clock(s); !ok {
		return false
	}
	s, ok = offset(s)
	return ok && s == ""
}

// validEmail accepts local@domain as in RFC 822: atoms or a quoted string before
// the "@", a host name after it.
func validEmail(s string) bool {
	i := strings.LastIndexByte(s, '@')
	if i < 1 || len(s) > 320 {
		return false
	}
	local, domain := s[:i], s[i+1:]
	if len(local) >= 2 && local[0] == '"' && local[len(local)-1] == '"' {
		if strings.ContainsAny(local[1:len(local)-1], "\"\\\r\n") {
			return false
		}
	} else {
		for atom := range strings.SplitSeq(local, ".") {
			if atom == "" || strings.ContainsFunc(atom, notAtom) {
				return false
			}
		}
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsFunc(label, notLabel) {
			return false
		}
	}
	return true
}

func notAtom(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune("()<>@,;:\\\"[]", r)
}

func notLabel(r rune) bool {
	return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r < 0x80
}

// validURL accepts a scheme and what follows it, without white space and without
// a double slash in the path.
func validURL(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || scheme == "" || rest == "" || !letter(scheme[0]) {
		return false
	}
	for i := range len(scheme) {
		c := scheme[i]
		if !letter(c) && (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	if strings.ContainsFunc(rest, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune("<>\"{}|\\^`", r) }) {
		return false
	}
	path := rest
	if authority, hierarchical := strings.CutPrefix(rest, "//"); hierarchical {
		host := authority
		path = ""
		if i := strings.IndexAny(authority, "/?#"); i >= 0 {
			host, path = authority[:i], authority[i:]
		}
		if host == "" && scheme != "file" {
			return false
		}
	}
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	return !strings.Contains(path, "//")
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// validPhone accepts digits with single spaces or hyphens between them, with or
// without a leading "+".
func validPhone(s string) bool {
	s, _ = after(s, '+')
	digits := 0
	gap := true // no separator at the start
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
			gap = false
		case (c == ' ' || c == '-') && !gap:
			gap = true
		default:
			return false
		}
	}
	return !gap && digits >= 3 && digits <= 15
}

// validIP accepts an IPv4 or IPv6 address with an optional prefix length.
func validIP(s string) bool {
	if strings.IndexByte(s, '/') >= 0 {
		_, err := netip.ParsePrefix(s)
		return err == nil
	}
	a, err := netip.ParseAddr(s)
	return err == nil && a.Zone() == ""
}
