package httpx

import (
	"encoding/json"
	"net/http"
)

// JSON answers with v as JSON, without HTML escapes.
func JSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	// The status is out; a client that went away is the only cause of an error.
	_ = enc.Encode(v)
}

// Error answers with {"message": ...}, the plain error form of everything that
// is neither an AWS operation nor GraphQL.
func Error(w http.ResponseWriter, status int, message string) {
	JSON(w, status, struct {
		Message string `json:"message"`
	}{message})
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// Status is the status of the answer; 200 when the handler wrote nothing.
func (w *recorder) Status() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

func (w *recorder) WriteHeader(status int) {
	// 1xx is followed by the real status, except 101, which ends HTTP.
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach Flush, Hijack and deadlines.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
