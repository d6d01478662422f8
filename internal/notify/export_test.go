package notify

import "time"

// Alone makes an inbox that does not look for messages of other nodes.
func Alone() *Inbox {
	i := NewInbox()
	i.every = time.Hour
	return i
}
