package db

import (
	"net"
	"strings"
	"syscall"
	"time"
)

// pgSilence is how long a server that went away without closing its connections
// (a cut network, a dead machine) is waited for.
const pgSilence = 5 * time.Second

// pgDialer connects to the server. Probes find a server that is gone while an
// answer is awaited.
func pgDialer() *net.Dialer {
	return &net.Dialer{
		Timeout: pgSilence,
		KeepAliveConfig: net.KeepAliveConfig{
			Enable: true, Idle: 2 * time.Second, Interval: time.Second, Count: 3,
		},
		Control: func(network, _ string, c syscall.RawConn) error {
			if !strings.HasPrefix(network, "tcp") {
				return nil
			}
			return limitUnacknowledged(c)
		},
	}
}
