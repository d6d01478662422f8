package server

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// portHolder names the process that listens on the port of an address, as far as
// /proc shows it to this user.
func portHolder(addr string) (string, bool) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "", false
	}
	inodes := listeners(fmt.Sprintf(":%04X", n))
	if len(inodes) == 0 {
		return "", false
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil || !inodes[target] {
			continue
		}
		process := strings.Split(link, "/")[2]
		name, _ := os.ReadFile(filepath.Join("/proc", process, "comm"))
		return fmt.Sprintf("%s (pid %s)", strings.TrimSpace(string(name)), process), true
	}
	return "", false
}

// listeners are the socket links of the TCP sockets in state LISTEN on a port.
func listeners(port string) map[string]bool {
	const stateListen = "0A"
	found := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table)
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			fields := strings.Fields(lines.Text())
			if len(fields) > 9 && fields[3] == stateListen && strings.HasSuffix(fields[1], port) {
				found["socket:["+fields[9]+"]"] = true
			}
		}
		_ = f.Close()
	}
	return found
}
