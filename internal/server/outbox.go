package server

import (
	"context"
	"html"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"preamp/internal/errs"
	"preamp/internal/notify"
	"preamp/internal/userpool"
)

const (
	// outboxSize is how many messages wait, outboxWorkers how many are under way.
	outboxSize, outboxWorkers = 1024, 8
	// sendTries is how often a message is tried; between two tries is sendPause,
	// which doubles.
	sendTries = 3
	sendPause = 2 * time.Second
	// drainTime is how long the messages that were accepted may take when the
	// server ends.
	drainTime = 10 * time.Second
	// settleTime is how long who reads the inbox waits for messages on their way.
	settleTime = 2 * time.Second
)

// outbox takes messages over and delivers them on its own time: the time that an
// operation takes must not tell whether a message was sent.
type outbox struct {
	// deliver hands a message of a pool on; errs.Unavailable is tried again.
	deliver func(ctx context.Context, pool string, m notify.Message) error
	// ways are the channels that there are.
	ways  map[notify.Channel]bool
	queue chan userpool.Message
	// pending counts the messages that wait or are under way.
	pending atomic.Int64
	counts  *prometheus.CounterVec
	log     *slog.Logger
}

func newOutbox(deliver func(context.Context, string, notify.Message) error, ways map[notify.Channel]bool, reg prometheus.Registerer, log *slog.Logger) *outbox {
	counts := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "preamp_messages_total", Help: "Messages to users of user pools, by channel and by what became of them: sent, failed, dropped.",
	}, []string{"channel", "outcome"})
	reg.MustRegister(counts)
	return &outbox{deliver: deliver, ways: ways, queue: make(chan userpool.Message, outboxSize), counts: counts, log: log}
}

// Send takes a message over. It never waits.
//
// Errors: Unavailable without a way to send it, and when too many messages wait.
func (o *outbox) Send(ctx context.Context, m userpool.Message) error {
	channel := channelOf(m)
	if !o.ways[channel] {
		key := map[notify.Channel]string{notify.Email: "mail.smtp", notify.SMS: "sms.webhook"}[channel]
		o.drop(ctx, channel, m.Pool, "preamp.yaml has no "+key)
		return errs.E(errs.Unavailable, "no way to send messages by %s is configured", channel)
	}
	o.pending.Add(1)
	select {
	case o.queue <- m:
		return nil
	default:
		o.pending.Add(-1)
		o.drop(ctx, channel, m.Pool, "too many messages wait")
		return errs.E(errs.Unavailable, "too many messages wait to be sent")
	}
}

func (o *outbox) drop(ctx context.Context, channel notify.Channel, pool, reason string) {
	o.counts.WithLabelValues(string(channel), "dropped").Inc()
	o.log.ErrorContext(ctx, "message to a user dropped", "channel", channel, "pool", pool, "reason", reason)
}

// Run delivers messages until ctx ends; what was accepted before is still tried,
// for a bounded time.
func (o *outbox) Run(ctx context.Context) error {
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(drainTime, cancel) })()
	var workers sync.WaitGroup
	for range outboxWorkers {
		workers.Go(func() { o.work(ctx, sending) })
	}
	workers.Wait()
	return nil
}

// settle waits until no message is on its way, for a moment at most.
func (o *outbox) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for o.pending.Load() > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (o *outbox) work(ctx, sending context.Context) {
	for {
		select {
		case m := <-o.queue:
			o.send(ctx, sending, m)
			continue
		default:
		}
		select {
		case m := <-o.queue:
			o.send(ctx, sending, m)
		case <-ctx.Done():
			if len(o.queue) == 0 {
				return
			}
		}
	}
}

// send delivers one message. A panic costs this message only.
func (o *outbox) send(ctx, sending context.Context, m userpool.Message) {
	channel, outcome := channelOf(m), "failed"
	defer func() {
		o.pending.Add(-1)
		if p := recover(); p != nil {
			o.log.ErrorContext(ctx, "panic while sending a message", "pool", m.Pool, "panic", p)
		}
		o.counts.WithLabelValues(string(channel), outcome).Inc()
	}()
	out, pause := outgoingMessage(m), sendPause
	for try := 1; ; try++ {
		err := o.deliver(sending, m.Pool, out)
		if err == nil {
			outcome = "sent"
			return
		}
		if try == sendTries || ctx.Err() != nil || errs.KindOf(err) != errs.Unavailable {
			o.log.ErrorContext(ctx, "message to a user not sent", "channel", channel, "pool", m.Pool, "tries", try, "error", err)
			return
		}
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
		}
		pause *= 2
	}
}

func channelOf(m userpool.Message) notify.Channel {
	if m.Medium == userpool.MediumSMS {
		return notify.SMS
	}
	return notify.Email
}

// outgoingMessage is the message in the form of its channel. The text of an
// e-mail is made of its HTML, for who reads no HTML.
func outgoingMessage(m userpool.Message) notify.Message {
	out := notify.Message{Channel: channelOf(m), To: m.To, Code: m.Code}
	if out.Channel == notify.SMS {
		out.Text = m.Body
		return out
	}
	out.Subject, out.HTML, out.Text = m.Subject, m.Body, plainText(m.Body)
	return out
}

var (
	hiddenHTML = regexp.MustCompile(`(?is)<(style|script|head)\b.*?</(style|script|head)\s*>|<!--.*?-->`)
	breakHTML  = regexp.MustCompile(`(?i)<(br|/p|/div|/h[1-6]|/li|/tr)\b[^>]*>`)
	tagHTML    = regexp.MustCompile(`<[a-zA-Z/!][^>]*>`)
)

// plainText is what HTML says without its tags.
func plainText(text string) string {
	for _, r := range []struct {
		what *regexp.Regexp
		by   string
	}{{hiddenHTML, ""}, {breakHTML, "\n"}, {tagHTML, ""}} {
		text = r.what.ReplaceAllString(text, r.by)
	}
	return strings.TrimSpace(html.UnescapeString(text))
}
