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
	"time"

	"preamp/internal/authn"
	"preamp/internal/errs"
	"preamp/internal/httpx"
	"preamp/internal/id"
)

// TargetService is one service that speaks awsJson1_1.
type TargetService struct {
	// Name is the service name of signatures, such as cognito-idp. Required.
	Name string
	// Prefix is what stands in X-Amz-Target before the dot. Required.
	Prefix string
	// Actions are its operations. Required.
	Actions []Action
	// Verify checks the signature of a request with the given body, as in Config.
	// Required.
	Verify func(r *http.Request, body []byte) (Identity, error)
}

// TargetConfig says what a TargetHandler serves.
type TargetConfig struct {
	// Services are what it serves. Required.
	Services []TargetService
	// MaxBody bounds the request body; DefaultMaxBody if zero.
	MaxBody int64
	// Rate bounds the requests of one access key; no limit if zero.
	Rate Rate
	// Limit is asked before a request is decoded, signed ones after their
	// signature was verified. Its error is the answer. Nil allows all.
	Limit func(ctx context.Context, service string, q Request) error
	// Observe is called once for every request that named an operation, with the
	// error name, or an empty one.
	Observe func(service, operation, code string, status int, took time.Duration)
	// Now is the clock; time.Now if nil.
	Now    func() time.Time
	Logger *slog.Logger
}

// TargetHandler serves operations that a request names in X-Amz-Target. Its path
// means nothing: clients send to whatever endpoint they were given.
type TargetHandler struct {
	c       TargetConfig
	targets map[string]target
	limiter *limiter
}

// target is what one value of X-Amz-Target stands for. The zero value is an
// unknown one.
type target struct {
	service *TargetService
	action  *Action
}

// NewTargetHandler makes a TargetHandler.
func NewTargetHandler(c TargetConfig) (*TargetHandler, error) {
	if (c.Rate.PerSecond > 0) != (c.Rate.Burst > 0) {
		return nil, errors.New("awswire: TargetConfig.Rate needs both a rate and a burst")
	}
	targets := map[string]target{}
	for i := range c.Services {
		s := &c.Services[i]
		if s.Name == "" || s.Prefix == "" || s.Verify == nil {
			return nil, fmt.Errorf("awswire: service %q: Name, Prefix and Verify are required", s.Name)
		}
		for j := range s.Actions {
			name := s.Prefix + "." + s.Actions[j].Name
			if _, twice := targets[name]; twice {
				return nil, fmt.Errorf("awswire: two operations are %s", name)
			}
			targets[name] = target{s, &s.Actions[j]}
		}
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
	return &TargetHandler{c: c, targets: targets, limiter: newLimiter(c.Rate)}, nil
}

// ServeHTTP implements http.Handler.
func (h *TargetHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := h.c.Now()
	q := Request{ID: httpx.RequestID(r.Context()), Path: httpx.RawPath(r), InvocationID: invocationID(r.Header.Get("Amz-Sdk-Invocation-Id"))}
	if q.ID == "" {
		q.ID = id.NewUUID()
	}
	header := w.Header()
	httpx.TargetCORS.Apply(header)
	header.Set("x-amzn-RequestId", q.ID)
	header.Set("Date", start.UTC().Format(http.TimeFormat))
	// An answer may hold tokens.
	header.Set("Cache-Control", "no-store")
	if r.Method == http.MethodOptions {
		httpx.TargetCORS.Preflight(w)
		return
	}

	t := h.find(r)
	out, err := h.serve(w, r, &q, t)
	var text []byte
	if err == nil {
		text, err = marshalObject(out)
	}
	status, code := http.StatusOK, ""
	if err != nil {
		status, code, text = h.fail(r.Context(), header, &q, t, err)
	}
	header.Set("Content-Type", "application/x-amz-json-1.1")
	header.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	// The status is out; a client that went away is the only cause of an error.
	_, _ = w.Write(text)
	if h.c.Observe != nil && t.action != nil {
		h.c.Observe(t.service.Name, t.action.Name, code, status, h.c.Now().Sub(start))
	}
}

// find is the operation that a request names. Two names are none: who looked at
// the other one before would have judged another operation.
func (h *TargetHandler) find(r *http.Request) target {
	names := r.Header.Values("X-Amz-Target")
	if r.Method != http.MethodPost || len(names) != 1 {
		return target{}
	}
	return h.targets[names[0]]
}

// serve runs the phases of a request.
func (h *TargetHandler) serve(w http.ResponseWriter, r *http.Request, q *Request, t target) (out any, err error) {
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
	if t.action == nil {
		return nil, &errs.Error{Kind: errs.Invalid, Code: codeUnknownOperation, Message: "The request does not name a known operation: it must be a POST with one X-Amz-Target"}
	}
	q.Operation = t.action.Name
	body, err := readBody(w, r, h.c.MaxBody)
	if err != nil {
		return nil, err
	}
	ctx := r.Context()
	if !t.action.Unsigned {
		who, err := t.service.Verify(r, body)
		if err != nil {
			return nil, err
		}
		q.Principal, q.ARN, q.Region, q.Presigned = who.AccessKey, who.ARN, who.Region, who.Presigned
		if err := h.limiter.allow(who.AccessKey, h.c.Now()); err != nil {
			return nil, err
		}
		ctx = authn.NewContext(ctx, authn.Caller{Mode: authn.IAM, ID: who.AccessKey, ARN: who.ARN})
	}
	q.BodySHA256 = sha256.Sum256(body)
	if h.c.Limit != nil {
		if err := h.c.Limit(ctx, t.service.Name, *q); err != nil {
			return nil, err
		}
	}
	in, err := t.action.Decode(body)
	if err != nil {
		return nil, err
	}
	return t.action.Call(NewContext(ctx, *q), in)
}

// marshalObject is the JSON text of an answer, which is an object even when
// there is nothing to say: clients parse it.
func marshalObject(out any) ([]byte, error) {
	text, err := Marshal(out)
	if err == nil && text[0] != '{' {
		err = fmt.Errorf("answer %T is no object", out)
	}
	if err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return text, nil
}

// fail turns an error into an answer, and logs what someone must look at.
func (h *TargetHandler) fail(ctx context.Context, header http.Header, q *Request, t target, err error) (status int, code string, text []byte) {
	var modelled []string
	service := ""
	if t.action != nil {
		modelled, service = t.action.Errors, t.service.Name
	}
	status, body := describeTarget(err, modelled)
	if status >= http.StatusInternalServerError {
		level := slog.LevelWarn
		switch {
		case ctx.Err() != nil:
			// The client is gone; what failed is most likely that.
			level = slog.LevelDebug
		case status == http.StatusInternalServerError:
			level = slog.LevelError
		}
		h.c.Logger.Log(ctx, level, "operation failed", "service", service, "operation", q.Operation, "principal", q.Principal, "status", status, "err", err)
	}
	text, err = Marshal(body)
	if err != nil {
		panic("awswire: two strings cannot be encoded: " + err.Error())
	}
	header.Set("x-amzn-ErrorType", body.Type)
	if isHeaderText(body.Message) {
		header.Set("x-amzn-ErrorMessage", body.Message)
	}
	return status, body.Type, text
}

// isHeaderText reports whether a message can be a header value as it is.
func isHeaderText(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= 1024 && s[0] != ' ' && s[len(s)-1] != ' '
}
