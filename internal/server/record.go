package server

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// Record is what a running server leaves in its data directory for the commands
// that speak to it.
type Record struct {
	PID       int    `json:"pid"`
	URL       string `json:"url"`
	TLSURL    string `json:"tls_url"`
	Token     string `json:"token"`
	StartedMS int64  `json:"started_ms"`
	Version   string `json:"version"`
}

// RecordFile is the name of the record in the data directory.
const RecordFile = "server.json"

func pid() int { return os.Getpid() }

// writeRecord leaves the record, readable by the owner only. The commands reach the server on this machine, whatever its public URL.
func (s *Server) writeRecord() error {
	s.token = rand.Text()
	raw, err := json.Marshal(Record{
		PID: pid(), URL: "http://" + localAddr(s.listener.Addr()), TLSURL: "https://" + localAddr(s.listener.Addr()),
		Token: s.token, StartedMS: s.started.UnixMilli(), Version: s.version,
	})
	if err != nil {
		return err
	}
	path := filepath.Join(s.data, RecordFile)
	// Written aside and renamed: a command never reads half a record.
	aside := path + ".new"
	if err := os.WriteFile(aside, raw, 0o600); err != nil {
		return fmt.Errorf("write the server's record: %w", err)
	}
	return os.Rename(aside, path)
}

// removeRecord removes the record unless another server has put its own there.
func (s *Server) removeRecord() {
	path := filepath.Join(s.data, RecordFile)
	raw, err := os.ReadFile(path)
	var r Record
	if err != nil || json.Unmarshal(raw, &r) != nil || r.Token != s.token {
		return
	}
	if err := os.Remove(path); err != nil {
		s.logger.Warn("remove the server's record", "error", err)
	}
}

// localAddr is an address by which this machine reaches the listener.
func localAddr(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return a.String()
	}
	ip := "127.0.0.1"
	if tcp.IP.To4() == nil && len(tcp.IP) == net.IPv6len {
		ip = "::1"
	}
	return net.JoinHostPort(ip, fmt.Sprint(tcp.Port))
}

// bindError explains why an address cannot be bound.
func bindError(addr string, err error) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	holder := ""
	if p, ok := portHolder(addr); ok {
		holder = " by " + p
	}
	return fmt.Errorf("address %s is in use%s: stop that process, or choose another port with --listen (127.0.0.1:0 takes a free one)", addr, holder)
}
