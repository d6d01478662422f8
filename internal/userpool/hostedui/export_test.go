package hostedui

// For tests of the package's outside.
var (
	QRSVG   = qrSVG
	UseCode = useCode
)

// ErrCodeUsed is the answer of UseCode to whoever comes second.
var ErrCodeUsed = errCodeUsed

// QR is the modules of a text.
func QR(text string) (version int, dark, fixed [][]bool, err error) {
	q, err := newQR([]byte(text))
	if err != nil {
		return 0, nil, nil, err
	}
	return q.version, q.dark, q.fixed, nil
}

// QRBlocks are the bytes of error correction in each block, and the blocks.
func QRBlocks(version int) (check, blocks int) { return qrCheck[version], qrBlocks[version] }
