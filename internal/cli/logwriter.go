package cli

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	// logDelay is how long a line may wait for others to be written with it.
	logDelay = 20 * time.Millisecond
	// logBatch is how many bytes are written without waiting.
	logBatch = 32 << 10
)

// logWriter writes lines together. A server logs one line per request, and a
// write for each of them would be a system call under the logger's lock, which
// all requests take.
type logWriter struct {
	mu      sync.Mutex
	out     io.Writer
	lines   []byte
	pending bool // a flush is due
}

// Write keeps a line for the next flush, within logDelay.
func (w *logWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, line...)
	if len(w.lines) >= logBatch {
		w.flush()
	} else if !w.pending {
		w.pending = true
		time.AfterFunc(logDelay, w.Flush)
	}
	return len(line), nil
}

// Flush writes what is kept.
func (w *logWriter) Flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending = false
	w.flush()
}

func (w *logWriter) flush() {
	if len(w.lines) == 0 {
		return
	}
	// Where the log itself cannot be written there is no place to say so.
	_, _ = w.out.Write(w.lines)
	w.lines = w.lines[:0]
}

// prompt writes warnings and errors at once: what led to a crash must not wait.
type prompt struct {
	slog.Handler
	w *logWriter
}

// Handle implements slog.Handler.
func (p prompt) Handle(ctx context.Context, r slog.Record) error {
	err := p.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		p.w.Flush()
	}
	return err
}

// WithAttrs implements slog.Handler.
func (p prompt) WithAttrs(a []slog.Attr) slog.Handler { return prompt{p.Handler.WithAttrs(a), p.w} }

// WithGroup implements slog.Handler.
func (p prompt) WithGroup(name string) slog.Handler { return prompt{p.Handler.WithGroup(name), p.w} }
