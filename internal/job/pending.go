package job

import "preamp/internal/errs"

// Pending is the refusal of a call that has to wait for the active job of an
// environment, in the words of the real service, which tools recognise.
func Pending(app, env string) error {
	return errs.E(errs.Conflict, "There is already a pending job for the requested appId: %s and backendEnvironmentName: %s, "+
		"wait for it to complete before creating a new job.", app, env)
}
