package hostedui

import (
	"fmt"
	"strings"
)

// QR codes (ISO/IEC 18004) of texts as bytes, with error correction M, up to
// version 20: 666 bytes, several times what the address of a software token has.
// Authenticator apps read nothing else, and there is no script to draw one.

const maxQR = 20

// Per version: the bytes of error correction in each block, and the blocks, of
// level M (table 9 of the standard).
var (
	qrCheck  = [maxQR + 1]int{0, 10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26}
	qrBlocks = [maxQR + 1]int{0, 1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16}
)

// qr is a picture that is being made.
type qr struct {
	version, size int
	dark          [][]bool
	// fixed modules are patterns and not data.
	fixed [][]bool
}

// qrSVG draws a text.
func qrSVG(text string) (string, error) {
	q, err := newQR([]byte(text))
	if err != nil {
		return "", err
	}
	const quiet = 4
	var path strings.Builder
	for y, row := range q.dark {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			from := x
			for x < len(row) && row[x] {
				x++
			}
			fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
		}
	}
	n := q.size + 2*quiet
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[1]d" role="img" aria-label="QR code for an authenticator app" shape-rendering="crispEdges">`+
		`<path fill="#fff" d="M0 0h%[1]dv%[1]dH0z"/><path fill="#000" d="%[2]s"/></svg>`, n, path.String()), nil
}

func newQR(data []byte) (*qr, error) {
	version := 1
	for ; version <= maxQR && qrCapacity(version) < len(data); version++ {
	}
	if version > maxQR {
		return nil, errTooLong
	}
	q := &qr{version: version, size: 17 + 4*version}
	q.dark, q.fixed = grid(q.size), grid(q.size)
	q.patterns()
	q.place(qrCodewords(version, data))
	q.mask()
	return q, nil
}

func grid(n int) [][]bool {
	out := make([][]bool, n)
	for i := range out {
		out[i] = make([]bool, n)
	}
	return out
}

// qrModules is how many modules of a version are data.
func qrModules(version int) int {
	n := (16*version+128)*version + 64
	if version >= 2 {
		align := version/7 + 2
		n -= (25*align-10)*align - 55
		if version >= 7 {
			n -= 36
		}
	}
	return n
}

func qrData(version int) int { return qrModules(version)/8 - qrCheck[version]*qrBlocks[version] }

func lengthBits(version int) int {
	if version < 10 {
		return 8
	}
	return 16
}

// qrCapacity is how many bytes of text a version holds.
func qrCapacity(version int) int { return (qrData(version)*8 - 4 - lengthBits(version)) / 8 }

// qrCodewords are data and error correction in the order in which they are
// placed.
func qrCodewords(version int, text []byte) []byte {
	var b bits
	b.add(4, 4) // bytes
	b.add(len(text), lengthBits(version))
	for _, c := range text {
		b.add(int(c), 8)
	}
	total := qrData(version)
	b.add(0, min(4, total*8-b.n))
	b.add(0, (8-b.n%8)%8)
	for pad := 0xec; len(b.out) < total; pad ^= 0xec ^ 0x11 {
		b.add(pad, 8)
	}
	// The last blocks are a byte longer when the data do not divide.
	count, check := qrBlocks[version], qrCheck[version]
	short := total / count
	longFrom := count - total%count
	blocks, checks := make([][]byte, count), make([][]byte, count)
	rest := b.out
	for i := range blocks {
		n := short
		if i >= longFrom {
			n++
		}
		blocks[i], rest = rest[:n], rest[n:]
		checks[i] = remainder(blocks[i], generator(check))
	}
	var out []byte
	for i := range short + 1 {
		for _, block := range blocks {
			if i < len(block) {
				out = append(out, block[i])
			}
		}
	}
	for i := range check {
		for _, c := range checks {
			out = append(out, c[i])
		}
	}
	return out
}

type bits struct {
	out []byte
	n   int
}

func (b *bits) add(value, count int) {
	for i := count - 1; i >= 0; i-- {
		if b.n%8 == 0 {
			b.out = append(b.out, 0)
		}
		if value>>i&1 == 1 {
			b.out[b.n/8] |= 0x80 >> (b.n % 8)
		}
		b.n++
	}
}

// times multiplies in the field of 256 elements modulo x^8+x^4+x^3+x^2+1.
func times(a, b byte) (out byte) {
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			out ^= a
		}
		carry := a & 0x80
		a <<= 1
		if carry != 0 {
			a ^= 0x1d
		}
	}
	return out
}

// generator is the Reed-Solomon generator of a degree, without its leading 1.
func generator(degree int) []byte {
	out := make([]byte, degree)
	out[degree-1] = 1
	root := byte(1)
	for range degree {
		for i := range out {
			out[i] = times(out[i], root)
			if i+1 < degree {
				out[i] ^= out[i+1]
			}
		}
		root = times(root, 2)
	}
	return out
}

func remainder(data, by []byte) []byte {
	out := make([]byte, len(by))
	for _, d := range data {
		factor := d ^ out[0]
		copy(out, out[1:])
		out[len(out)-1] = 0
		for i, g := range by {
			out[i] ^= times(g, factor)
		}
	}
	return out
}

func (q *qr) set(x, y int, dark bool) { q.dark[y][x], q.fixed[y][x] = dark, true }

// patterns draws what every code of the version has.
func (q *qr) patterns() {
	for i := range q.size {
		q.set(6, i, i%2 == 0)
		q.set(i, 6, i%2 == 0)
	}
	for _, at := range [][2]int{{3, 3}, {q.size - 4, 3}, {3, q.size - 4}} {
		for dy := -4; dy <= 4; dy++ {
			for dx := -4; dx <= 4; dx++ {
				x, y := at[0]+dx, at[1]+dy
				if x >= 0 && x < q.size && y >= 0 && y < q.size {
					ring := max(dx, -dx, dy, -dy)
					q.set(x, y, ring != 2 && ring != 4)
				}
			}
		}
	}
	centers := q.alignment()
	last := len(centers) - 1
	for i, cx := range centers {
		for j, cy := range centers {
			if i == 0 && j == 0 || i == 0 && j == last || i == last && j == 0 {
				continue // the finders are there
			}
			for dy := -2; dy <= 2; dy++ {
				for dx := -2; dx <= 2; dx++ {
					q.set(cx+dx, cy+dy, max(dx, -dx, dy, -dy) != 1)
				}
			}
		}
	}
	q.format(0) // holds the place
	if q.version >= 7 {
		rest := q.version
		for range 12 {
			rest = rest<<1 ^ rest>>11*0x1f25
		}
		all := q.version<<12 | rest
		for i := range 18 {
			a, b := q.size-11+i%3, i/3
			q.set(a, b, all>>i&1 == 1)
			q.set(b, a, all>>i&1 == 1)
		}
	}
}

// alignment are the centers of the small squares.
func (q *qr) alignment() []int {
	if q.version == 1 {
		return nil
	}
	count := q.version/7 + 2
	step := (q.version*8 + count*3 + 5) / (count*4 - 4) * 2
	out := make([]int, count)
	out[0] = 6
	for i, at := count-1, q.size-7; i > 0; i, at = i-1, at-step {
		out[i] = at
	}
	return out
}

// format writes the mask and the level, which is 0 for M, in both places.
func (q *qr) format(mask int) {
	rest := mask
	for range 10 {
		rest = rest<<1 ^ rest>>9*0x537
	}
	all := (mask<<10 | rest) ^ 0x5412
	bit := func(i int) bool { return all>>i&1 == 1 }
	for i := range 6 {
		q.set(8, i, bit(i))
	}
	q.set(8, 7, bit(6))
	q.set(8, 8, bit(7))
	q.set(7, 8, bit(8))
	for i := 9; i < 15; i++ {
		q.set(14-i, 8, bit(i))
	}
	for i := range 8 {
		q.set(q.size-1-i, 8, bit(i))
	}
	for i := 8; i < 15; i++ {
		q.set(8, q.size-15+i, bit(i))
	}
	q.set(8, q.size-8, true)
}

// place writes the codewords in pairs of columns, up and down from the right.
func (q *qr) place(words []byte) {
	i := 0
	for right := q.size - 1; right >= 1; right -= 2 {
		if right == 6 {
			right = 5
		}
		up := (right+1)&2 == 0
		for step := range q.size {
			y := step
			if up {
				y = q.size - 1 - step
			}
			for x := right; x > right-2; x-- {
				if !q.fixed[y][x] && i < len(words)*8 {
					q.dark[y][x] = words[i/8]>>(7-i%8)&1 == 1
					i++
				}
			}
		}
	}
}

var qrMasks = [8]func(x, y int) bool{
	func(x, y int) bool { return (x+y)%2 == 0 },
	func(_, y int) bool { return y%2 == 0 },
	func(x, _ int) bool { return x%3 == 0 },
	func(x, y int) bool { return (x+y)%3 == 0 },
	func(x, y int) bool { return (x/3+y/2)%2 == 0 },
	func(x, y int) bool { return x*y%2+x*y%3 == 0 },
	func(x, y int) bool { return (x*y%2+x*y%3)%2 == 0 },
	func(x, y int) bool { return ((x+y)%2+x*y%3)%2 == 0 },
}

func (q *qr) apply(mask int) {
	for y := range q.size {
		for x := range q.size {
			if !q.fixed[y][x] && qrMasks[mask](x, y) {
				q.dark[y][x] = !q.dark[y][x]
			}
		}
	}
}

// mask chooses the mask that leaves the fewest areas that confuse a reader.
func (q *qr) mask() {
	best, least := 0, 0
	for m := range qrMasks {
		q.apply(m)
		q.format(m)
		if p := q.penalty(); m == 0 || p < least {
			best, least = m, p
		}
		q.apply(m)
	}
	q.apply(best)
	q.format(best)
}

// penalty counts long runs, squares of one color and the lack of balance. Any mask
// can be read: patterns that look like a finder are left to the runs.
func (q *qr) penalty() (out int) {
	dark := 0
	for y := range q.size {
		for _, at := range []func(i int) bool{
			func(i int) bool { return q.dark[y][i] }, func(i int) bool { return q.dark[i][y] },
		} {
			run := 0
			for i := range q.size {
				if i > 0 && at(i) == at(i-1) {
					run++
				} else {
					run = 1
				}
				switch {
				case run == 5:
					out += 3
				case run > 5:
					out++
				}
			}
		}
		for x := range q.size {
			if q.dark[y][x] {
				dark++
			}
			if x > 0 && y > 0 && q.dark[y][x] == q.dark[y-1][x] && q.dark[y][x] == q.dark[y][x-1] && q.dark[y][x] == q.dark[y-1][x-1] {
				out += 3
			}
		}
	}
	all := q.size * q.size
	return out + max(dark*20-all*10, all*10-dark*20)/all*10
}
