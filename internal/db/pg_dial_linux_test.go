package db

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

func TestDialerFindsSilentServers(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := pgDialer().DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []struct {
		name         string
		level, which int
		want         int
	}{
		{"unacknowledged data, ms", unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 5000},
		{"keep-alive", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{"idle before probes, s", unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 2},
		{"between probes, s", unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 1},
		{"probes", unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3},
	} {
		var got int
		var failed error
		if err := raw.Control(func(fd uintptr) { got, failed = unix.GetsockoptInt(int(fd), o.level, o.which) }); err != nil {
			t.Fatal(err)
		}
		if failed != nil || got != o.want {
			t.Errorf("%s: %d, %v; want %d", o.name, got, failed, o.want)
		}
	}
}
