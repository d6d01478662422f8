package authz_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"preamp/internal/authn"
	"preamp/internal/graphql/authz"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

// v1Cases is testdata/v1/cases.json.
type v1Cases struct {
	Body    string
	Schemas map[string]struct{ Rules, Model, More string }
	Callers map[string]struct {
		Mode   string
		Guest  bool
		Claims map[string]any
	}
	Rows, Creates, Updates []map[string]any
}

// v1Verdicts is what the official templates decide: see testdata/v1/record.mjs.
type v1Verdicts struct {
	Get, List, Delete, Field, Redacted string
	Create, Update                     []string
}

func readJSON(t *testing.T, name string, to any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "v1", name))
	if err == nil {
		err = json.Unmarshal(b, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// expandV1 compiles a schema of version 1. User pools are the default.
func expandV1(t *testing.T, text string) *transform.API {
	t.Helper()
	doc, err := schema.ParseAs(text, 1)
	if err != nil {
		t.Fatal(err)
	}
	api, err := transform.Expand(doc, transform.Options{
		Version: 1, DefaultAuth: authn.UserPool, AuthModes: []authn.Mode{authn.APIKey, authn.IAM, authn.OIDC},
	})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// v1Judge asks the policies what the templates were asked.
type v1Judge struct {
	cases  *v1Cases
	policy *authz.Policies
	model  *transform.Model
	caller authn.Caller
}

func inputValue(v any) scalar.Value {
	switch v := v.(type) {
	case string:
		return scalar.Text(v)
	case []any:
		out := scalar.Value{Kind: scalar.List}
		for _, e := range v {
			out.List = append(out.List, inputValue(e))
		}
		return out
	case map[string]any:
		out := scalar.Value{Kind: scalar.Object}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out.Keys, out.List = append(out.Keys, k), append(out.List, inputValue(v[k]))
		}
		return out
	}
	return scalar.Value{}
}

// satisfied says whether a row satisfies one of some conditions.
func satisfied(some []authz.Condition, row map[string]any) bool {
	return slices.ContainsFunc(some, func(c authz.Condition) bool {
		values, isList := row[c.Field.Name].([]any)
		if !isList {
			values = []any{row[c.Field.Name]}
		}
		return isList == (c.Field.List && row[c.Field.Name] != nil) && slices.ContainsFunc(values, func(v any) bool {
			s, ok := v.(string)
			return ok && slices.Contains(c.Values, s)
		})
	})
}

// rows writes down what a verdict gives of each row, absent or denied if it is
// hidden.
func (j *v1Judge) rows(v authz.Verdict, hidden string) string {
	var b strings.Builder
	for _, row := range j.cases.Rows {
		switch {
		case v.Nobody():
			b.WriteString("u")
		case v.All || satisfied(v.Any, row):
			b.WriteString("v")
		default:
			b.WriteString(hidden)
		}
	}
	return b.String()
}

func (j *v1Judge) change(kind transform.OperationKind, input map[string]any) string {
	value := inputValue(input)
	c := j.policy.Change(j.model, kind, j.caller, &value)
	var b strings.Builder
	for _, row := range j.cases.Rows {
		switch {
		case c.Denied != nil:
			b.WriteString("u")
		case slices.ContainsFunc(c.Need, func(some []authz.Condition) bool { return !satisfied(some, row) }):
			b.WriteString("c")
		default:
			b.WriteString("a")
		}
	}
	return b.String()
}

func (j *v1Judge) create(input map[string]any) string {
	value := inputValue(input)
	stamps, denial := j.policy.Create(j.model, j.caller, &value)
	if denial != nil {
		return "u"
	}
	var out []string
	for _, s := range stamps {
		out = append(out, s.Field.Name+"="+string(s.Value.AppendJSON(nil)))
	}
	slices.Sort(out)
	return strings.Join(append([]string{"a"}, out...), " ")
}

func (j *v1Judge) verdicts() map[string]string {
	get := j.policy.Read(j.model, transform.Get, j.caller, nil)
	missing := "-"
	if get.Nobody() {
		missing = "u"
	}
	out := map[string]string{
		"get":  j.rows(get, "u") + missing,
		"list": j.rows(j.policy.Read(j.model, transform.List, j.caller, nil), "-"),
		// The key of a delete is all that there is of an input.
		"delete": j.change(transform.Delete, map[string]any{"id": "1"}),
	}
	for i, input := range j.cases.Creates {
		out[fmt.Sprintf("create %d", i)] = j.create(input)
	}
	for i, input := range j.cases.Updates {
		out[fmt.Sprintf("update %d", i)] = j.change(transform.Update, input)
	}
	if f := j.model.Field("secret"); f != nil {
		out["field"] = j.rows(authz.Verdict{All: true}, "")
		if j.policy.Guarded(j.model, f) {
			out["field"] = j.rows(j.policy.Field(j.model, f, j.caller), "u")
		}
		out["redacted"] = "vvv"
		if j.policy.Redacted(j.model, f) {
			out["redacted"] = "---"
		}
	}
	return out
}

func (r *v1Verdicts) named() map[string]string {
	out := map[string]string{"get": r.Get, "list": r.List, "delete": r.Delete}
	for i, s := range r.Create {
		out[fmt.Sprintf("create %d", i)] = s
	}
	for i, s := range r.Update {
		out[fmt.Sprintf("update %d", i)] = s
	}
	if r.Field != "" {
		out["field"], out["redacted"] = r.Field, r.Redacted
	}
	return out
}

// refused says why a caller is refused whom the templates let pass unchecked.
func (j *v1Judge) refused(what string) string {
	provider := map[authn.Mode]string{authn.APIKey: "apiKey", authn.IAM: "iam", authn.UserPool: "userPools", authn.OIDC: "oidc"}[j.caller.Mode]
	covering := func(rules []transform.Rule, operation string) (some, own bool) {
		for i := range rules {
			if operation == "" || slices.Contains(rules[i].Operations, operation) {
				some = true
				own = own || rules[i].Provider == provider && (provider != "iam" || rules[i].Allow == "public" || !j.caller.Federated.Guest)
			}
		}
		return some, own
	}
	// only says that nothing but rules of the fields name the mode.
	only := func(operation string, fields ...string) bool {
		if _, named := covering(j.model.Rules, ""); named {
			return false
		}
		fields = slices.DeleteFunc(fields, func(name string) bool { return j.model.Field(name) == nil })
		return len(fields) > 0 && !slices.ContainsFunc(fields, func(name string) bool {
			_, own := covering(j.model.Field(name).Rules, operation)
			return !own
		})
	}
	operation, number, _ := strings.Cut(what, " ")
	i, _ := strconv.Atoi(number)
	input := map[string]any{}
	switch operation {
	case "redacted":
		return ""
	case "field":
		if some, own := covering(j.model.Field("secret").Rules, "get"); some && !own {
			return "the rules of the field do not name the mode"
		}
		return ""
	case "create":
		input = maps.Clone(j.cases.Creates[i])
	case "update":
		input = maps.Clone(j.cases.Updates[i])
	}
	delete(input, "id")
	some, own := covering(j.model.Rules, operation)
	switch {
	case (operation == "get" || operation == "list") && only("get", "secret"):
	case operation == "update" && only("update", slices.Collect(maps.Keys(input))...):
	case some && !own:
		return "the rules do not name the mode"
	case !some && provider == "iam" && len(j.model.Rules) > 0:
		return "roles have policies for what rules cover"
	}
	for name, v := range input {
		f := j.model.Field(name)
		if f == nil {
			continue
		}
		if some, own := covering(f.Rules, operation); some && !own {
			return "the rules of a field of the input do not name the mode"
		}
		if some, own := covering(f.Rules, "delete"); operation == "update" && v == nil && some && !own {
			return "the rules of a field that is set to null do not name the mode"
		}
	}
	return ""
}

// v1Alone are schemas with rules for two providers, which the templates mix, and
// those with the rules for one of them.
var v1Alone = map[string]map[authn.Mode]string{
	"owners of two providers": {authn.UserPool: "owner", authn.OIDC: "oidc owner of another field"},
	"private and oidc owner":  {authn.UserPool: "private", authn.OIDC: "oidc owner"},
}

// want is what a caller gets here, and why that is not what the templates decided.
func (j *v1Judge) want(name, what, recorded string) (want, reason string) {
	if reason := j.refused(what); reason != "" {
		if strings.HasPrefix(what, "create") {
			return "u", reason
		}
		return strings.Repeat("u", len(recorded)), reason
	}
	switch {
	case strings.Contains(recorded, "___xamznone____"):
		return "u", "who lacks the claim owns nothing"
	case recorded == "ccccccc" && slices.Contains([]string{"owner by email", "owner by the name of an ID token", "a field that is not there"}, name) &&
		j.caller.Mode == authn.UserPool && !j.has(name):
		return "uuuuuuu", "what no row can satisfy is refused at once"
	case name == "secret of a team" && slices.Contains([]string{"update 2", "update 3", "update 4"}, what) && strings.Contains(recorded, "a"):
		if j.caller.Claims["username"] == "bob" || j.caller.Claims["username"] == "carol" {
			return "ccccccc", "the groups of a field's rule do not count for the model"
		}
	case name == "secret to read" && what == "redacted":
		return "---", "a field with rules for reading is never in a payload"
	}
	return recorded, ""
}

// has says whether the caller has the claim that the schema's owner rule asks for.
func (j *v1Judge) has(name string) bool {
	claim := map[string]string{"owner by email": "email", "owner by the name of an ID token": "cognito:username"}[name]
	return claim != "" && j.caller.Claims[claim] != nil
}

// reaches says whether the directives of the schema let the caller ask at all.
func (j *v1Judge) reaches(api *transform.API, what string) bool {
	operation, _, _ := strings.Cut(what, " ")
	def, name := api.Schema.Mutation, operation+"M"
	switch operation {
	case "list":
		def, name = api.Schema.Query, "listMs"
	case "get":
		def = api.Schema.Query
	case "field", "redacted":
		def, name = api.Schema.Types["M"], "secret"
	}
	_, ok := j.policy.Reach(def, def.Fields.ForName(name), j.caller)
	return ok
}

func TestV1Recorded(t *testing.T) {
	t.Parallel()
	var cases v1Cases
	readJSON(t, "cases.json", &cases)
	var recorded map[string]map[string]v1Verdicts
	readJSON(t, "verdicts.json", &recorded)
	if len(recorded) != len(cases.Schemas) || len(recorded) < 40 {
		t.Fatalf("%d schemas were recorded of %d", len(recorded), len(cases.Schemas))
	}
	modes := map[string]authn.Mode{"userPool": authn.UserPool, "oidc": authn.OIDC, "apiKey": authn.APIKey, "iam": authn.IAM}
	equal, before, cells := 0, 0, 0
	differences := map[string]int{}
	for name, s := range cases.Schemas {
		rules := ""
		if s.Rules != "" {
			rules = " @auth(rules: [" + s.Rules + "])"
		}
		api := expandV1(t, fmt.Sprintf("type M @model%s%s { %s %s }", s.Model, rules, cases.Body, s.More))
		for who, caller := range cases.Callers {
			j := v1Judge{cases: &cases, policy: authz.New(api), model: api.Models["M"]}
			j.caller = authn.Caller{Mode: modes[caller.Mode], Claims: caller.Claims}
			if caller.Mode == "iam" {
				j.caller.Federated = &authn.Federated{Guest: caller.Guest}
			}
			source := name
			if other, ok := v1Alone[name][j.caller.Mode]; ok {
				source = other
			}
			verdicts := recorded[source][who]
			if verdicts.Field == "" && j.model.Field("secret") != nil { // no template at all
				verdicts.Field, verdicts.Redacted = "vvvvvvv", "vvv"
			}
			given, got := verdicts.named(), j.verdicts()
			if len(given) < 19 || len(got) != len(given) {
				t.Fatalf("%s, %s: %d answers, %d were recorded", name, who, len(got), len(given))
			}
			for what, verdict := range given {
				want, reason := j.want(name, what, verdict)
				if got[what] != want {
					t.Errorf("%s, %s, %s: got %s, want %s (%s)", name, who, what, got[what], want, reason)
				}
				cells += len(cases.Rows)
				switch {
				case want == verdict:
					equal += len(cases.Rows)
				case !j.reaches(api, what):
					before += len(cases.Rows)
				default:
					differences[reason] += len(cases.Rows)
				}
			}
		}
	}
	t.Logf("%d of %d cells are as recorded, %d are refused by the directives of the schema before, different by intent: %v",
		equal, cells, before, differences)
	if (equal+before)*100 < cells*98 || differences[""] > 0 {
		t.Error("too much is different")
	}
}
