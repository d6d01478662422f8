package job

import (
	"context"
	"encoding/json"
	"fmt"

	"preamp/internal/errs"
)

// Versioned is implemented by args types whose JSON form changed since a
// release. Jobs that an older binary enqueued are read through UpgradeArgs; jobs
// of a newer version are left to a binary that knows them. Args types without
// these methods have version 1.
type Versioned interface {
	// ArgsVersion is the version that this binary writes, at least 1.
	ArgsVersion() int
	// UpgradeArgs turns args of an older version into the present form.
	UpgradeArgs(from int, old json.RawMessage) (json.RawMessage, error)
}

// Kind is a sort of job: a name and what to do.
type Kind struct {
	name    string
	version int
	// encode checks the type of args and writes them.
	encode func(args any) (json.RawMessage, error)
	// run and cleanup decode args of the given version and call the functions.
	run     func(ctx context.Context, r *Run, version int, args json.RawMessage) error
	cleanup func(ctx context.Context, r *Run, version int, args json.RawMessage) error
}

// Name is the kind's name, which is the operation that clients see.
func (k Kind) Name() string { return k.name }

// Define makes a kind of job with args of type A.
//
// run does the work in steps and ends with [Run.Complete]. It is called again
// from its beginning after a crash or an error that may pass; steps that were
// recorded are skipped then. It must be deterministic outside of its steps and
// must return soon after its context ends.
//
// cleanup, which may be nil, removes what run built. It runs when the job failed
// for good or was cancelled, also when run was never called, and is repeated
// until it succeeds; so it must accept that nothing, or only a part, is there.
// Within it, steps are fenced and recorded as in run.
func Define[A any](name string, run func(ctx context.Context, r *Run, args A) error, cleanup func(ctx context.Context, r *Run, args A) error) Kind {
	k := Kind{name: name, version: 1}
	if v, ok := any(*new(A)).(Versioned); ok {
		k.version = v.ArgsVersion()
	}
	k.encode = func(args any) (json.RawMessage, error) {
		if _, ok := args.(A); !ok {
			return nil, fmt.Errorf("job kind %s takes args of type %T, not %T", name, *new(A), args)
		}
		b, err := json.Marshal(args)
		if err != nil {
			return nil, fmt.Errorf("encode args of job kind %s: %w", name, err)
		}
		return b, nil
	}
	if run != nil {
		k.run = decoding(name, run)
	}
	if cleanup != nil {
		k.cleanup = decoding(name, cleanup)
	}
	return k
}

// decoding wraps a function of typed args.
func decoding[A any](name string, fn func(context.Context, *Run, A) error) func(context.Context, *Run, int, json.RawMessage) error {
	return func(ctx context.Context, r *Run, version int, raw json.RawMessage) error {
		var args A
		if v, ok := any(args).(Versioned); ok && version < v.ArgsVersion() {
			upgraded, err := v.UpgradeArgs(version, raw)
			if err != nil {
				return errs.Wrap(errs.Invalid, err, "the job's arguments of version %d cannot be read any more", version)
			}
			raw = upgraded
		}
		if err := json.Unmarshal(raw, &args); err != nil {
			return fmt.Errorf("decode args of job kind %s: %w", name, err)
		}
		return fn(ctx, r, args)
	}
}
