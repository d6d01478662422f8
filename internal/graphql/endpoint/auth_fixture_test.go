package endpoint_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"preamp/internal/authn"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/httpx"
	"preamp/internal/oidc"
	"preamp/internal/oidc/oidctest"
	"preamp/internal/outgoing"
	"preamp/internal/sigv4"
)

const (
	ownPool = "us-east-1_Own000001"
	awsPool = "eu-west-1_AbCdEf123"
	awsURL  = "https://cognito-idp.eu-west-1.amazonaws.com/" + awsPool

	accessKey = "AKIAABCDEFGHIJKLMNOP"
	secretKey = "a secret of the test"
)

// doors is an API and everybody who may come in: an OpenID Connect issuer on this
// machine, a user pool on AWS, one of this server, and an access key.
type doors struct {
	*world
	issuer, aws, own *oidctest.Issuer
	client           *http.Client
	url              string
	logs             logs
}

const plainSchema = `type Note @model { id: ID! text: String }`

// eachDoors runs fn on every store, with an API that has every mode.
func eachDoors(t *testing.T, fn func(d *doors)) {
	t.Helper()
	each(t, plainSchema, endpoint.Limits{}, func(w *world) {
		d := &doors{
			world: w, issuer: oidctest.New("", 0), aws: oidctest.New(awsURL, 1),
			own: oidctest.New("https://preamp.example/"+ownPool, 2), client: &http.Client{},
		}
		web := httptest.NewServer(d.issuer)
		w.t.Cleanup(web.Close)
		d.issuer.URL = web.URL
		d.open()
		d.configure(allModes, endpoint.Auth{UserPool: awsPool, OIDC: endpoint.OIDC{Issuer: d.issuer.URL}})
		server := httptest.NewServer(w.registry)
		w.t.Cleanup(server.Close)
		w.t.Cleanup(d.client.CloseIdleConnections)
		d.url = server.URL + "/api/" + apiID + "/graphql"
		fn(d)
	})
}

// configure gives the API modes, the default first, and their settings.
func (d *doors) configure(modes []authn.Mode, auth endpoint.Auth) {
	d.t.Helper()
	d.modes, d.auth = modes, auth
	d.push(plainSchema)
	d.registry.Invalidate(apiID)
}

// open makes the registry anew, with all doors.
func (d *doors) open() {
	d.t.Helper()
	outside := outgoing.New(outgoing.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	d.t.Cleanup(outside.CloseIdle)
	tokens, err := oidc.New(oidc.Config{Now: d.clock, Logger: d.logs.logger(), Get: func(ctx context.Context, address string) ([]byte, error) {
		if address == awsURL+oidctest.KeysPath {
			return d.aws.KeySet(), nil
		}
		return outside.Document(ctx, address)
	}})
	must(d.t, err)
	verifier := &sigv4.Verifier{Keys: accessKeys{}, Service: "appsync", Now: d.clock}
	d.registry, err = endpoint.New(endpoint.Config{
		Locate: d.locate, Now: d.clock, Logger: d.logs.logger(), Tokens: tokens, UserPools: pools{d},
		Signed: func(q *http.Request, body []byte) (authn.Caller, error) {
			i, err := verifier.Verify(q, body)
			return authn.Caller{Mode: authn.IAM, ID: i.AccessKey, ARN: i.ARN, Admin: err == nil}, err
		},
	})
	must(d.t, err)
}

// pools are the user pools of this server: one.
type pools struct{ d *doors }

func (p pools) Issuer(_ context.Context, poolID string) (string, error) {
	if poolID != ownPool {
		return "", errs.Missing("UserPool", "no such pool")
	}
	return p.d.own.URL, nil
}

func (p pools) VerifyToken(_ context.Context, poolID, token string) (authn.Caller, error) {
	if poolID != ownPool {
		return authn.Caller{}, errs.Missing("UserPool", "not one of this server")
	}
	keys, err := oidc.ParseKeySet(p.d.own.KeySet())
	if err != nil {
		return authn.Caller{}, err
	}
	claims, err := keys.Check(p.d.own.URL, token, p.d.clock())
	if err != nil {
		return authn.Caller{}, err
	}
	return authn.Caller{ID: claims["sub"].(string), Claims: claims}, nil
}

type accessKeys struct{}

func (accessKeys) Lookup(_ context.Context, id string) (secret, arn string, err error) {
	if id != accessKey {
		return "", "", errs.Missing("AccessKey", "no such key")
	}
	return secretKey, "arn:aws:iam::000000000000:user/test", nil
}

// logs keeps what was logged.
type logs struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logs) logger() *slog.Logger {
	return slog.New(httpx.LogHandler(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug})))
}

const ping = `{"query":"{__typename}"}`

// answer is what came back.
type answer struct {
	status int
	kind   string // x-amzn-ErrorType
	body   string
}

// send posts a body over HTTP with headers: names, as they are, and values.
func (d *doors) send(body string, header ...string) answer {
	d.t.Helper()
	q, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.url, strings.NewReader(body))
	must(d.t, err)
	for i := 0; i < len(header); i += 2 {
		q.Header[header[i]] = append(q.Header[header[i]], header[i+1])
	}
	return d.roundTrip(q)
}

func (d *doors) roundTrip(q *http.Request) answer {
	d.t.Helper()
	res, err := d.client.Do(q)
	must(d.t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(d.t, err)
	return answer{res.StatusCode, res.Header.Get("x-amzn-ErrorType"), string(b)}
}

var in = answer{200, "", `{"data":{"__typename":"Query"}}`}

func out(message string) answer {
	return answer{401, "UnauthorizedException", `{"errors":[{"errorType":"UnauthorizedException","message":"` + message + `"}]}`}
}

var (
	missing    = out("Missing authorization header")
	invalid    = out("Valid authorization header not provided.")
	notAllowed = out("You are not authorized to make this call.")
	expired    = out("Token has expired.")
)

// signed makes a signed request; change may alter it afterwards.
func (d *doors) signed(body, id, secret, region, service string, at time.Time, change func(*http.Request)) answer {
	d.t.Helper()
	q, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.url, strings.NewReader(body))
	must(d.t, err)
	q.Header.Set("Content-Type", "application/json")
	sigv4.Sign(q, []byte(body), id, secret, region, service, at)
	if change != nil {
		change(q)
	}
	return d.roundTrip(q)
}

// second makes another API in the same environment.
func (d *doors) second(id, key string, modes []authn.Mode, auth endpoint.Auth) {
	d.t.Helper()
	db0 := d.acquire()
	must(d.t, db0.Tx(d.t.Context(), func(tx *db.Tx) error {
		v, err := endpoint.LiveVersion(tx.Query(), apiID)
		if err != nil {
			return err
		}
		v.Number, v.Auth = 1, auth
		v.Options.DefaultAuth, v.Options.AuthModes = modes[0], modes[1:]
		if err := endpoint.CreateAPI(tx, id, "other", 1); err != nil {
			return err
		}
		if err := endpoint.PutVersion(tx, id, v); err != nil {
			return err
		}
		if err := endpoint.PutKey(tx, d.sealer, id, key, d.clock().Add(time.Hour).UnixMilli()); err != nil {
			return err
		}
		return endpoint.Publish(tx, id, 1)
	}))
}
