package backend

import (
	"strings"
)

// conflictPrefix begins the settings conflict.<Model>.
const conflictPrefix = "conflict."

// NoConflict is the strategy of a model whose changes are not reconciled.
const NoConflict = "NONE"

// maxModelName bounds the name of a model in a setting.
const maxModelName = 128

func conflictSetting(model string) Setting {
	return Setting{
		Name:   conflictPrefix + model,
		Values: []string{NoConflict, "AUTOMERGE", "OPTIMISTIC_CONCURRENCY", "LAMBDA"},
		Doc:    "Conflict resolution of this model, whatever conflictResolution of the API says.",
	}
}

// ModelSettings are the settings that every model of an environment can have,
// with <Model> where its name stands.
func ModelSettings() []Setting { return []Setting{conflictSetting("<Model>")} }

// findConflict finds the setting of a model. Names of models compare exactly.
func findConflict(name string) (Setting, bool) {
	if len(name) <= len(conflictPrefix) || !strings.EqualFold(name[:len(conflictPrefix)], conflictPrefix) {
		return Setting{}, false
	}
	model := name[len(conflictPrefix):]
	if len(model) > maxModelName || !isName(model) {
		return Setting{}, false
	}
	return conflictSetting(model), true
}

// isName reports whether a text is a name of GraphQL.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// Conflict is the strategy in force for a model: its own setting, else that of
// its API, else [NoConflict].
func Conflict(settings map[string]string, model, api string) string {
	if own, ok := settings[conflictPrefix+model]; ok {
		return own
	}
	if api != "" {
		return api
	}
	return NoConflict
}

// Conflicts are the strategies that models have of their own, by model.
func Conflicts(settings map[string]string) map[string]string {
	own := map[string]string{}
	for name, value := range settings {
		if model, ok := strings.CutPrefix(name, conflictPrefix); ok {
			own[model] = value
		}
	}
	return own
}
