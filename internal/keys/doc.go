// Package keys keeps secrets unreadable without the master key.
//
// Three levels: the master key, from a file or an environment variable, never
// stored in a database; below it the ring key in the control database and one
// data key per environment, each wrapped by the master key; below those, keys
// derived for one purpose each, which seal values (secrets at rest) and tokens
// (state that clients carry). All sealing is AES-256-GCM.
//
// What it guarantees: a wrapped key opens only with the master key it was made
// with and only for its own place, a data key only for its environment; a sealed
// value opens only under the same associated data; a token opens only as the
// kind it was made for, in the environment it was made in, before it expires.
// Opening with the wrong master key is refused and changes nothing.
package keys
