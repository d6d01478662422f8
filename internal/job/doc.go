// Package job runs durable jobs: work that was promised in a transaction and is
// done afterwards, once, whatever happens to the process in between.
//
// What it guarantees:
//
//   - A job exists if and only if the transaction that enqueued it committed.
//   - An environment has at most one active job. App-level jobs exclude the jobs
//     of all environments of their app, and are excluded by them.
//   - The effect of a step happens once, also when the process dies between the
//     effect and its record ([Run.EnvStep], [Run.ControlStep]).
//   - A worker that lost its lease can no longer write through a step.
//   - A job that ends FAILED leaves nothing behind: its clean-up runs until it
//     has succeeded, across crashes, and only then does the next job get the
//     environment.
//
// The package knows no job kind and no environment: kinds are passed to [New],
// environment databases are opened through [Config.Acquire]. DESIGN.md tells why
// things are as they are.
package job
