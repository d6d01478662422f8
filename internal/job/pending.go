package job

import "preamp/internal/errs"

// Pending is the refusal of a call that has to wait for the active job of an
// environment, in the words of the real service.
func Pending(app, env string) error {
	return errs.E(errs.Conflict, "%s", pendingText(app, env))
}
