// Package backend is the registry of what should exist: apps, their
// environments, the resources in them with their desired and their live
// configuration, and the routes that lead from an identifier in a request to the
// environment it belongs to.
//
// Its functions take a transaction or a read of the control database, so that an
// operation composes several of them, and the enqueueing of its job, into one
// transaction. What they guarantee:
//
//   - An environment's key (uid) is random and never used again; the name of an
//     environment that is gone may be.
//   - Version numbers of a resource only grow, also when a version never became
//     live.
//   - A route never moves from one environment to another.
//
// Missing things are errs.NotFound with the resource type that clients are told:
// App, BackendEnvironment, Api, Auth, Storage, Token.
package backend
