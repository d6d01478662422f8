package endpoint

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"preamp/internal/authn"
	"preamp/internal/errs"
	"preamp/internal/graphql/exec"
	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/scalar"
	"preamp/internal/httpx"
)

// The names of AppSync for requests that are refused as a whole.
const (
	codeUnauthorized = "UnauthorizedException"
	codeMalformed    = "MalformedHttpRequestException"
	codeNotFound     = "NotFoundException"
)

// unparsed is the message for bodies and for query texts that do not parse;
// AppSync makes no difference (graphql/graphql-over-http, issue 81).
const unparsed = "Unable to parse GraphQL query."

// ServeHTTP serves both endpoints; it is for tests and for embedding without a
// mux of its own.
func (r *Registry) ServeHTTP(w http.ResponseWriter, q *http.Request) { r.mux.ServeHTTP(w, q) }

var cors = httpx.CORS{
	Methods: "POST, GET, OPTIONS",
	Headers: "authorization, content-type, x-api-key, x-amz-date, x-amz-security-token, x-amz-user-agent, " +
		"x-amz-content-sha256, amz-sdk-invocation-id, amz-sdk-request",
	Expose: "x-amzn-RequestId, x-amzn-ErrorType, Date",
}

// headers sets what every answer carries.
func headers(w http.ResponseWriter) {
	h := w.Header()
	if h.Get("X-Amzn-Requestid") == "" {
		h.Set("X-Amzn-Requestid", uuid.NewString())
	}
	cors.Apply(h)
}

// refuse answers a request that was not executed.
func (r *Registry) refuse(w http.ResponseWriter, status int, code, message string) {
	r.metrics.count("", "refused")
	h := w.Header()
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		h.Set("X-Amzn-Errortype", code)
	}
	b := append([]byte(nil), `{"errors":[{"errorType":`...)
	b = scalar.AppendString(b, code)
	b = append(b, `,"message":`...)
	b = append(scalar.AppendString(b, message), `}]}`...)
	writeJSON(w, status, b)
}

var jsonType = []string{"application/json;charset=UTF-8"}

func writeJSON(w http.ResponseWriter, status int, b []byte) {
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Content-Length"] = []string{strconv.Itoa(len(b))}
	w.WriteHeader(status)
	// The status is out; a client that went away is the only cause of an error.
	_, _ = w.Write(b)
}

// fault answers an error on the way to the API.
func (r *Registry) fault(ctx context.Context, w http.ResponseWriter, err error) {
	public := errs.Public(err)
	switch public.Kind {
	case errs.NotFound:
		r.refuse(w, http.StatusNotFound, codeNotFound, public.Message)
		return
	case errs.Unavailable, errs.Timeout:
		r.metrics.count("", "failed")
		r.log.WarnContext(ctx, "API unavailable", "error", err)
		r.refuse(w, http.StatusServiceUnavailable, "ServiceUnavailableException", public.Message)
		return
	}
	r.metrics.count("", "failed")
	r.log.ErrorContext(ctx, "API failed to load", "error", err)
	r.refuse(w, http.StatusInternalServerError, "InternalFailure", "internal error")
}

func (r *Registry) serveGraphQL(w http.ResponseWriter, q *http.Request) {
	headers(w)
	switch q.Method {
	case http.MethodPost:
	case http.MethodOptions:
		cors.Preflight(w)
		return
	default:
		w.Header().Set("Allow", "POST, OPTIONS")
		r.refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowedException", "GraphQL requests are sent with POST.")
		return
	}
	room := buffers.Get().(*buffer)
	defer room.free()
	var req exec.Request
	bad := r.decode(q, room, &req)
	res, no := r.execute(q, room, &req, bad)
	if no != nil {
		no(w)
		return
	}
	if res.Malformed {
		r.refuse(w, http.StatusBadRequest, codeMalformed, unparsed)
		return
	}
	if res.Errors > 0 {
		r.metrics.count(res.Operation, "errors")
	} else {
		r.metrics.count(res.Operation, "ok")
	}
	writeJSON(w, http.StatusOK, room.out)
}

// refuser answers a request that is not executed.
type refuser func(w http.ResponseWriter)

// execute executes a request into room.out. bad refuses it for its body, once it
// is clear that the caller may call the API at all. The environment is pinned
// for no longer than this takes: not while a slow client sends or receives.
func (r *Registry) execute(q *http.Request, room *buffer, req *exec.Request, bad refuser) (exec.Result, refuser) {
	ctx := q.Context()
	apiID := q.PathValue("apiId")
	fault := func(err error) refuser {
		return func(w http.ResponseWriter) { r.fault(ctx, w, err) }
	}
	d, sealer, release, err := r.c.Locate(ctx, apiID)
	if err != nil {
		return exec.Result{}, fault(err)
	}
	defer release()
	a, err := r.lookup(ctx, apiID, d, sealer)
	if err != nil {
		return exec.Result{}, fault(err)
	}
	caller, no := r.authenticate(a, q, room, bad)
	if no != nil {
		return exec.Result{}, no
	}
	if bad != nil {
		return exec.Result{}, bad
	}
	req.Caller = caller
	start := time.Now()
	out, res := a.exec.Execute(authn.NewContext(ctx, caller), d, req, room.out[:0])
	room.out = out
	if !res.Malformed {
		r.metrics.observe(res.Operation, time.Since(start))
	}
	return res, nil
}

func (r *Registry) refuser(status int, code, message string) refuser {
	return func(w http.ResponseWriter) { r.refuse(w, status, code, message) }
}

// buffer is the memory of one request.
type buffer struct {
	in, out []byte
	// whole says that in is the whole body of the request.
	whole bool
}

var buffers = sync.Pool{New: func() any { return &buffer{in: make([]byte, 0, 4<<10), out: make([]byte, 0, 8<<10)} }}

// maxKept is the largest buffer that is used again.
const maxKept = 256 << 10

func (b *buffer) free() {
	if cap(b.in) <= maxKept && cap(b.out) <= maxKept {
		buffers.Put(b)
	}
}

// decode reads the body. What it answers refuses the request; nil is none.
func (r *Registry) decode(q *http.Request, room *buffer, out *exec.Request) refuser {
	body, err := readBody(q.Body, room, r.limits.Body)
	switch {
	case errors.Is(err, errLarge):
		return func(w http.ResponseWriter) {
			w.Header().Set("Connection", "close") // what is left of the body is not read
			r.refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException",
				"The request body is larger than "+strconv.FormatInt(r.limits.Body, 10)+" bytes.")
		}
	case err != nil:
		return r.refuser(http.StatusBadRequest, codeMalformed, "The request body could not be read.")
	case strings.TrimSpace(body) == "":
		return r.refuser(http.StatusBadRequest, codeMalformed, "Request body is empty.")
	}
	v, err := scalar.Decode(body, r.limits.JSONDepth)
	switch {
	case errors.Is(err, scalar.ErrDepth):
		return r.limited("The request body nests deeper than %d levels (limit: JSON depth).", r.limits.JSONDepth)
	case errors.Is(err, scalar.ErrSize):
		return r.limited("The request body has more than %d values (limit: JSON values).", scalar.MaxValues)
	case err != nil || !envelope(&v, out):
		return r.refuser(http.StatusBadRequest, codeMalformed, unparsed)
	}
	return nil
}

// limited refuses a request that is over a limit: with status 200, since clients
// repeat others.
func (r *Registry) limited(format string, limit int) refuser {
	return func(w http.ResponseWriter) {
		r.metrics.count("", "refused")
		writeJSON(w, http.StatusOK, exec.AppendFailure(nil, plan.Limit(format, limit)))
	}
}

// envelope takes a request apart. Members that are not known are ignored.
func envelope(v *scalar.Value, out *exec.Request) bool {
	if v.Kind != scalar.Object {
		return false
	}
	for i, name := range v.Keys {
		m := &v.List[i]
		switch name {
		case "query":
			if m.Kind != scalar.String {
				return false
			}
			out.Query = m.Str
		case "operationName":
			if m.Kind != scalar.String && !m.IsNull() {
				return false
			}
			out.OperationName = m.Str
		case "variables":
			if m.Kind != scalar.Object && !m.IsNull() {
				return false
			}
			out.Variables = *m
		}
	}
	return strings.TrimSpace(out.Query) != ""
}

var errLarge = errors.New("endpoint: body too large")

// readBody reads a body up to a size.
func readBody(body io.Reader, room *buffer, limit int64) (string, error) {
	b := room.in[:0]
	room.whole = false
	defer func() { room.in = b }()
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if int64(len(b)) > limit {
			return "", errLarge
		}
		switch {
		case errors.Is(err, io.EOF):
			room.whole = true
			return string(b), nil
		case err != nil:
			return "", err
		}
	}
}
