package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// targetPackages are the packages of awsJson1_1 services, by facts file.
var targetPackages = map[string]string{"cognito-idp.json": "userpool/idp", "cognito-identity.json": "identitypool/wire"}

// TestTargetCommitted holds the committed code against the facts.
func TestTargetCommitted(t *testing.T) {
	t.Parallel()
	for facts, path := range targetPackages {
		dir := filepath.Join("..", "..", "internal", filepath.FromSlash(path))
		raw := readFile(t, facts)
		files, err := Generate(raw, filepath.Base(dir))
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range files {
			if !bytes.Equal(text, readFile(t, filepath.Join(dir, name))) {
				t.Errorf("%s of %s is not what the facts give: run go generate ./internal/%s", name, path, path)
			}
		}
		present, err := filepath.Glob(filepath.Join(dir, "zz_generated_*.go"))
		if err != nil {
			t.Fatal(err)
		}
		if len(present) != len(files) {
			t.Errorf("%s: %d generated files are there, %d are made", path, len(present), len(files))
		}
		for range 3 {
			again, err := Generate(raw, filepath.Base(dir))
			if err != nil {
				t.Fatal(err)
			}
			for name, text := range files {
				if !bytes.Equal(text, again[name]) {
					t.Fatalf("%s of %s differs from one run to the next", name, path)
				}
			}
		}
	}
}

// targetFacts is a facts file with one operation.
func targetFacts(input, output, shapes string) []byte {
	return []byte(`{"metadata":{"protocol":"json","signingName":"svc","targetPrefix":"Svc"},"errors":{"AException":{"status":400}},
		"shapes":{` + shapes + `},"operations":{"Op":{"signed":true,"input":[` + input + `],"output":[` + output + `],"errors":["AException"]}}}`)
}

// TestGenerateTarget looks at what stands in the code of a small service.
func TestGenerateTarget(t *testing.T) {
	t.Parallel()
	files, err := Generate(targetFacts(`
		{"name":"PoolId","required":true,"shape":"PoolIdType"},
		{"name":"Note","shape":"NoteType"},
		{"name":"Free","shape":"StringType"},
		{"name":"Flag","shape":"boolean"},
		{"name":"On","shape":"boolean","required":true},
		{"name":"Days","shape":"DaysType"},
		{"name":"Count","shape":"long"},
		{"name":"Flow","shape":"FlowType"},
		{"name":"Image","shape":"blob"},
		{"name":"Document","shape":"json","required":true},
		{"name":"Tags","key":{"shape":"NoteType"},"value":{"shape":"FlowType"},"max":9},
		{"name":"headerName","list":{"shape":"Deep"},"required":true,"min":1,"max":2},
		{"name":"Days2","list":{"shape":"DaysType"}},
		{"name":"Deep","shape":"Deep"},
		{"name":"Must","shape":"Deep","required":true}`,
		`{"name":"At","shape":"timestamp"},{"name":"Login","shape":"SecretType"}`,
		`"PoolIdType":{"type":"string","min":1,"max":55,"pattern":"[\\w-]+_x"},
		"NoteType":{"type":"string","max":9},
		"StringType":{"type":"string","min":0,"max":131072},
		"SecretType":{"type":"string","sensitive":true,"pattern":"(?<!x)"},
		"PassType":{"type":"string","sensitive":true,"max":256,"pattern":"\\S+","accept":"a`+"`"+`+","why":"Because."},
		"DaysType":{"type":"integer","min":0},
		"FlowType":{"type":"string","enum":["USER_SRP_AUTH","code","V1_0","InProgress"]},
		"Deep":{"type":"structure","members":[{"name":"Password","shape":"PassType"}]}`), "svc")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, text := range files {
		all.Write(text)
	}
	code := strings.Join(strings.Fields(all.String()), " ")
	for _, want := range []string{
		"package svc",
		"PoolID string `json:\"PoolId\"`",
		"Note *string `json:\"Note,omitzero\"`",
		"Free string `json:\"Free,omitzero\"`",
		"Flag *bool `json:\"Flag,omitzero\"`",
		"On bool `json:\"On\"`",
		"Days *int32 `json:\"Days,omitzero\"`",
		"Count *int64 `json:\"Count,omitzero\"`",
		"Flow string `json:\"Flow,omitzero\"` // one of FlowType*",
		"Image []byte `json:\"Image,omitzero\"`",
		"Document json.RawMessage `json:\"Document,omitzero\"`",
		"Tags map[string]string `json:\"Tags,omitzero\"`",
		"HeaderName []Deep `json:\"headerName\"`",
		"Deep *Deep `json:\"Deep,omitzero\"`",
		"Must Deep `json:\"Must\"`",
		"At awswire.Timestamp `json:\"At,omitzero\"`",
		"func (v OpInput) MarshalJSON() ([]byte, error) { type plain OpInput if v.HeaderName == nil { v.HeaderName = []Deep{} }",
		`func (v OpOutput) String() string { return "OpOutput{[redacted]}" }`,
		`func (v OpInput) LogValue() slog.Value { return slog.StringValue(v.String()) }`,
		`const ( FlowTypeUserSRPAuth = "USER_SRP_AUTH" FlowTypeCode = "code" FlowTypeV10 = "V1_0" FlowTypeInProgress = "InProgress" )`,
		`const ( AException = "AException" )`,
		"var textPoolIdType = awswire.Text{Min: 1, Max: 55, Pattern: awswire.NewPattern(`[\\w-]+_x`)}",
		"// The pattern of the model is \\S+. Because. var textPassType = awswire.Text{Max: 256, Pattern: awswire.NewPattern(\"a`+\"), Sensitive: true}",
		"var textFlowType = awswire.Text{Enum: []string{FlowTypeUserSRPAuth, FlowTypeCode, FlowTypeV10, FlowTypeInProgress}}",
		`{Name: "PoolId", Required: true},`,
		"v.PoolID, err = textPoolIdType.Decode(d)",
		"v.Note, err = awswire.Ptr(textNoteType.Decode(d))",
		"v.Days, err = awswire.Ptr(d.Int(awswire.Range{Min: 0, Max: 2147483647}))",
		"v.Tags, err = awswire.MapOf(d, awswire.Size{Max: 9}, &textNoteType, textFlowType.Decode)",
		"v.HeaderName, err = awswire.ListOf(d, awswire.Size{Min: 1, Max: 2}, decodeDeep)",
		"v.Days2, err = awswire.ListOf(d, awswire.Size{}, func(d *awswire.Decoder) (int32, error) { return d.Int(",
		"v.Deep, err = awswire.Ptr(decodeDeep(d))",
		"v.Must, err = decodeDeep(d)",
		"Op(ctx context.Context, in *OpInput) (*OpOutput, error)",
		`awswire.DefineAction(awswire.Action{Name: "Op", Errors: []string{AException}}, decodeOpInput, s.Op),`,
		`return nil, notAvailable("Op")`,
	} {
		if !strings.Contains(code, want) {
			t.Errorf("the code does not have %s", want)
		}
	}
	for _, not := range []string{"textSecretType", "decodeOpOutput"} {
		if strings.Contains(code, not) {
			t.Errorf("the code has %s, which no input needs", not)
		}
	}
}

// TestTargetRefused: facts that the generator does not understand are an error.
func TestTargetRefused(t *testing.T) {
	t.Parallel()
	small := targetFacts("", "", "")
	for name, tt := range map[string]struct {
		raw  []byte
		want string
	}{
		"no operations":       {[]byte(`{"metadata":{"protocol":"json"}}`), "no operations"},
		"wrong form":          {bytes.Replace(small, []byte(`[]`), []byte(`{}`), 1), "cannot unmarshal"},
		"no prefix":           {bytes.Replace(small, []byte(`"Svc"`), []byte(`""`), 1), "no target prefix"},
		"no name":             {bytes.Replace(small, []byte(`"svc"`), []byte(`""`), 1), "no signing name"},
		"unknown error":       {bytes.Replace(small, []byte(`"errors":["A`), []byte(`"errors":["B`), 1), "BException is not listed"},
		"unknown type":        {targetFacts(`{"name":"A","shape":"X"}`, "", ""), `type "X"`},
		"no type":             {targetFacts("", `{"name":"A"}`, ""), `type ""`},
		"unsupported type":    {targetFacts(`{"name":"A","shape":"X"}`, "", `"X":{"type":"double"}`), `"double"`},
		"list of unknown":     {targetFacts(`{"name":"A","list":{"shape":"X"}}`, "", ""), `type "X"`},
		"map of unknown":      {targetFacts(`{"name":"A","key":{"shape":"S"},"value":{"shape":"X"}}`, "", `"S":{"type":"string"}`), `type "X"`},
		"unknown key":         {targetFacts(`{"name":"A","key":{"shape":"X"},"value":{"shape":"X"}}`, "", ""), `type "X"`},
		"number as key":       {targetFacts(`{"name":"A","key":{"shape":"integer"},"value":{"shape":"S"}}`, "", `"S":{"type":"string"}`), "keys of a map"},
		"pattern":             {targetFacts(`{"name":"A","shape":"X"}`, "", `"X":{"type":"string","pattern":"(?<!x)"}`), "invalid"},
		"accepted":            {targetFacts(`{"name":"A","shape":"X"}`, "", `"X":{"type":"string","accept":"("}`), "missing"},
		"time in an input":    {targetFacts(`{"name":"A","shape":"timestamp"}`, "", ""), "timestamp"},
		"structure in itself": {targetFacts(`{"name":"A","shape":"X"}`, "", `"X":{"type":"structure","members":[{"name":"B","list":{"shape":"X"}}]}`), "contains itself"},
		"name taken":          {targetFacts("", "", `"OpInput":{"type":"structure"}`), "OpInput is a structure"},
		"no go code":          {targetFacts(`{"name":"A-B","shape":"boolean"}`, "", ""), "zz_generated_"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Generate(tt.raw, "svc"); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
