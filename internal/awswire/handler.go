package awswire

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"preamp/internal/authn"
	"preamp/internal/errs"
	"preamp/internal/httpx"
	"preamp/internal/id"
)

// DefaultMaxBody is the limit of a request body.
const DefaultMaxBody = 1 << 20

// Identity is a verified signature.
type Identity struct {
	AccessKey, ARN, Region string
	// Presigned is true when the signature stood in the query.
	Presigned bool
}

// Config says what a Handler serves.
type Config struct {
	// Operations are what it serves. Required.
	Operations []Operation
	// Verify checks the signature of a request with the given body. Its errors
	// are of kind Unauthenticated or Forbidden with the AWS error name as code, or
	// of another kind when the signature could not be judged. Required.
	Verify func(r *http.Request, body []byte) (Identity, error)
	// MaxBody bounds the request body; DefaultMaxBody if zero.
	MaxBody int64
	// Rate bounds the requests of one access key; no limit if zero.
	Rate Rate
	// Observe is called once for every request that reached an operation's route,
	// with the error name, or an empty one.
	Observe func(operation, code string, status int, took time.Duration)
	// Now is the clock; time.Now if nil.
	Now    func() time.Time
	Logger *slog.Logger
}

// Handler serves operations.
type Handler struct {
	c       Config
	routes  *Routes
	limiter *limiter
}

// NewHandler makes a Handler.
func NewHandler(c Config) (*Handler, error) {
	if c.Verify == nil {
		return nil, errors.New("awswire: Config.Verify is required")
	}
	if (c.Rate.PerSecond > 0) != (c.Rate.Burst > 0) {
		return nil, errors.New("awswire: Config.Rate needs both a rate and a burst")
	}
	routes, err := NewRoutes(c.Operations)
	if err != nil {
		return nil, fmt.Errorf("awswire: %w", err)
	}
	if c.MaxBody == 0 {
		c.MaxBody = DefaultMaxBody
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Handler{c: c, routes: routes, limiter: newLimiter(c.Rate)}, nil
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := h.c.Now()
	m := h.routes.Match(r.Method, httpx.RawPath(r))
	q := Request{ID: httpx.RequestID(r.Context()), Path: httpx.RawPath(r), InvocationID: invocationID(r.Header.Get("Amz-Sdk-Invocation-Id"))}
	if q.ID == "" {
		q.ID = id.NewUUID()
	}
	if m.Operation != nil {
		q.Operation = m.Operation.Name
	}
	header := w.Header()
	httpx.ControlPlaneCORS.Apply(header)
	header.Set("x-amzn-RequestId", q.ID)
	header.Set("Date", start.UTC().Format(http.TimeFormat))
	if r.Method == http.MethodOptions && len(m.Methods) > 0 {
		httpx.ControlPlaneCORS.Preflight(w)
		return
	}

	out, err := h.serve(w, r, &q, m)
	status, code := http.StatusOK, ""
	var body any = out
	if err != nil {
		status, code, body = h.describe(r.Context(), &q, m, err)
		header.Set("x-amzn-ErrorType", code)
	}
	if status == http.StatusMethodNotAllowed {
		header.Set("Allow", strings.Join(m.Methods, ", "))
	}
	status, code = h.write(r.Context(), w, status, code, body)
	if h.c.Observe != nil && m.Operation != nil {
		h.c.Observe(q.Operation, code, status, h.c.Now().Sub(start))
	}
}

// errMethod is a known path with a method that it does not take.
var errMethod = errors.New("method not allowed")

// serve runs the phases of a request.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, q *Request, m Match) (out any, err error) {
	defer func() {
		// A panic is a defect of one request. Nothing is written yet, so the client
		// gets an answer.
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			out, err = nil, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	body, err := readBody(w, r, h.c.MaxBody)
	if err != nil {
		return nil, err
	}
	who, err := h.c.Verify(r, body)
	if err != nil {
		if m.Operation == nil && errs.KindOf(err) == errs.Unauthenticated {
			// Whoever has not signed does not learn which paths exist.
			err = &errs.Error{Kind: errs.Unauthenticated, Message: "Missing Authentication Token", Err: err}
		}
		return nil, err
	}
	q.Principal, q.ARN, q.Region, q.Presigned = who.AccessKey, who.ARN, who.Region, who.Presigned
	if err := h.limiter.allow(who.AccessKey, h.c.Now()); err != nil {
		return nil, err
	}
	switch {
	case len(m.Methods) == 0:
		return nil, errs.E(errs.NotFound, "There is no operation at %s", clip(strings.ToValidUTF8(q.Path, "?")))
	case m.Operation == nil:
		return nil, errMethod
	case m.Err != nil:
		return nil, m.Err
	}
	if who.Presigned && len(body) == 0 {
		if body, err = presignedBody(r, m.Operation.Members); err != nil {
			return nil, err
		}
	}
	q.Body, q.BodySHA256 = body, sha256.Sum256(body)
	in, err := m.Operation.Decode(m.Labels, body)
	if err != nil {
		return nil, err
	}
	ctx := authn.NewContext(r.Context(), authn.Caller{Mode: authn.IAM, ID: who.AccessKey, ARN: who.ARN})
	return m.Operation.Call(NewContext(ctx, *q), in)
}

// describe turns an error into an answer, and logs what someone must look at.
func (h *Handler) describe(ctx context.Context, q *Request, m Match, err error) (status int, code string, body any) {
	if errors.Is(err, errMethod) {
		return http.StatusMethodNotAllowed, "BadRequestException", errorBody{Message: "This path takes only " + strings.Join(m.Methods, ", ")}
	}
	status, code, b := describe(err)
	if status >= http.StatusInternalServerError {
		level := slog.LevelWarn
		switch {
		case ctx.Err() != nil:
			// The client is gone; what failed is most likely that.
			level = slog.LevelDebug
		case status == http.StatusInternalServerError:
			level = slog.LevelError
		}
		h.c.Logger.Log(ctx, level, "operation failed", "operation", q.Operation, "principal", q.Principal, "status", status, "err", err)
	}
	return status, code, b
}

// write sends an answer. One that cannot be encoded becomes an internal error.
func (h *Handler) write(ctx context.Context, w http.ResponseWriter, status int, code string, body any) (sent int, sentCode string) {
	text, err := Marshal(body)
	if err != nil {
		h.c.Logger.ErrorContext(ctx, "answer cannot be encoded", "err", err)
		var b errorBody
		status, code, b = describe(err)
		text = []byte(`{"message":` + strconv.Quote(b.Message) + `}`)
		w.Header().Set("x-amzn-ErrorType", code)
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	// The status is out; a client that went away is the only cause of an error.
	_, _ = w.Write(text)
	return status, code
}
