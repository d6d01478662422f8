package hostedui_test

import (
	"strings"
	"testing"

	"preamp/internal/userpool/hostedui"
)

// TestQR reads pictures back, without the code that draws them: the mask from the
// format, the codewords from their columns, the blocks apart, whose syndromes have
// to be zero, and the text.
func TestQR(t *testing.T) {
	t.Parallel()
	versions := map[int]bool{}
	for n := 0; n <= 666; n += 7 {
		text := strings.Repeat("otpauth://totp/é?", n/17+1)[:n]
		version, dark, fixed, err := hostedui.QR(text)
		must(t, "draw", err)
		versions[version] = true
		if got := readQR(t, version, dark, fixed); got != text {
			t.Fatalf("version %d, %d bytes: %q", version, n, got)
		}
	}
	if len(versions) != 20 {
		t.Errorf("%d versions", len(versions))
	}
	if _, err := hostedui.QRSVG(strings.Repeat("x", 667)); err == nil {
		t.Error("more than fits")
	}
	svg, err := hostedui.QRSVG("x")
	must(t, "draw", err)
	if !strings.HasPrefix(svg, "<svg ") || strings.Contains(svg, "style") {
		t.Errorf("%s", svg)
	}
}

var masks = []func(r, c int) bool{ // by row and column, as the standard writes them
	func(i, j int) bool { return (i+j)%2 == 0 },
	func(i, _ int) bool { return i%2 == 0 },
	func(_, j int) bool { return j%3 == 0 },
	func(i, j int) bool { return (i+j)%3 == 0 },
	func(i, j int) bool { return (i/2+j/3)%2 == 0 },
	func(i, j int) bool { return (i*j)%2+(i*j)%3 == 0 },
	func(i, j int) bool { return ((i*j)%2+(i*j)%3)%2 == 0 },
	func(i, j int) bool { return ((i+j)%2+(i*j)%3)%2 == 0 },
}

func readQR(t *testing.T, version int, dark, fixed [][]bool) string {
	t.Helper()
	size := len(dark)
	if size != 17+4*version || !dark[size-8][8] {
		t.Fatalf("version %d of %d modules", version, size)
	}
	format := 0
	for _, at := range [][2]int{{8, 0}, {8, 1}, {8, 2}, {8, 3}, {8, 4}, {8, 5}, {8, 7}, {8, 8}, {7, 8}, {5, 8}, {4, 8}, {3, 8}, {2, 8}, {1, 8}, {0, 8}} {
		format <<= 1
		if dark[at[0]][at[1]] {
			format |= 1
		}
	}
	format ^= 0b101010000010010
	if format>>13 != 0 { // 00 is level M
		t.Fatalf("level %b", format>>13)
	}
	mask := masks[format>>10&7]
	var words []byte
	n := 0
	for right := size - 1; right > 0; right -= 2 {
		if right == 6 {
			right--
		}
		for k := range size {
			i := k
			if (size-1-right)/2%2 == 0 && right > 6 || right < 6 && (size-2-right)/2%2 == 0 {
				i = size - 1 - k
			}
			for _, j := range []int{right, right - 1} {
				if fixed[i][j] {
					continue
				}
				if n%8 == 0 {
					words = append(words, 0)
				}
				if dark[i][j] != mask(i, j) {
					words[n/8] |= 0x80 >> (n % 8)
				}
				n++
			}
		}
	}
	check, blocks := hostedui.QRBlocks(version)
	return readText(t, version, apart(t, words[:n/8], check, blocks))
}

// apart takes the blocks apart, and answers their data in a row.
func apart(t *testing.T, words []byte, check, blocks int) (data []byte) {
	t.Helper()
	short := len(words)/blocks - check
	long := len(words) % blocks
	list := make([][]byte, blocks)
	for i := range short + 1 {
		for b := range list {
			if i < short || b >= blocks-long {
				list[b] = append(list[b], words[0])
				words = words[1:]
			}
		}
	}
	for _, block := range list {
		data = append(data, block...)
	}
	for range check {
		for b := range list {
			list[b] = append(list[b], words[0])
			words = words[1:]
		}
	}
	for _, block := range list {
		root := byte(1)
		for range check {
			var sum byte
			for _, w := range block {
				sum = product(sum, root) ^ w
			}
			if sum != 0 {
				t.Fatal("the error correction is wrong")
			}
			root = product(root, 2)
		}
	}
	return data
}

// product multiplies modulo x^8+x^4+x^3+x^2+1.
func product(a, b byte) byte {
	out := 0
	for i := range 8 {
		if b>>i&1 == 1 {
			out ^= int(a) << i
		}
	}
	for i := 14; i >= 8; i-- {
		if out>>i&1 == 1 {
			out ^= 0x11d << (i - 8)
		}
	}
	return byte(out)
}

func readText(t *testing.T, version int, data []byte) string {
	t.Helper()
	at := 0
	take := func(n int) (out int) {
		for range n {
			out = out<<1 | int(data[at/8]>>(7-at%8)&1)
			at++
		}
		return out
	}
	if mode := take(4); mode != 4 {
		t.Fatalf("mode %d", mode)
	}
	bits := 8
	if version > 9 {
		bits = 16
	}
	var b strings.Builder
	for range take(bits) {
		b.WriteByte(byte(take(8)))
	}
	return b.String()
}
