package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// service says where the notes on a service stand, and how many operations they
// must be about.
type service struct {
	Name, Heading      string
	APIVersion, Prefix string
	Operations         int
}

var services = []service{
	{Name: "cognito-idp", Heading: "1. cognito-idp (user pools)", APIVersion: "2016-04-18", Prefix: "AWSCognitoIdentityProviderService", Operations: 122},
	{Name: "cognito-identity", Heading: "2. cognito-identity (identity pools)", APIVersion: "2014-06-30", Prefix: "AWSCognitoIdentityService", Operations: 23},
}

// amendments are patterns by which a server would refuse what the service is
// documented to accept.
var amendments = map[string]shape{
	"PasswordType": {Accept: `[\S]+( +[\S]+)*`, Why: "The Cognito documentation allows spaces inside of a password, the model does not."},
}

// convert makes the facts of a service.
func (s service) convert(sections map[string]map[string][]string) (*facts, error) {
	part, ok := sections[s.Heading]
	if !ok {
		return nil, fmt.Errorf("no section %q", s.Heading)
	}
	f := &facts{
		Source:   "Converted by awsfacts from cognito-shapes.md.",
		Metadata: metadata{APIVersion: s.APIVersion, SigningName: s.Name, TargetPrefix: s.Prefix, Protocol: "json", JSONVersion: "1.1"},
		Errors:   map[string]fault{}, Shapes: map[string]*shape{}, Operations: map[string]operation{},
	}
	if err := s.introduce(f, part[""]); err != nil {
		return nil, err
	}
	for _, read := range []struct {
		heading string
		fn      func(*facts, []string) error
	}{
		{"Structures", readStructures},
		{"Enumerations", readEnums},
		{"Scalar types (base, length or value range, pattern)", readScalars},
		{"Exceptions", readExceptions},
		{"Operations", readOperations},
	} {
		if err := read.fn(f, part[read.heading]); err != nil {
			return nil, fmt.Errorf("%s: %w", read.heading, err)
		}
	}
	for name, a := range amendments {
		if known := f.Shapes[name]; known != nil {
			known.Accept, known.Why = a.Accept, a.Why
		}
	}
	return f, s.check(f, part[""])
}

var pageForm = regexp.MustCompile(`^(\w+) \((\w+) -> (\w+), limit (\w+), items (\w+)\)$`)

// introduce reads what stands before the operations.
func (s service) introduce(f *facts, paragraphs []string) error {
	if !slices.ContainsFunc(paragraphs, func(p string) bool {
		return strings.HasPrefix(p, "`X-Amz-Target: "+s.Prefix+".<Operation>`") && strings.Contains(p, "SigV4 service name `"+s.Name+"`")
	}) {
		return fmt.Errorf("no paragraph says that the target is %s and the signing name %s", s.Prefix, s.Name)
	}
	f.Pagination = map[string]page{}
	for _, p := range paragraphs {
		list, ok := strings.CutPrefix(p, "Paginated: ")
		if !ok {
			continue
		}
		for item := range strings.SplitSeq(strings.TrimSuffix(list, "."), "; ") {
			m := pageForm.FindStringSubmatch(item)
			if m == nil {
				return fmt.Errorf("pagination %q", item)
			}
			f.Pagination[m[1]] = page{Input: m[2], Output: m[3], Limit: m[4], Items: m[5]}
		}
	}
	return nil
}

var unsignedForm = regexp.MustCompile(`^Unsigned \((\d+)\): (.*)\. All others require SigV4\.$`)

// check holds the parts of the notes against each other.
func (s service) check(f *facts, paragraphs []string) error {
	if len(f.Operations) != s.Operations {
		return fmt.Errorf("%d operations, want %d", len(f.Operations), s.Operations)
	}
	var want []string
	for _, p := range paragraphs {
		if m := unsignedForm.FindStringSubmatch(p); m != nil {
			want = strings.Split(m[2], ", ")
			if fmt.Sprint(len(want)) != m[1] {
				return fmt.Errorf("%d unsigned operations are listed, %s announced", len(want), m[1])
			}
		}
	}
	var got []string
	used := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(f.Operations)) {
		op := f.Operations[name]
		if !op.Signed {
			got = append(got, name)
		}
		for _, e := range op.Errors {
			if _, ok := f.Errors[e]; !ok {
				return fmt.Errorf("%s: error %s is not listed", name, e)
			}
		}
		if err := f.use(used, slices.Concat(op.Input, op.Output)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("unsigned operations are %v, announced %v", got, want)
	}
	for name := range f.Pagination {
		if _, ok := f.Operations[name]; !ok {
			return fmt.Errorf("pagination of %s, which is no operation", name)
		}
	}
	for name := range f.Shapes {
		if !used[name] {
			return fmt.Errorf("no operation uses %s", name)
		}
	}
	return nil
}

// simple are the types that have no entry of their own.
var simple = []string{"boolean", "integer", "long", "timestamp", "blob", "json"}

// use marks the types of members, and fails when one is not listed.
func (f *facts) use(used map[string]bool, members []member) error {
	for _, m := range members {
		if err := f.useRef(used, &m.ref); err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	return nil
}

func (f *facts) useRef(used map[string]bool, r *ref) error {
	for _, below := range []*ref{r.List, r.Key, r.Value} {
		if below == nil {
			continue
		}
		if err := f.useRef(used, below); err != nil {
			return err
		}
	}
	if r.Shape == "" || used[r.Shape] || slices.Contains(simple, r.Shape) {
		return nil
	}
	s, ok := f.Shapes[r.Shape]
	if !ok {
		return fmt.Errorf("type %s is not listed", r.Shape)
	}
	used[r.Shape] = true
	return f.use(used, s.Members)
}
