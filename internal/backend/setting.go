package backend

import (
	"slices"
	"strings"

	"preamp/internal/errs"
)

// Setting is a backend setting: what a schema becomes depends on it, and no
// member of the API carries it. Names are those of Amplify's feature flags, in
// lower case as the Amplify CLI writes them into cli.json.
type Setting struct {
	Name string
	// Values are the ones allowed, the default first.
	Values []string
	// Doc is one sentence for the reference.
	Doc string
	// check, if set, decides instead of Values.
	check func(value string) error
}

// The backend settings.
const (
	SettingTransformer       = "transformerversion"
	SettingSandbox           = "sandbox"
	SettingAutoIndexNames    = "enableautoindexquerynames"
	SettingPluralization     = "improvepluralization"
	SettingIntrospection     = "introspection"
	SettingRelationKeys      = "respectprimarykeyattributesonconnectionfield"
	SettingSubscriptionsAuth = "subscriptionsinheritprimaryauth"
	SettingSubUsername       = "usesubusernamefordefaultidentityclaim"
	SettingTokenIssuer       = "tokenissuer"
)

// The values of [SettingTokenIssuer].
const (
	IssuerSelf = "self"
	IssuerAWS  = "aws"
)

var known = []Setting{
	{Name: SettingTransformer, Values: []string{"2", "1"}, Doc: "Transformer version of a schema that does not decide it."},
	{Name: SettingSandbox, Values: []string{"false", "true"}, Doc: "Whether the API key reads and writes models that have no @auth rule (version 2)."},
	{Name: SettingAutoIndexNames, Values: []string{"true", "false"}, Doc: "Whether an @index without queryField gets a query."},
	{Name: SettingPluralization, Values: []string{"false", "true"}, Doc: "Whether version 1 forms English plurals instead of adding an s."},
	{Name: SettingIntrospection, Values: []string{"true", "false"}, Doc: "Whether an API describes itself: whether the fields __schema and __type exist."},
	{Name: SettingRelationKeys, Values: []string{"true", "false"}, Doc: "Whether the foreign keys of relations carry the names of all key fields."},
	{Name: SettingSubscriptionsAuth, Values: []string{"false", "true"}, Doc: "Whether subscriptions show relations under the rules of the model subscribed to."},
	{Name: SettingTokenIssuer, Values: []string{IssuerSelf, IssuerAWS}, Doc: "How the tokens of user pools name their issuer: by the address of this server, or as AWS would (needs the names of AWS to lead here)."},
	{Name: SettingSubUsername, Values: []string{"true", "false"}, Doc: "Whether an owner is stored as sub::username instead of the user name."},
}

// KnownSettings are all settings in the order of their names, the two that are
// changed most first.
func KnownSettings() []Setting { return slices.Clone(known) }

// DefaultSetting is the value of a setting that is not stored; empty for those
// of models, see [Conflict].
func DefaultSetting(name string) string {
	for _, s := range known {
		if s.Name == name {
			return s.Values[0]
		}
	}
	return ""
}

// FindSetting finds a setting by its name, in whatever case: older projects
// write transformerVersion. The setting of a model carries the model's name, as
// it is written in the schema.
func FindSetting(name string) (Setting, bool) {
	if s, ok := findConflict(name); ok {
		return s, true
	}
	for _, s := range append(KnownSettings(), FreeSettings()...) {
		if strings.EqualFold(s.Name, name) {
			return s, true
		}
	}
	return Setting{}, false
}

// Check refuses a value that the setting cannot have. Its error, of kind
// Invalid, continues a sentence that begins with the name.
func (s Setting) Check(value string) error {
	if s.check != nil {
		return s.check(value)
	}
	if slices.Contains(s.Values, value) {
		return nil
	}
	sorted := slices.Sorted(slices.Values(s.Values))
	return errs.E(errs.Invalid, "must be %s, not %q", strings.Join(sorted, " or "), printable(value))
}

// ParseSetting checks a setting and gives the name under which it is stored.
// errs.Invalid names the settings or the values that there are.
func ParseSetting(name, value string) (string, error) {
	s, ok := FindSetting(name)
	if !ok {
		names := make([]string, len(known))
		for i, k := range known {
			names[i] = k.Name
		}
		for _, s := range append(FreeSettings(), ModelSettings()...) {
			names = append(names, s.Name)
		}
		return "", errs.E(errs.Invalid, "There is no backend setting %s; there are: %s.", printable(name), strings.Join(names, ", "))
	}
	if err := s.Check(value); err != nil {
		return "", errs.E(errs.Invalid, "The backend setting %s %s.", s.Name, errs.Public(err).Message)
	}
	return s.Name, nil
}
