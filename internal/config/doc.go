// Package config reads preamp.yaml. It is strict: an unknown key, a value of
// the wrong type, a duplicate or a YAML alias is a problem with its line and
// column, and all problems are reported at once. What is read this way needs no
// further check by its users. The table of keys in keys.go is the only place
// that knows them; the reference documentation is generated from it.
package config
