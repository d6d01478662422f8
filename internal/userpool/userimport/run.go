package userimport

import (
	"bufio"
	"context"
	"errors"
	"hash/maphash"
	"io"
	"strings"
	"time"

	"preamp/internal/errs"
	"preamp/internal/userpool"
)

const (
	// maxSeen bounds the memory by which duplicates are found, to about 50 MB.
	// Beyond, a duplicate counts as a user that exists.
	maxSeen = 1 << 20
	// progressEvery is how often progress is reported.
	progressEvery = time.Second
)

// Formats of files.
const (
	FormatAuto = ""
	FormatCSV  = "csv"
	FormatJSON = "json"
)

// Totals are how far an import is.
type Totals struct {
	// Line is the last one that was read.
	Line     int   `json:"line"`
	Imported int64 `json:"imported"`
	// Skipped users exist.
	Skipped int64 `json:"skipped"`
	Failed  int64 `json:"failed"`
	// Millis is how long it has taken.
	Millis int64 `json:"millis"`
}

// PerSecond is how many users were dealt with in a second.
func (t Totals) PerSecond() float64 {
	if t.Millis == 0 {
		return 0
	}
	return float64(t.Imported+t.Skipped+t.Failed) * 1000 / float64(t.Millis)
}

// Event is what an import tells while it runs.
type Event struct {
	Problem  *Problem `json:"problem,omitempty"`
	Progress *Totals  `json:"progress,omitempty"`
	// Done comes last, with an Error when the import could not go on; what was
	// imported stays.
	Done  *Totals `json:"done,omitempty"`
	Error string  `json:"error,omitempty"`
}

// Config is an import.
type Config struct {
	Users  *userpool.Service
	Call   userpool.Call
	Pool   string
	Format string
	// DryRun judges the file and stores nothing.
	DryRun bool
	// Report gets every event; its error ends the import.
	Report func(Event) error
}

// Run imports a file.
//
// Errors: Invalid for a file that cannot be read to its end; what was imported
// until then stays. ResourceNotFoundException for the pool.
func Run(ctx context.Context, c Config, file io.Reader) (Totals, error) {
	p, err := c.Users.Pool(ctx, c.Call, c.Pool)
	if err != nil {
		return Totals{}, err
	}
	reader, err := open(file, c.Format, &p.Settings)
	if err != nil {
		return Totals{}, err
	}
	r := run{Config: c, began: time.Now(), seed: maphash.MakeSeed(), seen: map[uint64]place{}, fold: p.Settings.FoldName}
	r.told = r.began
	err = r.all(ctx, reader)
	if e, ok := errors.AsType[*SyntaxError](err); ok {
		err = errs.E(errs.Invalid, "%s", e.Error())
	}
	r.totals.Millis = time.Since(r.began).Milliseconds()
	return r.totals, err
}

// open chooses the reader by what the file begins with.
func open(file io.Reader, format string, s *userpool.Settings) (Reader, error) {
	b := bufio.NewReader(file)
	switch format {
	case FormatCSV:
		return NewCSV(b, s), nil
	case FormatJSON:
		return NewJSON(b), nil
	case FormatAuto:
		start, _ := b.Peek(512) // a shorter file is all there is
		begin := strings.TrimLeft(strings.TrimPrefix(string(start), "\xef\xbb\xbf"), " \t\r\n")
		if strings.HasPrefix(begin, "{") || strings.HasPrefix(begin, "[") {
			return NewJSON(b), nil
		}
		return NewCSV(b, s), nil
	}
	return nil, errs.E(errs.Invalid, "%s is not a format: csv or json", format)
}

// run is an import under way.
type run struct {
	Config
	began, told time.Time
	totals      Totals
	seed        maphash.Seed
	seen        map[uint64]place // of names
	fold        func(string) string
	rows        []Row
}

func (r *run) all(ctx context.Context, reader Reader) error {
	for {
		row, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return r.flush(ctx)
		}
		if err != nil {
			return errors.Join(err, r.flush(ctx))
		}
		r.totals.Line = row.Line
		if row.Problem == nil {
			row.Problem = r.duplicate(row)
		}
		if row.Problem != nil {
			if err := r.fail(*row.Problem); err != nil {
				return err
			}
			continue
		}
		if r.rows = append(r.rows, row); len(r.rows) == userpool.MaxImport {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
	}
}

// duplicate finds a name that an earlier line has.
func (r *run) duplicate(row Row) *Problem {
	key := maphash.String(r.seed, r.fold(row.User.Username))
	if at, ok := r.seen[key]; ok {
		return &Problem{row.Line, row.Entry, "username", "the same user as in " + at.String()}
	}
	if len(r.seen) < maxSeen {
		r.seen[key] = place{row.Line, row.Entry}
	}
	return nil
}

func (r *run) fail(p Problem) error {
	r.totals.Failed++
	return r.Report(Event{Problem: &p})
}

// flush stores the rows that were collected.
func (r *run) flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	list := make([]userpool.ImportUser, len(r.rows))
	for i := range r.rows {
		list[i] = r.rows[i].User
	}
	results, err := r.Users.Import(ctx, r.Call, r.Pool, list, r.DryRun)
	if err != nil {
		return err
	}
	for i, result := range results {
		switch {
		case result.Exists:
			r.totals.Skipped++
		case result.Message != "":
			if err := r.fail(Problem{r.rows[i].Line, r.rows[i].Entry, result.Field, result.Message}); err != nil {
				return err
			}
		default:
			r.totals.Imported++
		}
	}
	r.rows = r.rows[:0]
	if now := time.Now(); now.Sub(r.told) >= progressEvery {
		r.told = now
		totals := r.totals
		totals.Millis = now.Sub(r.began).Milliseconds()
		return r.Report(Event{Progress: &totals})
	}
	return nil
}
