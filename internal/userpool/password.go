package userpool

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"

	"preamp/internal/errs"
)

const (
	maxPassword = 256
	// symbols are the characters that count as symbols; a space does inside a
	// password.
	symbols = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-"

	upperSet = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	lowerSet = "abcdefghijkmnopqrstuvwxyz"
	digitSet = "23456789"
	// plainSymbols are those of passwords that are made: none that HTML, a shell or
	// a mail program could change.
	plainSymbols = "!@#%*_-+="
)

func (p PasswordPolicy) check() error {
	switch {
	case p.MinLength < 6 || p.MinLength > 99:
		return invalid("The minimum length of passwords must be from 6 to 99.")
	case p.History < 0 || p.History > 24:
		return invalid("The password history must be from 0 to 24.")
	case p.TemporaryDays < 0 || p.TemporaryDays > 365:
		return invalid("The validity of temporary passwords must be from 0 to 365 days.")
	}
	return nil
}

// refuses is the first rule that a password breaks, or nothing.
func (p PasswordPolicy) refuses(password string) string {
	inner := strings.Trim(password, " ")
	switch {
	case utf8.RuneCountInString(password) < p.MinLength:
		return "Password not long enough"
	case p.Upper && !strings.ContainsFunc(password, between('A', 'Z')):
		return "Password must have uppercase characters"
	case p.Lower && !strings.ContainsFunc(password, between('a', 'z')):
		return "Password must have lowercase characters"
	case p.Digit && !strings.ContainsFunc(password, between('0', '9')):
		return "Password must have numeric characters"
	case p.Symbol && !strings.ContainsAny(inner, symbols+" "):
		return "Password must have symbol characters"
	}
	return ""
}

func between(low, high rune) func(rune) bool {
	return func(r rune) bool { return low <= r && r <= high }
}

// checkLength is the same for passwords that are set and passwords that are
// tried: hashing is paid by the byte.
func checkLength(password string) error {
	if len(password) > maxPassword || !utf8.ValidString(password) {
		return invalid("1 validation error detected: Value at 'password' failed to satisfy constraint: "+
			"Member must have length less than or equal to %d", maxPassword)
	}
	return nil
}

// accept refuses a password by the policy, with the text of SignUp and
// AdminCreateUser when first and else with that of all other operations.
func (p PasswordPolicy) accept(password string, first bool) error {
	if err := checkLength(password); err != nil {
		return err
	}
	why := p.refuses(password)
	switch {
	case why == "":
		return nil
	case first:
		return fail(errs.Invalid, codeInvalidPassword, "Password did not conform with policy: %s", why)
	}
	return fail(errs.Invalid, codeInvalidPassword, "Password does not conform to policy: %s", why)
}

// generate makes a temporary password that every policy of its length accepts.
func (p PasswordPolicy) generate() (string, error) {
	out := make([]byte, 0, max(p.MinLength, 12))
	for _, set := range []string{upperSet, lowerSet, digitSet, plainSymbols} {
		c, err := pick(set)
		if err != nil {
			return "", err
		}
		out = append(out, c)
	}
	for len(out) < cap(out) {
		c, err := pick(upperSet + lowerSet + digitSet)
		if err != nil {
			return "", err
		}
		out = append(out, c)
	}
	for i := len(out) - 1; i > 0; i-- { // Fisher and Yates
		j, err := rand.Int(rand.Reader, big.NewInt(int64(i+1)))
		if err != nil {
			return "", fmt.Errorf("draw password: %w", err)
		}
		k := int(j.Int64())
		out[i], out[k] = out[k], out[i]
	}
	return string(out), nil
}

func pick(set string) (byte, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(int64(len(set))))
	if err != nil {
		return 0, fmt.Errorf("draw password: %w", err)
	}
	return set[n.Int64()], nil
}
