package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"preamp/internal/errs"
	"preamp/internal/httpx"
	"preamp/internal/userpool"
	"preamp/internal/userpool/userimport"
)

// importSilence is how long an import waits for more of the file, or for the
// command to take what it is told.
const importSilence = time.Minute

// importUsers reads a file of users for a pool from the body and tells while it
// goes on what becomes of it: userimport.Event, one a line. What cannot begin is
// refused as by other local commands.
func (s *Server) importUsers(w http.ResponseWriter, r *http.Request) {
	if !s.knowsToken(r) {
		httpx.Error(w, http.StatusForbidden, notLocal)
		return
	}
	pool := r.URL.Query().Get("pool")
	env, release, err := s.provision.Directory().Find(r.Context(), userpool.RoutePool, pool)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			err = errs.E(errs.NotFound, "User pool %s does not exist.", pool)
		}
		s.refuse(w, r, err)
		return
	}
	defer release()
	stream := &eventStream{w: w, control: http.NewResponseController(w)}
	// A problem is told while the file is still being sent. HTTP/2 always can.
	_ = stream.control.EnableFullDuplex()
	totals, err := userimport.Run(r.Context(), userimport.Config{
		Users: s.users, Call: userpool.Call{Env: env}, Pool: pool, Format: r.URL.Query().Get("format"),
		DryRun: r.URL.Query().Get("dry") == "true", Report: stream.send,
	}, &patientBody{r.Body, stream.control})
	last := userimport.Event{Done: &totals}
	if err != nil {
		e := errs.Public(err)
		if e.Kind == errs.Internal {
			s.logger.ErrorContext(r.Context(), "import of users failed", "error", err)
		}
		last.Error = e.Message
	}
	_ = stream.send(last) // who does not hear it has gone
}

// eventStream writes events, each on a line and at once.
type eventStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (e *eventStream) send(event userimport.Event) error {
	b, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	_ = e.control.SetWriteDeadline(time.Now().Add(importSilence)) // without, that of the server stays
	e.w.Header().Set("Content-Type", "application/x-ndjson")
	if _, err := e.w.Write(append(b, '\n')); err != nil {
		return err
	}
	return e.control.Flush()
}

// patientBody is a body that may take longer than others, as long as it goes on.
type patientBody struct {
	io.Reader
	control *http.ResponseController
}

func (b *patientBody) Read(p []byte) (int, error) {
	_ = b.control.SetReadDeadline(time.Now().Add(importSilence)) // without, that of the server stays
	return b.Reader.Read(p)
}
