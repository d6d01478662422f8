package errs_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"preamp/internal/errs"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	secret := errors.New("pq: password of root is hunter2")
	for _, tc := range []struct {
		name string
		err  error
		kind errs.Kind
		text string
	}{
		{"foreign error", secret, errs.Internal, "internal error"},
		{"internal error with a cause", errs.Wrap(errs.Internal, secret, "open store"), errs.Internal, "internal error"},
		{"error for the client", errs.E(errs.Invalid, "bad %s", "name"), errs.Invalid, "bad name"},
		{"wrapped on the way up", fmt.Errorf("claim job: %w", errs.Missing("Job", "no such job")), errs.NotFound, "no such job"},
		{"cause stays inside", errs.Wrap(errs.Unavailable, secret, "try again"), errs.Unavailable, "try again"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := errs.Public(tc.err)
			if got.Kind != tc.kind || got.Message != tc.text {
				t.Errorf("Public = %v %q, want %v %q", got.Kind, got.Message, tc.kind, tc.text)
			}
			if errs.KindOf(tc.err) != tc.kind {
				t.Errorf("KindOf = %v, want %v", errs.KindOf(tc.err), tc.kind)
			}
		})
	}
}

func TestErrorKeepsItsCause(t *testing.T) {
	t.Parallel()
	err := errs.Wrap(errs.Unavailable, io.ErrUnexpectedEOF, "read page")
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
	if got, want := err.Error(), "read page: unexpected EOF"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	if got, want := (&errs.Error{Kind: errs.TooMany}).Error(), "too many"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
}
