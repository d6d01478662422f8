// Package fault kills the server: at every step of every job, and at random
// moments under load, on both stores; and it takes away what the server stands
// on, space on the disk and the connection to PostgreSQL. What was acknowledged
// must be there afterwards, every job must end, what fails must fail with an error
// that says that it may pass, and nothing half made may remain. Each check has a
// control that shows that it can fail.
package fault
