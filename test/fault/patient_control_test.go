package fault_test

import (
	"net/http"
	"testing"

	"preamp/test/harness"
)

// TestModelled is the control of the tests with a database that fails: what they
// accept, and what they do not.
func TestModelled(t *testing.T) {
	t.Parallel()
	failure := func(message, kind string, path any) harness.Result {
		return harness.Result{
			Status: http.StatusOK, Data: harness.M{"createTodo": nil},
			Errors: []harness.M{{"message": message, "errorType": kind, "path": path}},
		}
	}
	path := []any{"createTodo"}
	const kind = "ServiceUnavailableException"
	with := func(r harness.Result, change func(*harness.Result)) harness.Result {
		change(&r)
		return r
	}
	good := failure("the database is unavailable", kind, path)
	for _, tt := range []struct {
		name   string
		answer harness.Result
		ok     bool
	}{
		{"success", harness.Result{Status: http.StatusOK, Data: harness.M{"createTodo": harness.M{"id": "1"}}}, true},
		{"not available", good, true},
		{"unknown outcome", failure("the outcome of the write is unknown", kind, path), true},
		{"whole request", harness.Result{Status: http.StatusServiceUnavailable, Errors: []harness.M{{"message": passing[0], "errorType": kind}}}, true},
		{"whole request with a path", with(good, func(r *harness.Result) { r.Status, r.Data = http.StatusServiceUnavailable, nil }), false},
		{"503 without an error", harness.Result{Status: http.StatusServiceUnavailable}, false},
		{"another type", failure("the database is unavailable", "InternalFailure", path), false},
		{"words of the database", failure("database or disk is full (13)", kind, path), false},
		{"no path", failure("the database is unavailable", kind, nil), false},
		{"status", with(good, func(r *harness.Result) { r.Status = http.StatusInternalServerError }), false},
		{"a value beside the error", with(good, func(r *harness.Result) { r.Data = harness.M{"createTodo": harness.M{}} }), false},
		{"no answer", harness.Result{Err: http.ErrServerClosed}, false},
	} {
		if err := modelled(tt.answer); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
