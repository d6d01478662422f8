package notify

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"time"

	"preamp/internal/db"
)

//go:embed migrations
var migrations embed.FS

// EnvLine are the migrations of the environment tables of this package.
func EnvLine() db.Line {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("notify: embedded migrations: " + err.Error())
	}
	return db.Line{Name: "notify", FS: files}
}

const (
	// InboxSize is how many messages an inbox keeps.
	InboxSize = 500
	// MaxWait bounds a wait.
	MaxWait   = time.Minute
	lookAgain = 250 * time.Millisecond
)

// Stored is a message in an inbox, as it is shown.
type Stored struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Channel Channel   `json:"channel"`
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
	Code    string    `json:"code"`
}

// Filter says which messages are meant; its zero value means all.
type Filter struct {
	// To is the recipient; mail addresses are compared without case.
	To string
	// After is the id of a message: those that came later are meant.
	After string
}

func (f Filter) matches(s Stored) bool {
	return f.To == "" || strings.EqualFold(f.To, s.To)
}

// Inbox keeps messages in the environment that they are from, instead of sending
// them. There is one per server.
type Inbox struct {
	// every is how often a wait looks for messages of other nodes.
	every time.Duration

	mu sync.Mutex
	// changed is closed when a message comes, whatever environment it is of.
	changed chan struct{}
}

// NewInbox makes an inbox.
func NewInbox() *Inbox { return &Inbox{every: lookAgain, changed: make(chan struct{})} }

// Sender keeps the messages of an environment.
func (i *Inbox) Sender(d *db.DB) Sender { return inboxSender{i, d} }

type inboxSender struct {
	inbox *Inbox
	d     *db.DB
}

// Send implements Sender. The oldest messages go when there are too many.
func (s inboxSender) Send(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	now := time.Now().UnixMilli()
	err := s.d.Tx(ctx, func(tx *db.Tx) error {
		var seq int64
		err := tx.Row(`INSERT INTO env.inbox (at_ms, channel, recipient, subject, body_text, body_html, code)
			VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING seq`,
			now, string(m.Channel), m.To, m.Subject, m.Text, m.HTML, m.Code).Scan(&seq)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`DELETE FROM env.inbox WHERE seq <= $1`, seq-InboxSize)
		return err
	})
	if err != nil {
		return fmt.Errorf("store message: %w", err)
	}
	s.inbox.wake()
	return nil
}

func (i *Inbox) wake() {
	i.mu.Lock()
	defer i.mu.Unlock()
	close(i.changed)
	i.changed = make(chan struct{})
}

// next is closed when another message comes.
func (i *Inbox) next() <-chan struct{} {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.changed
}

// List answers the messages of an environment, oldest first.
func (i *Inbox) List(ctx context.Context, d *db.DB, f Filter) ([]Stored, error) {
	after, err := strconv.ParseInt(f.After, 10, 64)
	if err != nil {
		after = 0 // no message has such an id, so that all came later
	}
	var all []Stored
	err = d.Read(ctx, func(q *db.Query) error {
		all = []Stored{}
		return q.Each(`SELECT seq, at_ms, channel, recipient, subject, body_text, body_html, code
			FROM env.inbox WHERE seq > $1 ORDER BY seq`, []any{after}, func(r db.Row) error {
			var s Stored
			var seq, at int64
			if err := r.Scan(&seq, &at, &s.Channel, &s.To, &s.Subject, &s.Text, &s.HTML, &s.Code); err != nil {
				return err
			}
			s.ID, s.At = strconv.FormatInt(seq, 10), time.UnixMilli(at).UTC()
			if f.matches(s) {
				all = append(all, s)
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list messages: %w", err)
	}
	return all, nil
}

// Wait is List that waits for a message when there is none: for the given time,
// or until ctx ends. No message is not an error.
func (i *Inbox) Wait(ctx context.Context, d *db.DB, f Filter, timeout time.Duration) ([]Stored, error) {
	ctx, cancel := context.WithTimeout(ctx, min(timeout, MaxWait))
	defer cancel()
	tick := time.NewTicker(i.every)
	defer tick.Stop()
	for {
		changed := i.next() // before the look, so that nothing comes between
		// The look itself is not cut off: at the end of the time it is the answer.
		list, err := i.List(context.WithoutCancel(ctx), d, f)
		if err != nil || len(list) > 0 {
			return list, err
		}
		select {
		case <-changed:
		case <-tick.C:
		case <-ctx.Done():
			if err := context.Cause(ctx); !errors.Is(err, context.DeadlineExceeded) {
				return nil, err
			}
			return list, nil
		}
	}
}
