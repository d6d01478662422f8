package server

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"preamp/internal/errs"
	"preamp/internal/notify"
	"preamp/internal/userpool"
)

var bothWays = map[notify.Channel]bool{notify.Email: true, notify.SMS: true}

// runOutbox runs an outbox in a bubble until the test ends it.
func runOutbox(o *outbox) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = o.Run(ctx)
	}()
	return func() { cancel(); <-done }
}

func TestOutboxTriesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, tc := range []struct {
			name  string
			fails int
			err   error
			tries int
		}{
			{"taken", 0, nil, 1},
			{"a failure that passes", 1, errs.E(errs.Unavailable, "later"), 2},
			{"a failure that stays", 99, errs.E(errs.Unavailable, "later"), 3},
			{"refused for good", 99, errs.E(errs.Invalid, "never"), 1},
			{"a defect", 99, errors.New("broken"), 1},
		} {
			tries := 0
			o := newOutbox(func(context.Context, string, notify.Message) error {
				if tries++; tries <= tc.fails {
					return tc.err
				}
				return nil
			}, bothWays, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
			stop := runOutbox(o)
			if err := o.Send(t.Context(), userpool.Message{Pool: "p", Medium: userpool.MediumEmail, To: "a@b.c"}); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute)
			stop()
			if tries != tc.tries {
				t.Errorf("%s: %d tries, want %d", tc.name, tries, tc.tries)
			}
		}
	})
}

// Send never waits: a full queue refuses.
func TestOutboxIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		sent := 0
		o := newOutbox(func(ctx context.Context, _ string, _ notify.Message) error {
			time.Sleep(time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			sent++
			return ctx.Err()
		}, bothWays, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
		m := userpool.Message{Pool: "p", Medium: userpool.MediumSMS, To: "+15550100"}
		for range outboxSize {
			if err := o.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		if err := o.Send(t.Context(), m); errs.KindOf(err) != errs.Unavailable {
			t.Errorf("a full queue: %v", err)
		}
		// What was accepted is sent although the server ends.
		stop := runOutbox(o)
		stop()
		if sent != outboxSize {
			t.Errorf("%d sent, want %d", sent, outboxSize)
		}
		o.settle(t.Context())
		if o.pending.Load() != 0 {
			t.Errorf("%d pending", o.pending.Load())
		}
	})
}

func TestOutboxEndsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox(func(ctx context.Context, _ string, _ notify.Message) error {
			<-ctx.Done()
			return errs.Wrap(errs.Unavailable, ctx.Err(), "no answer")
		}, bothWays, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
		for range 100 {
			if err := o.Send(t.Context(), userpool.Message{Pool: "p"}); err != nil {
				t.Fatal(err)
			}
		}
		stop := runOutbox(o)
		began := time.Now()
		stop()
		if took := time.Since(began); took > drainTime {
			t.Errorf("took %s", took)
		}
	})
}

// Without a way to send, the operation is told and the log says what is missing;
// neither says what is in the message.
func TestOutboxWithoutAWay(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	o := newOutbox(func(context.Context, string, notify.Message) error { panic("called") },
		map[notify.Channel]bool{notify.Email: true}, prometheus.NewRegistry(), slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	err := o.Send(t.Context(), userpool.Message{Pool: "p", Medium: userpool.MediumSMS, To: "+15550100", Body: "code 4711", Code: "4711"})
	if errs.KindOf(err) != errs.Unavailable {
		t.Errorf("%v", err)
	}
	if text := log.String() + err.Error(); !strings.Contains(text, "preamp.yaml has no sms.webhook") || strings.Contains(text, "4711") || strings.Contains(text, "+1555") {
		t.Errorf("%s", text)
	}
}

func TestOutboxSurvivesAPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		o := newOutbox(func(_ context.Context, pool string, _ notify.Message) error {
			if pool == "bad" {
				panic("boom")
			}
			sent++
			return nil
		}, bothWays, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
		stop := runOutbox(o)
		defer stop()
		for range outboxWorkers + 1 {
			_ = o.Send(t.Context(), userpool.Message{Pool: "bad"})
		}
		_ = o.Send(t.Context(), userpool.Message{Pool: "good"})
		synctest.Wait()
		if sent != 1 {
			t.Errorf("%d sent", sent)
		}
	})
}

func TestOutgoingMessage(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		in   userpool.Message
		want notify.Message
	}{
		{
			"text message",
			userpool.Message{Medium: userpool.MediumSMS, To: "+1", Body: "a <b> 1", Code: "1", Subject: "x"},
			notify.Message{Channel: notify.SMS, To: "+1", Text: "a <b> 1", Code: "1"},
		},
		{
			"e-mail",
			userpool.Message{Medium: userpool.MediumEmail, To: "a@b.c", Subject: "s", Body: "Code is 1", Code: "1"},
			notify.Message{Channel: notify.Email, To: "a@b.c", Subject: "s", HTML: "Code is 1", Text: "Code is 1", Code: "1"},
		},
		{
			"HTML",
			userpool.Message{Medium: userpool.MediumEmail, Body: "<html><head><title>t</title></head><style>p{}</style><p>Tom &amp; <b>you</b>:<br>5 &lt; 6</p><!-- no --></html>"},
			notify.Message{
				Channel: notify.Email, Text: "Tom & you:\n5 < 6",
				HTML: "<html><head><title>t</title></head><style>p{}</style><p>Tom &amp; <b>you</b>:<br>5 &lt; 6</p><!-- no --></html>",
			},
		},
	} {
		if diff := cmp.Diff(tc.want, outgoingMessage(tc.in)); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}

func FuzzPlainText(f *testing.F) {
	f.Add("<p>Tom &amp; <b>you</b><br>5 &lt; 6</p><!-- no -->")
	f.Add("<style><b>{####}</style")
	f.Add("a < b > c <")
	f.Fuzz(func(t *testing.T, text string) {
		if out := plainText(text); len(out) > len(text) || utf8.ValidString(text) && !utf8.ValidString(out) {
			t.Errorf("%q becomes %q", text, out)
		}
	})
}
