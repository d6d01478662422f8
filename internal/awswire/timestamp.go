package awswire

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Timestamp is a time in an awsJson1_1 body: a number, the seconds since 1970
// with milliseconds as its fraction. The zero time is an absent member.
type Timestamp struct{ time.Time }

// MarshalJSON implements json.Marshaler.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	ms := t.UnixMilli()
	sign := ""
	if ms < 0 {
		sign, ms = "-", -ms
	}
	text := sign + strconv.FormatInt(ms/1000, 10)
	if part := ms % 1000; part != 0 {
		text += "." + strings.TrimRight(fmt.Sprintf("%03d", part), "0")
	}
	return []byte(text), nil
}

// UnmarshalJSON implements json.Unmarshaler, for programs that read answers.
func (t *Timestamp) UnmarshalJSON(text []byte) error {
	var seconds float64
	if err := json.Unmarshal(text, &seconds); err != nil {
		return err
	}
	// Times beyond these are none that anybody sends, and overflow the conversion.
	if math.Abs(seconds) > 1e12 {
		return fmt.Errorf("timestamp %s is out of range", text)
	}
	*t = Timestamp{time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()}
	return nil
}
