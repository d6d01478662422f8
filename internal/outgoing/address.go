package outgoing

import (
	"net/netip"
)

// special4 are the IPv4 networks that are not the public internet (IANA's
// registry of special-purpose addresses, RFC 6890).
var special4 = prefixes(
	"0.0.0.0/8",       // this network; 0.0.0.0 reaches this machine
	"10.0.0.0/8",      // private
	"100.64.0.0/10",   // carrier-grade NAT
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link-local, and the metadata service of clouds
	"172.16.0.0/12",   // private
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.88.99.0/24",  // 6to4 relays
	"192.168.0.0/16",  // private
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, and broadcast
)

var (
	// global6 is the only part of IPv6 that is handed out to the public.
	global6 = netip.MustParsePrefix("2000::/3")
	// special6 are the networks in it that are not.
	special6 = prefixes(
		"2001::/23",     // protocol assignments, with Teredo and ORCHID
		"2001:db8::/32", // documentation
		"3fff::/20",     // documentation
	)
	// Addresses that stand for an IPv4 address, which decides.
	nat64     = netip.MustParsePrefix("64:ff9b::/96")
	sixToFour = netip.MustParsePrefix("2002::/16")
)

func prefixes(all ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(all))
	for i, s := range all {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// Public says whether an address is one of the public internet, in the form that
// the network sees: an IPv4 address inside an IPv6 address counts as itself.
func Public(a netip.Addr) bool {
	a = a.WithZone("").Unmap()
	if !a.IsValid() {
		return false
	}
	if a.Is4() {
		return !within(special4, a)
	}
	b := a.As16()
	switch {
	case nat64.Contains(a):
		return Public(netip.AddrFrom4([4]byte(b[12:16])))
	case sixToFour.Contains(a):
		return Public(netip.AddrFrom4([4]byte(b[2:6])))
	}
	return global6.Contains(a) && !within(special6, a)
}

func within(all []netip.Prefix, a netip.Addr) bool {
	for _, p := range all {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
