package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"preamp/internal/backend"
	"preamp/internal/errs"
)

type (
	prefix   = netip.Prefix
	duration = time.Duration
)

// value reads and writes the value of a key. parse is given the text of a
// scalar; lists and mappings are implemented by the two further interfaces.
type value interface {
	parse(c *Config, text string) error
	// show is the value for `config print`; nil when it is not set.
	show(c *Config) any
	// tags are the YAML types that a scalar may have.
	tags() []string
}

// listValue is a key whose value is a list of scalars.
type listValue interface {
	value
	parseItem(c *Config, text string) error
	reset(c *Config)
}

// mapValue is a key whose value is a mapping of names to scalars.
type mapValue interface {
	value
	parseMember(c *Config, name, text string) error
	reset(c *Config)
}

var (
	textTags   = []string{"!!str"}
	numberTags = []string{"!!int"}
	// A bare number is a count of bytes.
	sizeTags  = []string{"!!str", "!!int"}
	boolTags  = []string{"!!bool"}
	anyScalar = []string{"!!str", "!!int", "!!bool", "!!float"}
)

type versionValue struct{}

func (versionValue) tags() []string { return numberTags }
func (versionValue) parse(_ *Config, s string) error {
	if s != "1" {
		return fmt.Errorf("is %s, but this version of preamp knows version 1 only", s)
	}
	return nil
}
func (versionValue) show(*Config) any { return 1 }

type stringValue struct {
	get   func(*Config) *string
	check func(string) error
}

func (stringValue) tags() []string { return textTags }
func (v stringValue) parse(c *Config, s string) error {
	if err := v.check(s); err != nil {
		return err
	}
	*v.get(c) = s
	return nil
}

func (v stringValue) show(c *Config) any {
	if s := *v.get(c); s != "" {
		return s
	}
	return nil
}

type enumValue struct {
	get   func(*Config) *string
	words []string
}

func (enumValue) tags() []string { return textTags }
func (v enumValue) parse(c *Config, s string) error {
	if !slices.Contains(v.words, s) {
		return fmt.Errorf("must be %s, not %q", strings.Join(v.words, " or "), s)
	}
	*v.get(c) = s
	return nil
}
func (v enumValue) show(c *Config) any { return *v.get(c) }

type boolValue struct{ get func(*Config) **bool }

func (boolValue) tags() []string { return boolTags }
func (v boolValue) parse(c *Config, s string) error {
	switch strings.ToLower(s) {
	case "true":
		*v.get(c) = new(true)
	case "false":
		*v.get(c) = new(false)
	default:
		return fmt.Errorf("must be true or false, not %q", s)
	}
	return nil
}

func (v boolValue) show(c *Config) any {
	if b := *v.get(c); b != nil {
		return *b
	}
	return nil
}

type intValue struct {
	get         func(*Config) *int
	least, most int
}

func (intValue) tags() []string { return numberTags }
func (v intValue) parse(c *Config, s string) error {
	n, err := strconv.Atoi(s)
	if err != nil {
		return fmt.Errorf("must be a whole number, not %q", s)
	}
	if n < v.least || n > v.most {
		return fmt.Errorf("must be %d to %d, not %d", v.least, v.most, n)
	}
	*v.get(c) = n
	return nil
}
func (v intValue) show(c *Config) any { return *v.get(c) }

type durationValue struct {
	get         func(*Config) *duration
	least, most string
}

func (durationValue) tags() []string { return textTags }
func (v durationValue) parse(c *Config, s string) error {
	d, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("must be a duration such as 30s, not %q", s)
	}
	least, _ := time.ParseDuration(v.least)
	most, _ := time.ParseDuration(v.most)
	if d < least || d > most {
		return fmt.Errorf("must be %s to %s, not %s", v.least, v.most, s)
	}
	*v.get(c) = d
	return nil
}
func (v durationValue) show(c *Config) any { return v.get(c).String() }

type sizeValue struct {
	get         func(*Config) *int64
	least, most int64
}

var sizeUnits = []struct {
	name  string
	bytes int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

func (sizeValue) tags() []string { return sizeTags }
func (v sizeValue) parse(c *Config, s string) error {
	digits, unit := s, int64(1)
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(s, u.name); ok {
			digits, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return fmt.Errorf("must be a size such as 1MiB, 64KiB or 4096, not %q", s)
	}
	if n > v.most/unit || n*unit < v.least {
		return fmt.Errorf("must be %s to %s, not %s", showSize(v.least), showSize(v.most), s)
	}
	*v.get(c) = n * unit
	return nil
}
func (v sizeValue) show(c *Config) any { return showSize(*v.get(c)) }

func showSize(n int64) string {
	for _, u := range sizeUnits {
		if n >= u.bytes && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

type prefixesValue struct{ get func(*Config) *[]prefix }

func (prefixesValue) tags() []string    { return nil }
func (v prefixesValue) reset(c *Config) { *v.get(c) = nil }

// parse reads the form of an environment variable: separated by commas.
func (v prefixesValue) parse(c *Config, s string) error {
	v.reset(c)
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		if err := v.parseItem(c, item); err != nil {
			return err
		}
	}
	return nil
}

func (v prefixesValue) parseItem(c *Config, s string) error {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		a, addrErr := netip.ParseAddr(s)
		if addrErr != nil || a.Zone() != "" {
			return fmt.Errorf("must be an address or a CIDR range such as 10.0.0.0/8, not %q", s)
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	if p != p.Masked() {
		return fmt.Errorf("has bits set outside its mask: %s, did you mean %s?", s, p.Masked())
	}
	*v.get(c) = append(*v.get(c), p)
	return nil
}

func (v prefixesValue) show(c *Config) any {
	out := []string{}
	for _, p := range *v.get(c) {
		out = append(out, p.String())
	}
	return out
}

// settingsValue are defaults of backend settings.
type settingsValue struct{}

func (settingsValue) tags() []string  { return anyScalar }
func (settingsValue) reset(c *Config) { c.Settings = map[string]string{} }
func (settingsValue) parse(*Config, string) error {
	return errors.New("is a mapping and cannot be given in one variable")
}

func (settingsValue) parseMember(c *Config, name, text string) error {
	s, ok := backend.FindSetting(name)
	if !ok || s.Name != name || name == backend.SettingSandbox { // which is a key of its own
		known := []string{}
		for _, s := range backend.KnownSettings() {
			if s.Name != backend.SettingSandbox {
				known = append(known, s.Name)
			}
		}
		return unknownError{name: name, known: known}
	}
	if err := s.Check(text); err != nil {
		return errors.New(errs.Public(err).Message)
	}
	c.Settings[s.Name] = text
	return nil
}

func (settingsValue) show(c *Config) any { return c.Settings }

// settingNames lists the settings with their values for the reference, the
// default of each first.
func settingNames() string {
	var names []string
	for _, s := range backend.KnownSettings() {
		if s.Name != backend.SettingSandbox {
			names = append(names, fmt.Sprintf("`%s` (`%s`)", s.Name, strings.Join(s.Values, "` or `")))
		}
	}
	return strings.Join(names, ", ")
}

// laterValue accepts anything.
type laterValue struct{}

func (laterValue) tags() []string              { return anyScalar }
func (laterValue) parse(*Config, string) error { return nil }
func (laterValue) show(*Config) any            { return nil }

func checkNotEmpty(s string) error {
	if strings.TrimSpace(s) == "" {
		return errors.New("must not be empty")
	}
	if strings.ContainsRune(s, 0) {
		return errors.New("must not contain a zero byte")
	}
	return nil
}

func checkListen(s string) error {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return fmt.Errorf("must be host:port such as 127.0.0.1:4500, not %q", s)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("must end in a port from 0 to 65535, not %q", port)
	}
	return nil
}

func checkPublicURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return fmt.Errorf("must be https://host or https://host:port, not %q", s)
	case u.User != nil:
		return errors.New("must not hold a user name or password")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return fmt.Errorf("must not have a path, query or fragment: %q", s)
	}
	return nil
}

// checkDatabaseURL never quotes its input, which may hold a password.
func checkDatabaseURL(s string) error {
	u, err := url.Parse(s)
	if err != nil {
		return errors.New("is not a valid URL")
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return errors.New("must begin with postgres:// or postgresql:// (SQLite needs no URL: it lives in the data directory)")
	}
	return nil
}

func checkVariable(s string) error {
	for i, r := range s {
		if r != '_' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return fmt.Errorf("must be the name of an environment variable, not %q", s)
		}
	}
	return checkNotEmpty(s)
}
