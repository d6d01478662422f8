package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
	"preamp/internal/keys"
	"preamp/internal/oidc"
	"preamp/internal/userpool"
)

// blind is a directory that leads to environments without a database, so that who
// reads one panics, and counts how often it is asked.
type blind struct {
	userpool.Directory
	env   keys.Env
	asked atomic.Int64
}

func (b *blind) Find(context.Context, string, string) (keys.Env, func(), error) {
	b.asked.Add(1)
	if b.env.UID == "" {
		return keys.Env{}, nil, errs.E(errs.NotFound, "nothing")
	}
	return b.env, func() {}, nil
}

func TestTokensOfOwnPools(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		pool, client := r.newPool(r.newKey())
		token := at(r.signUp(client, "ann@example.com", "Passw0rd!"), "AuthenticationResult.AccessToken")
		o := r.pools
		c, err := o.VerifyToken(t.Context(), pool, token)
		if err != nil || c.ID == "" || c.Claims["token_use"] != "access" || c.Claims["client_id"] != client {
			t.Fatalf("%+v, %v", c, err)
		}
		if issuer, err := o.Issuer(t.Context(), pool); err != nil || issuer != c.Claims["iss"] {
			t.Errorf("issuer %s, %v", issuer, err)
		}

		// The second time no database is read.
		env, release, err := o.directory.Find(t.Context(), userpool.RoutePool, pool)
		if err != nil {
			t.Fatal(err)
		}
		release()
		directory := o.directory
		o.directory = &blind{env: keys.Env{UID: env.UID}}
		if again, err := o.VerifyToken(t.Context(), pool, token); err != nil || again.ID != c.ID {
			t.Errorf("again: %+v, %v", again, err)
		}
		o.directory = directory

		for _, tc := range []struct {
			name, token string
			later       time.Duration
			want        error
		}{
			{"expired", token, 2 * time.Hour, oidc.ErrExpired},
			{"cut", token[:len(token)-1], 0, oidc.ErrRefused},
			{"no token", "x", 0, oidc.ErrRefused},
			{"empty", "", 0, oidc.ErrRefused},
		} {
			o.now = func() time.Time { return time.Now().Add(tc.later) }
			if _, err := o.VerifyToken(t.Context(), pool, tc.token); !errors.Is(err, tc.want) {
				t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
			}
		}
		o.now = time.Now
	})
}

// An API with a pool on AWS asks with every request: the answer is remembered for a
// moment, and a pool that is made later is found.
func TestPoolsElsewhere(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		o := r.pools
		b := &blind{}
		own := o.directory
		o.directory = b
		now := time.Now()
		o.now = func() time.Time { return now }
		for range 3 {
			if _, err := o.Issuer(t.Context(), "eu-west-1_AbCdEf123"); errs.KindOf(err) != errs.NotFound {
				t.Errorf("%v", err)
			}
		}
		if b.asked.Load() != 1 {
			t.Errorf("asked %d times", b.asked.Load())
		}
		now = now.Add(strangerAge)
		if _, err := o.VerifyToken(t.Context(), "eu-west-1_AbCdEf123", "x"); errs.KindOf(err) != errs.NotFound || b.asked.Load() != 2 {
			t.Errorf("%v, asked %d times", err, b.asked.Load())
		}
		o.directory, o.now = own, time.Now
	})
}

// The form of the issuer is a setting of the pool; tokens with the other one are
// refused from then on.
func TestIssuerOfAPool(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, db.Config{}, func(t *testing.T, d db.Config) {
		hook := newWebhook(t)
		r, log := startServe(t, d, func(o *options) { o.messaging = messaging{sms: hook.URL} })
		pool, client := r.newPool(r.newKey())
		r.idp(r.newKey(), "AdminCreateUser", in{"UserPoolId": pool, "Username": "ann@example.com", "MessageAction": "SUPPRESS"})
		r.idp(r.newKey(), "AdminSetUserPassword", in{"UserPoolId": pool, "Username": "ann@example.com", "Password": "Passw0rd!", "Permanent": true})
		access := func() string {
			return at(r.signIn(client, "ann@example.com", "Passw0rd!"), "AuthenticationResult.AccessToken")
		}
		aws := "https://cognito-idp.us-east-1.amazonaws.com/" + pool
		before := access()
		if status, body := r.local(http.MethodPost, "/_preamp/issuer?form=aws&pool="+pool); status != 200 || !strings.Contains(body, aws) {
			t.Fatalf("%d %s", status, body)
		}
		if c, err := r.pools.VerifyToken(t.Context(), pool, access()); err != nil || c.Claims["iss"] != aws {
			t.Errorf("%v, %v", c.Claims["iss"], err)
		}
		if _, err := r.pools.VerifyToken(t.Context(), pool, before); !errors.Is(err, oidc.ErrRefused) {
			t.Errorf("a token with the other issuer: %v", err)
		}
		if n := strings.Count(log.String(), "have the issuer of AWS"); n != 1 {
			t.Errorf("%d warnings", n)
		}
		for _, query := range []string{"form=aws&pool=us-east-1_Nothing00", "form=x&pool=" + pool, "pool=" + pool} {
			if status, body := r.local(http.MethodPost, "/_preamp/issuer?"+query); status == 200 {
				t.Errorf("%s: %s", query, body)
			}
		}
	})
}

func TestSweep(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		pool, client := r.newPool(r.newKey())
		r.idp(nil, "SignUp", in{"ClientId": client, "Username": "ann@example.com", "Password": "Passw0rd!"})
		env, release, err := r.provision.Directory().Find(t.Context(), userpool.RoutePool, pool)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		count := func() (n int) {
			if err := env.DB.Row(t.Context(), `SELECT count(*) FROM env.user_code`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if count() != 1 {
			t.Fatalf("%d codes", count())
		}
		r.sweepOnce(t.Context(), time.Now())
		if count() != 1 {
			t.Error("a code that can be used was swept")
		}
		r.sweepOnce(t.Context(), time.Now().Add(72*time.Hour))
		if count() != 0 {
			t.Error("a code that has expired was kept")
		}
	})
}

// Identity pools say when the token of a login ended, in the words that clients
// know.
func TestExpiredLogin(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		pool, client := r.newPool(r.newKey())
		login := at(r.signUp(client, "ann@example.com", "Passw0rd!"), "AuthenticationResult.IdToken")
		c, err := r.pools.claims(t.Context(), pool, login)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.verifyLogin(t.Context(), "", pool, login); err != nil {
			t.Fatal(err)
		}
		late := c.Expires.Add(time.Minute)
		r.pools.now = func() time.Time { return late }
		_, err = r.verifyLogin(t.Context(), "", pool, login)
		want := fmt.Sprintf("Invalid login token. Token expired: %d >= %d", late.Unix(), c.Expires.Unix())
		if e := errs.Public(err); err == nil || e.Message != want {
			t.Errorf("%v, want %s", err, want)
		}
		r.pools.now = time.Now
	})
}
