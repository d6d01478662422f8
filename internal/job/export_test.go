package job

// SetSeam makes fn decide at every point of every step whether the attempt ends
// there as in a crash: its lease stays, nothing else is written.
func (e *Engine) SetSeam(fn func(j Job, step, point string) (crash bool)) { e.seam = fn }

// Sweep removes what is too old now.
var Sweep = (*Engine).sweep

// Limits for tests.
const (
	MaxFailures     = maxFailures
	MaxUndoFailures = maxUndoFailures
	MaxCrashes      = maxCrashes
)
