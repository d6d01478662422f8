package endpoint

import (
	"context"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

// refusal is what clients understand as the end of a connection that is not to
// be tried again: they do not repeat a 400.
const refusal = `{"type":"connection_error","payload":{"errors":[{"errorType":"BadRequestException","errorCode":400,` +
	`"message":"realtime is not available in this version"}]}}`

// serveRealtime answers subscriptions, which do not exist yet.
func (r *Registry) serveRealtime(w http.ResponseWriter, q *http.Request) {
	headers(w)
	if q.Method == http.MethodOptions {
		cors.Preflight(w)
		return
	}
	if q.Method != http.MethodGet || q.Header.Get("Upgrade") == "" {
		w.Header().Set("Allow", "GET, OPTIONS")
		r.refuse(w, http.StatusUpgradeRequired, "BadRequestException", "The realtime endpoint takes WebSocket connections.")
		return
	}
	r.metrics.count("subscription", "refused")
	c, err := websocket.Accept(w, q, &websocket.AcceptOptions{
		Subprotocols: []string{"graphql-ws"},
		// Callers prove themselves by headers that a foreign page does not have.
		InsecureSkipVerify: true,
	})
	if err != nil {
		return // it has answered
	}
	defer c.CloseNow()
	ctx, cancel := context.WithTimeout(q.Context(), 5*time.Second)
	defer cancel()
	if err := c.Write(ctx, websocket.MessageText, []byte(refusal)); err != nil {
		return
	}
	_ = c.Close(websocket.StatusNormalClosure, "realtime is not available in this version")
}
