package harness

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// LossyProxy stands between a client and the server and loses the answer of the
// first attempt of every call: the server has done the work, the client sees the
// connection break. It answers the URL to use.
func (s *Server) LossyProxy(t testing.TB) string {
	t.Helper()
	var mu sync.Mutex
	seen := map[string]bool{}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := http.NewRequestWithContext(r.Context(), r.Method, s.Status.URL+r.RequestURI, r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		// The Host header is part of the signature.
		out.Host, out.Header, out.ContentLength = r.Host, r.Header.Clone(), r.ContentLength
		resp, err := http.DefaultTransport.RoundTrip(out)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		call := r.Header.Get("Amz-Sdk-Invocation-Id")
		mu.Lock()
		first := !seen[call]
		seen[call] = true
		mu.Unlock()
		if first {
			panic(http.ErrAbortHandler) // closes the connection without an answer
		}
		maps.Copy(w.Header(), resp.Header)
		w.WriteHeader(resp.StatusCode)
		_, _ = w.Write(body)
	}))
	t.Cleanup(proxy.Close)
	return proxy.URL
}
