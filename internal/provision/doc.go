// Package provision makes resources live: the job kinds behind the control
// plane's operations, and what is told about the result (amplify-meta.json,
// client configuration files, the server's status).
//
// Every kind publishes last. Until its job completes a client sees what was
// there before; when it fails or is cancelled, nothing that it made is left.
// The steps are idempotent under the protocol of package job, so a job that was
// killed anywhere goes on where it stopped.
package provision
