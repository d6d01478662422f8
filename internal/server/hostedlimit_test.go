package server

import (
	"net/http"
	"net/url"
	"testing"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
)

// The OAuth endpoints and the pages share the rates of the operations: else they
// would be a way around them.
func TestHostedPagesHaveRates(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, db.Config{}, func(t *testing.T, d db.Config) {
		r, _ := startServe(t, d, func(o *options) { o.rates.UserToken = 1 })
		refused := 0
		for range 20 {
			resp, err := http.PostForm(r.baseURL()+"/oauth/us-east-1_AbCdEfGhI/oauth2/token", url.Values{"grant_type": {"refresh_token"}})
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode == http.StatusTooManyRequests {
				refused++
			}
		}
		if refused == 0 {
			t.Error("no request was refused")
		}
	})
}
