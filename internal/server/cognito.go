package server

import (
	"net/http"
	"net/url"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/prometheus/client_golang/prometheus"

	"preamp/internal/awswire"
	"preamp/internal/config"
	"preamp/internal/identitypool/wire"
	"preamp/internal/keys"
	"preamp/internal/sigv4"
	"preamp/internal/userpool"
	"preamp/internal/userpool/cognitoidp"
	"preamp/internal/userpool/idp"
	"preamp/internal/userpool/token"
)

// openPools makes the user pools of the server. Their names are made of the base
// URL, which is known when the address is bound.
func (s *Server) openPools() (err error) {
	if err := s.openOutbox(); err != nil {
		return err
	}
	if s.warned, err = lru.New[string, struct{}](maxWarned); err != nil {
		return err
	}
	if s.tokenKeys, err = token.NewKeys(); err != nil {
		return err
	}
	if s.verifier, err = token.NewVerifier(s.tokenKeys); err != nil {
		return err
	}
	oneUser := s.rates
	if s.dev {
		oneUser = config.CognitoRates{} // has no rates
	}
	if s.users, err = userpool.New(userpool.Config{
		UserReads: oneUser.OneUserRead, UserWrites: oneUser.OneUserWrite,
		Keys: s.tokenKeys, Verifier: s.verifier, Issuer: s.issuer, Send: s.outbox.Send, FixedCode: s.fixedCode, Logger: s.logger,
	}); err != nil {
		return err
	}
	s.pools, err = newOwnPools(s.provision.Directory(), s.verifier, s.users, s.issuer)
	return err
}

// issuer is the name of a pool in its tokens.
func (s *Server) issuer(pool string, awsName bool) string {
	if awsName {
		s.warnOfAWSIssuer(pool)
	}
	return token.IssuerURL(s.base, pool, awsName)
}

// forgetPool makes the next request read a pool and its keys: they were changed or
// deleted.
func (s *Server) forgetPool(env keys.Env, pool string) {
	s.tokenKeys.Forget(env, pool)
	s.pools.forget(pool)
}

// maxWarned bounds the pools that were warned of.
const maxWarned = 1024

// warnOfAWSIssuer says once per pool what its tokens may lead to.
func (s *Server) warnOfAWSIssuer(pool string) {
	if known, _ := s.warned.ContainsOrAdd(pool, struct{}{}); !known {
		s.logger.Warn("tokens of a user pool have the issuer of AWS: a verifier that fetches its keys by that name, where the name does not lead here, "+
			"accepts the tokens of whoever has this pool id on AWS", "pool", pool, "issuer", token.IssuerURL(s.base, pool, true))
	}
}

// parseBase reads the base URL once: names are made of it with every request.
func (s *Server) parseBase() (err error) {
	s.base, err = url.Parse(s.baseURL())
	return err
}

// targets is the surface of the operations that are named in X-Amz-Target.
func (s *Server) targets(limit cognitoLimit) (http.Handler, error) {
	users, err := cognitoidp.New(cognitoidp.Config{
		Users: s.users, Directory: s.provision.Directory(), Region: Region, Logger: s.logger,
	})
	if err != nil {
		return nil, err
	}
	return awswire.NewTargetHandler(awswire.TargetConfig{
		Services: []awswire.TargetService{
			{Name: idp.SigningName, Prefix: idp.TargetPrefix, Actions: cognitoidp.Actions(users), Verify: s.administrators(idp.SigningName)},
			{Name: wire.SigningName, Prefix: wire.TargetPrefix, Actions: wire.Actions(s.identities), Verify: s.administrators(wire.SigningName)},
		},
		MaxBody: s.body, Limit: limit, Observe: targetObserver(s.metrics), Logger: s.logger,
	})
}

// administrators verifies signatures by long-lived access keys for a service.
func (s *Server) administrators(service string) func(*http.Request, []byte) (awswire.Identity, error) {
	verifier := &sigv4.Verifier{Keys: s.creds, Service: service, Sessions: s.sessions}
	return func(r *http.Request, body []byte) (awswire.Identity, error) {
		i, err := verifier.Verify(r, body)
		return awswire.Identity{AccessKey: i.AccessKey, ARN: i.ARN, Region: i.Region, Presigned: i.Presigned}, err
	}
}

// targetObserver counts the operations of Cognito by their outcome.
func targetObserver(reg *prometheus.Registry) func(service, operation, code string, status int, took time.Duration) {
	operations := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "preamp_cognito_operations_total", Help: "Operations of user pools and identity pools that were answered, by error name (empty: success).",
	}, []string{"service", "operation", "code"})
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "preamp_cognito_operation_seconds", Help: "Time of an operation of user pools and identity pools, in seconds.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5},
	}, []string{"service", "operation"})
	reg.MustRegister(operations, seconds)
	return func(service, operation, code string, _ int, took time.Duration) {
		operations.WithLabelValues(service, operation, code).Inc()
		seconds.WithLabelValues(service, operation).Observe(took.Seconds())
	}
}
