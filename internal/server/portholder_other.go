//go:build !linux

package server

// portHolder is known on Linux only.
func portHolder(string) (string, bool) { return "", false }
