package amplifybackend_test

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"testing"

	"preamp/internal/amplifybackend"
	"preamp/internal/awswire"
	"preamp/internal/errs"
)

// operation is one operation of the table with its facts.
func operation(t testing.TB, name string) (awswire.Operation, operationFact) {
	t.Helper()
	for _, op := range amplifybackend.Operations(amplifybackend.Unavailable{}) {
		if op.Name == name {
			return op, readFacts(t)[name]
		}
	}
	t.Fatalf("no operation %s", name)
	return awswire.Operation{}, operationFact{}
}

// answers are the answers of all operations, as the Service interface has them.
func answers(t *testing.T) map[string]reflect.Type {
	t.Helper()
	service := reflect.TypeFor[amplifybackend.Service]()
	m := map[string]reflect.Type{}
	for method := range service.Methods() {
		m[method.Name] = method.Type.Out(0).Elem()
	}
	return m
}

// TestAnswer fills answers from the facts and writes them: names, order and
// types must come out as they are in the facts.
func TestAnswer(t *testing.T) {
	t.Parallel()
	types := answers(t)
	each(t, func(t *testing.T, f operationFact, op awswire.Operation) {
		for _, all := range []bool{false, true} {
			want := text(t, f.Output.value(all))
			out := reflect.New(types[op.Name])
			if err := json.Unmarshal(want, out.Interface()); err != nil {
				t.Fatal(err)
			}
			if got := text(t, out.Interface()); !bytes.Equal(got, want) {
				t.Errorf("wrote %s, want %s", got, want)
			}
		}
	})
}

// TestAbsentAndEmpty: absent members are left out, zero values and empty lists
// are written, and a required list is never null.
func TestAbsentAndEmpty(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		v    any
		want string
	}{
		{"no list", amplifybackend.ListBackendJobsResponse{}, `{}`},
		{"empty list", amplifybackend.ListBackendJobsResponse{Jobs: []amplifybackend.BackendJobRespObj{}}, `{"jobs":[]}`},
		{"required members", amplifybackend.BackendJobRespObj{}, `{"appId":"","backendEnvironmentName":""}`},
		{"false", amplifybackend.DeleteTokenResponse{IsSuccess: new(false)}, `{"isSuccess":false}`},
		{"empty text", amplifybackend.CreateTokenResponse{TTL: new("")}, `{"ttl":""}`},
		{"zero number", amplifybackend.BackendAPIAppSyncAuthSettings{ExpirationTime: new(0.0)}, `{"expirationTime":0}`},
		{"required list", amplifybackend.BackendStoragePermissions{}, `{"authenticated":[]}`},
		{
			"required list below a pointer",
			amplifybackend.GetBackendStorageResponse{
				ResourceConfig: &amplifybackend.GetBackendStorageResourceConfig{Permissions: &amplifybackend.BackendStoragePermissions{}, ServiceName: "S3"},
			},
			`{"resourceConfig":{"imported":false,"permissions":{"authenticated":[]},"serviceName":"S3"}}`,
		},
		{"no html escapes", amplifybackend.GetBackendResponse{AppName: new("<a&b>")}, `{"appName":"<a&b>"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := string(text(t, tt.v)); got != tt.want {
				t.Errorf("wrote %s, want %s", got, tt.want)
			}
		})
	}
}

func TestUnavailable(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f operationFact, op awswire.Operation) {
		in, err := op.Decode(labels(f.URI), text(t, f.Input.value(false)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = op.Call(context.Background(), in)
		if want := op.Name + " is not available in this version"; errs.KindOf(err) != errs.Invalid || errs.Public(err).Message != want {
			t.Errorf("got %v, want %q", err, want)
		}
	})
}
