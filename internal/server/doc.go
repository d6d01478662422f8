// Package server puts preamp together and runs it. It is the only package that
// knows every feature: each is built here from a plain Config, and what one
// needs of another is passed to it as a function.
package server
