package config

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// masterKeyBytes is the size of a master key.
const masterKeyBytes = 32

// serve checks what a production server demands beside the form.
func (r *reader) serve(environ []string, insecure bool) {
	c, demand := r.c, r.demand
	switch {
	case c.PublicURL == "":
		if !r.failed("public_url") {
			demand("public_url", "is required by serve: the address under which clients reach this server, such as https://backend.example.com")
		}
	case strings.HasPrefix(c.PublicURL, "http://") && !insecure:
		demand("public_url", "must begin with https:// (or start with --insecure)")
	}

	file, env := c.MasterKey.File, c.MasterKey.Env
	switch {
	case file != "" && env != "":
		demand("master_key", "has both file and env: give one")
	case file != "":
		if problem := checkKeyFile(file); problem != "" {
			demand("master_key.file", "%s", problem)
		}
	case env != "":
		text, ok := lookup(environ, env)
		switch {
		case !ok || strings.TrimSpace(text) == "":
			demand("master_key.env", "names the variable %s, which is not set", env)
		case !isKey(text):
			demand("master_key.env", "names the variable %s, which does not hold %d bytes in base64 (make one with: openssl rand -base64 32)", env, masterKeyBytes)
		}
	case !r.failed("master_key"):
		demand("master_key", "is required by serve: set master_key.file or master_key.env (make a key with: openssl rand -base64 32)")
	}

	cert, key := c.TLS.Cert, c.TLS.Key
	switch {
	case cert == "" && key == "":
		if !insecure && !r.failed("tls") {
			demand("tls", "is required by serve: set tls.cert and tls.key (or start with --insecure behind a proxy that ends TLS)")
		}
	case cert == "":
		demand("tls.cert", "is missing: tls.key alone is of no use")
	case key == "":
		demand("tls.key", "is missing: tls.cert alone is of no use")
	default:
		if _, err := tls.LoadX509KeyPair(cert, key); err != nil {
			demand("tls", "cannot be used: %s", err)
		}
	}
	r.serveMessages(environ)
}

// failed reports whether a key at or below path has a problem already; one
// mistake is reported once.
func (r *reader) failed(path string) bool {
	for _, p := range r.problems {
		if p.Key == path || strings.HasPrefix(p.Key, path+".") || p.Key == variable(path) ||
			strings.HasPrefix(p.Key, variable(path)+"_") {
			return true
		}
	}
	return false
}

func checkKeyFile(name string) string {
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Sprintf("cannot be read: %s", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Sprintf("names %s, which is not a file", name)
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return fmt.Sprintf("names %s, which others may read (mode %04o): chmod 600 %s", name, mode, name)
	}
	if info.Size() > maxFile {
		return fmt.Sprintf("names %s, which is too large for a key", name)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return fmt.Sprintf("cannot be read: %s", err)
	}
	if !isKey(string(text)) {
		return fmt.Sprintf("names %s, which does not hold %d bytes in base64 (make one with: openssl rand -base64 32)", name, masterKeyBytes)
	}
	return ""
}

func isKey(text string) bool {
	raw, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(text))
	return err == nil && len(raw) == masterKeyBytes
}

func lookup(environ []string, name string) (string, bool) {
	for _, entry := range environ {
		if n, v, ok := strings.Cut(entry, "="); ok && n == name {
			return v, true
		}
	}
	return "", false
}
