package cli

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// counted counts the writes that reach it.
type counted struct {
	mu     sync.Mutex
	text   bytes.Buffer
	writes int
}

func (c *counted) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	return c.text.Write(b)
}

func (c *counted) seen() (lines, writes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Count(c.text.String(), "\n"), c.writes
}

func TestLinesAreWrittenTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &counted{}
		log, _ := newLogger(out, "text", "info")
		for range 100 {
			log.Info("request")
		}
		time.Sleep(2 * logDelay)
		synctest.Wait()
		if lines, writes := out.seen(); lines != 100 || writes != 1 {
			t.Errorf("100 lines came as %d lines in %d writes, want one write", lines, writes)
		}
	})
}

func TestWarningsDoNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &counted{}
		log, _ := newLogger(out, "json", "info")
		log.Info("before")
		log.With("a", 1).WithGroup("g").Warn("something", slog.Int("b", 2))
		if lines, _ := out.seen(); lines != 2 {
			t.Errorf("%d lines are written after a warning, want both", lines)
		}
		time.Sleep(2 * logDelay)
	})
}

func TestFlushWritesTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &counted{}
		log, flush := newLogger(out, "text", "info")
		log.Info("last words")
		flush()
		if lines, _ := out.seen(); lines != 1 {
			t.Errorf("%d lines are written at the end, want 1", lines)
		}
		time.Sleep(2 * logDelay)
	})
}

func TestManyBytesDoNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &counted{}
		log, _ := newLogger(out, "text", "info")
		log.Info(strings.Repeat("x", logBatch))
		if lines, _ := out.seen(); lines != 1 {
			t.Errorf("%d lines are written, want 1", lines)
		}
		time.Sleep(2 * logDelay)
	})
}
