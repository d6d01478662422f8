package awswire

import (
	"errors"
	"io"
	"net/http"

	"preamp/internal/errs"
)

// readBody reads a body of at most limit bytes, without reading anything of one
// that says beforehand that it is too large.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	tooLarge := errs.E(errs.TooLarge, "The request body is larger than %d bytes", limit)
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close")
		return nil, tooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, tooLarge
	}
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "The request body could not be read")
	}
	return body, nil
}
