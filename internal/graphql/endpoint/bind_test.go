package endpoint_test

import (
	"testing"
	"time"

	"preamp/internal/authn"
	"preamp/internal/db"
	"preamp/internal/graphql/endpoint"
)

// An API that goes by the pool of its environment takes up another one within
// seconds, on nodes that nobody told too; one that names its pool keeps it.
func TestBindUserPool(t *testing.T) {
	t.Parallel()
	eachDoors(t, func(d *doors) {
		env, _, release, err := d.locate(t.Context(), apiID)
		must(d.t, err)
		defer release()
		bind := func(pool string) {
			d.t.Helper()
			must(d.t, env.Tx(d.t.Context(), func(tx *db.Tx) error { return endpoint.BindUserPool(tx, pool) }))
			d.now.Add(int64(6 * time.Second))
		}
		send := func() answer {
			d.t.Helper()
			return d.send(ping, "Authorization", d.own.Good(d.clock(), "token_use", `"access"`))
		}
		d.configure([]authn.Mode{authn.UserPool}, endpoint.Auth{Own: true})
		for _, tc := range []struct {
			pool string
			want answer
		}{{"", notAllowed}, {ownPool, in}, {awsPool, notAllowed}, {ownPool, in}, {"", notAllowed}} {
			bind(tc.pool)
			if got := send(); got != tc.want {
				d.t.Errorf("bound to %q: %+v, want %+v", tc.pool, got, tc.want)
			}
		}
		d.configure([]authn.Mode{authn.UserPool}, endpoint.Auth{UserPool: ownPool})
		bind(awsPool)
		if got := send(); got != in {
			d.t.Errorf("an API with a pool of its own: %+v", got)
		}
	})
}
