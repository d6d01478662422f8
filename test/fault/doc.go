// Package fault kills the server: at every step of every job, and at random
// moments under load, on both stores. What was acknowledged must be there after
// the restart, every job must end, and nothing half made may remain. Each check
// has a control that shows that it can fail.
package fault
