package outgoing_test

import (
	"net/netip"
	"testing"

	"preamp/internal/outgoing"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, addr string
		want       bool
	}{
		{"public", "1.1.1.1", true},
		{"public IPv6", "2606:4700:4700::1111", true},
		{"public, mapped", "::ffff:1.1.1.1", true},
		{"public by NAT64", "64:ff9b::101:101", true},
		{"public by 6to4", "2002:101:101::1", true},
		{"loopback", "127.0.0.1", false},
		{"loopback, the other end", "127.255.255.254", false},
		{"loopback IPv6", "::1", false},
		{"loopback, mapped", "::ffff:127.0.0.1", false},
		{"loopback, mapped and in hex", "::ffff:7f00:1", false},
		{"loopback, compatible", "::127.0.0.1", false},
		{"loopback by NAT64", "64:ff9b::7f00:1", false},
		{"loopback by 6to4", "2002:7f00:1::", false},
		{"loopback, translated", "::ffff:0:127.0.0.1", false},
		{"unspecified", "0.0.0.0", false},
		{"this network", "0.1.2.3", false},
		{"unspecified IPv6", "::", false},
		{"private 10", "10.0.0.1", false},
		{"private 172", "172.16.0.1", false},
		{"private 172, the end", "172.31.255.255", false},
		{"beside private 172", "172.32.0.1", true},
		{"private 192", "192.168.0.1", false},
		{"private by NAT64", "64:ff9b::a00:1", false},
		{"carrier-grade NAT", "100.64.0.1", false},
		{"beside carrier-grade NAT", "100.128.0.1", true},
		{"metadata", "169.254.169.254", false},
		{"metadata, mapped", "::ffff:169.254.169.254", false},
		{"metadata of AWS by IPv6", "fd00:ec2::254", false},
		{"link-local IPv6", "fe80::1", false},
		{"link-local IPv6 with a zone", "fe80::1%eth0", false},
		{"site-local IPv6", "fec0::1", false},
		{"unique local IPv6", "fc00::1", false},
		{"multicast", "224.0.0.1", false},
		{"multicast IPv6", "ff02::1", false},
		{"broadcast", "255.255.255.255", false},
		{"reserved", "240.0.0.1", false},
		{"documentation", "192.0.2.1", false},
		{"documentation IPv6", "2001:db8::1", false},
		{"benchmarks", "198.18.0.1", false},
		{"Teredo", "2001:0:102:304::1", false},
		{"NAT64 of a site", "64:ff9b:1::a00:1", false},
		{"discard", "100::1", false},
	} {
		a := netip.MustParseAddr(tc.addr)
		if got := outgoing.Public(a); got != tc.want {
			t.Errorf("%s: Public(%s) = %v", tc.name, tc.addr, got)
		}
	}
	if outgoing.Public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

func FuzzPublic(f *testing.F) {
	f.Add([]byte{127, 0, 0, 1})
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, ok := netip.AddrFromSlice(raw)
		if !ok {
			return
		}
		// The form of an address is no way around.
		if a.Is4() && outgoing.Public(a) != outgoing.Public(netip.AddrFrom16(a.As16())) {
			t.Errorf("%s counts differently when it is mapped", a)
		}
		u := a.Unmap()
		if outgoing.Public(a) && (u.IsLoopback() || u.IsPrivate() || u.IsLinkLocalUnicast() || u.IsMulticast() || u.IsUnspecified() ||
			u.IsInterfaceLocalMulticast() || u.IsLinkLocalMulticast()) {
			t.Errorf("%s is public", a)
		}
	})
}
