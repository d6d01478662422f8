package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const notesFile = "cognito-shapes.md"

func readNotes(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(notesFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestCommitted holds the committed facts against the notes.
func TestCommitted(t *testing.T) {
	t.Parallel()
	files, err := Convert(readNotes(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 2 {
		t.Errorf("%d files, want 2", len(files))
	}
	for name, text := range files {
		committed, err := os.ReadFile(filepath.Join("..", "awsgen", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(text, committed) {
			t.Errorf("%s is not what the notes give: run go run ./awsfacts -notes awsfacts/%s -out awsgen", name, notesFile)
		}
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := run(notesFile, dir); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][2]string{{"", dir}, {notesFile, ""}, {"absent.md", dir}, {notesFile, filepath.Join(dir, "absent")}} {
		if err := run(args[0], args[1]); err == nil {
			t.Errorf("run(%q) succeeds", args)
		}
	}
}

// TestFacts looks at facts of every kind, as a reader of the notes has them.
func TestFacts(t *testing.T) {
	t.Parallel()
	files, err := Convert(readNotes(t))
	if err != nil {
		t.Fatal(err)
	}
	var idp, identity facts
	for name, f := range map[string]*facts{"cognito-idp.json": &idp, "cognito-identity.json": &identity} {
		if err := json.Unmarshal(files[name], f); err != nil {
			t.Fatal(err)
		}
	}
	count := func(f facts, typ string, enum bool) (n int) {
		for _, s := range f.Shapes {
			if s.Type == typ && enum == (s.Enum != nil) {
				n++
			}
		}
		return n
	}
	for name, tt := range map[string]struct{ got, want any }{
		"operations":           {len(idp.Operations), 122},
		"identity operations":  {len(identity.Operations), 23},
		"enumerations":         {count(idp, "string", true), 52},
		"target":               {identity.Metadata.TargetPrefix, "AWSCognitoIdentityService"},
		"pagination":           {idp.Pagination["ListUsers"], page{Input: "PaginationToken", Output: "PaginationToken", Limit: "Limit", Items: "Users"}},
		"signed":               {idp.Operations["ListUsers"].Signed, true},
		"unsigned":             {idp.Operations["SignUp"].Signed, false},
		"no output":            {idp.Operations["DeleteUser"].Output, []member{}},
		"server fault":         {idp.Errors["InternalErrorException"], fault{500}},
		"error":                {idp.Errors["AliasExistsException"], fault{400}},
		"errors in order":      {idp.Operations["GetSigningCertificate"].Errors, []string{"InternalErrorException", "InvalidParameterException", "ResourceNotFoundException"}},
		"open range":           {idp.Shapes["SecretCodeType"], &shape{Type: "string", Min: new(int64(16)), Pattern: "[A-Za-z0-9]+", Sensitive: true}},
		"number":               {idp.Shapes["PrecedenceType"], &shape{Type: "integer", Min: new(int64(0))}},
		"no range":             {identity.Shapes["OIDCToken"], &shape{Type: "string", Sensitive: true}},
		"values of all kinds":  {idp.Shapes["TermsEnforcementType"], &shape{Type: "string", Enum: []string{"NONE"}}},
		"sensitive structure":  {idp.Shapes["UserContextDataType"].Sensitive, true},
		"deprecated":           {idp.Shapes["UserPoolDescriptionType"].Members[3], member{Name: "Status", ref: ref{Shape: "StatusType"}}},
		"amended":              {idp.Shapes["PasswordType"].Accept, `[\S]+( +[\S]+)*`},
		"name in another case": {idp.Shapes["HttpHeader"].Members[0].Name, "headerName"},
		"list": {idp.Operations["AddCustomAttributes"].Input[1], member{Name: "CustomAttributes", Required: true, ref: ref{
			List: &ref{Shape: "SchemaAttributeType"}, Min: new(int64(1)), Max: new(int64(25)),
		}}},
		"map over two lines": {idp.Operations["CreateTerms"].Input[5], member{Name: "Links", ref: ref{
			Key: &ref{Shape: "LanguageIdType"}, Value: &ref{Shape: "LinkUrlType"}, Min: new(int64(1)), Max: new(int64(13)),
		}}},
	} {
		if !reflect.DeepEqual(tt.got, tt.want) {
			t.Errorf("%s: %+v, want %+v", name, tt.got, tt.want)
		}
	}
}

// TestRefused: notes that the converter does not understand, or that contradict
// themselves, are an error.
func TestRefused(t *testing.T) {
	t.Parallel()
	notes := readNotes(t)
	for name, tt := range map[string]struct{ old, with, want string }{
		"no section":            {"## 2. cognito-identity", "## 3. cognito-identity", "no section"},
		"section twice":         {"## 2. cognito-identity (identity pools)", "## 1. cognito-idp (user pools)", "twice"},
		"other target":          {"AWSCognitoIdentityProviderService.<Op", "Other.<Op", "no paragraph"},
		"fewer unsigned":        {"Unsigned (32): AssociateSoftwareToken, ", "Unsigned (32): ", "31 unsigned"},
		"other unsigned":        {"**SignUp** (none)", "**SignUp** (sigv4)", "unsigned operations are"},
		"unknown signature":     {"**SignUp** (none)", "**SignUp** (maybe)", "operation"},
		"operation twice":       {"**SignUp** (none)", "**DeleteUser** (none)", "twice"},
		"unknown type":          {"Username*: UsernameType; Password: PasswordType; UserAttributes", "Username*: NameType; Password: PasswordType; UserAttributes", "NameType is not listed"},
		"unused type":           {"- **CSSVersionType**: string", "- **CSSVersionType**: string\n- **OtherType**: string", "no operation uses OtherType"},
		"type twice":            {"- **CSSVersionType**: string", "- **CSSVersionType**: string\n- **CSSVersionType**: string", "twice"},
		"other base":            {"- **CSSVersionType**: string", "- **CSSVersionType**: text", "scalar type"},
		"no member form":        {"- **UsernameConfigurationType**: CaseSensitive*: boolean", "- **UsernameConfigurationType**: CaseSensitive", "member"},
		"member twice":          {"- **UsernameConfigurationType**: CaseSensitive*: boolean", "- **UsernameConfigurationType**: A: boolean; A: boolean", "twice"},
		"no type":               {"- **UsernameConfigurationType**: CaseSensitive*: boolean", "- **UsernameConfigurationType**: A: <boolean>", "type"},
		"map without value":     {"- **UsernameConfigurationType**: CaseSensitive*: boolean", "- **UsernameConfigurationType**: A: {boolean}", "type"},
		"unknown error":         {"AccessDeniedException, AliasExists", "AliasExists", "AccessDeniedException is not listed"},
		"unknown server fault":  {"Server faults (HTTP 500): InternalErrorException, ", "Server faults (HTTP 500): OtherException, ", "OtherException is not listed"},
		"no list of errors":     {"- err: InternalError~, InvalidParameter~, ResourceNotFound~\n", "- err: InternalError\n", "error"},
		"other pagination":      {"Paginated: AdminListGroupsForUser (NextToken", "Paginated: AdminListGroupsForUser NextToken", "pagination"},
		"pagination of nothing": {"Paginated: AdminListGroupsForUser", "Paginated: NoOperation", "no operation"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(notes, tt.old) {
				t.Fatalf("the notes do not have %q", tt.old)
			}
			_, err := Convert(strings.Replace(notes, tt.old, tt.with, 1))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
