package cognitoidp_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"preamp/internal/awswire"
	"preamp/internal/awswire/targettest"
	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
	"preamp/internal/keys"
	"preamp/internal/userpool"
	"preamp/internal/userpool/cognitoidp"
	"preamp/internal/userpool/idp"
	"preamp/internal/userpool/token"
)

const factsFile = "../../../tools/awsgen/cognito-idp.json"

// later are the operations that this version does not have.
var later = []string{
	// Devices, passkeys, threat protection.
	"ConfirmDevice", "ForgetDevice", "GetDevice", "ListDevices", "UpdateDeviceStatus", "AdminForgetDevice", "AdminGetDevice", "AdminListDevices",
	"AdminUpdateDeviceStatus", "StartWebAuthnRegistration", "CompleteWebAuthnRegistration", "ListWebAuthnCredentials", "DeleteWebAuthnCredential",
	"AdminListUserAuthEvents", "AdminUpdateAuthEventFeedback", "UpdateAuthEventFeedback", "DescribeRiskConfiguration", "SetRiskConfiguration",
	// Resource servers, import jobs, links between users and providers.
	"CreateResourceServer", "DescribeResourceServer", "UpdateResourceServer", "DeleteResourceServer", "ListResourceServers", "CreateUserImportJob",
	"DescribeUserImportJob", "ListUserImportJobs", "StartUserImportJob", "StopUserImportJob", "AdminLinkProviderForUser", "AdminDisableProviderForUser",
	// The look of the hosted pages, terms, logs, SAML, several secrets of a client.
	"CreateManagedLoginBranding", "DescribeManagedLoginBranding", "DescribeManagedLoginBrandingByClient", "UpdateManagedLoginBranding",
	"DeleteManagedLoginBranding", "GetUICustomization", "SetUICustomization", "CreateTerms", "DescribeTerms", "UpdateTerms", "DeleteTerms", "ListTerms",
	"GetLogDeliveryConfiguration", "SetLogDeliveryConfiguration", "GetSigningCertificate", "AddUserPoolClientSecret", "DeleteUserPoolClientSecret",
	"ListUserPoolClientSecrets",
}

// Every operation either does something or says that this version does not have
// it.
func TestOperations(t *testing.T) {
	t.Parallel()
	lines := dbtest.Lines{Control: []db.Line{keys.ControlLine()}, Env: []db.Line{keys.EnvLine(), token.EnvLine(), userpool.EnvLine()}}
	dbtest.Each(t, lines, func(t *testing.T, set *db.Set) {
		f := newFixture(t, set, nil)
		facts := targettest.Read(t, factsFile)
		for _, name := range facts.Names() {
			op := facts.Operations[name]
			status, body := f.post(t, name, op.Body(t, false))
			answer := read(t, body)
			kind, message := text(answer, "__type"), text(answer, "message")
			if status >= 500 || kind != "" && !slices.Contains(op.Errors, kind) {
				t.Errorf("%s: %d %s", name, status, body)
			}
			if got, want := strings.HasPrefix(message, name+" is not available"), slices.Contains(later, name); got != want {
				t.Errorf("%s: %s", name, body)
			}
		}
	})
}

func TestRates(t *testing.T) {
	t.Parallel()
	now := start
	one := cognitoidp.Rates{}
	one.UserAuthentication, one.UserList = 2, 0.5
	limit := one.Limit(func() time.Time { return now })
	ask := func(operation string) error {
		return limit(context.Background(), idp.SigningName, awswire.Request{Operation: operation})
	}
	for range 2 {
		must(t, ask("InitiateAuth"))
	}
	e := errs.Public(ask("RespondToAuthChallenge")) // the category is full, whatever the operation
	if e.Code != idp.TooManyRequestsException || e.Message != "Too many requests" {
		t.Errorf("beyond: %+v", e)
	}
	must(t, ask("GetUser")) // without a limit
	must(t, ask("ListUsers"))
	if ask("ListUsers") == nil {
		t.Error("a second list in two seconds")
	}
	must(t, limit(context.Background(), "cognito-identity", awswire.Request{Operation: "ListUsers"}))
	now = now.Add(500 * time.Millisecond)
	must(t, ask("InitiateAuth"))
	if ask("InitiateAuth") == nil {
		t.Error("two in half a second")
	}
}

// Every operation belongs to a category that has a limit by default.
func TestEveryOperationHasARate(t *testing.T) {
	t.Parallel()
	for _, name := range targettest.Read(t, factsFile).Names() {
		limit := cognitoidp.DefaultRates().Limit(func() time.Time { return start })
		refused := 0
		for range 200 {
			if limit(context.Background(), idp.SigningName, awswire.Request{Operation: name}) != nil {
				refused++
			}
		}
		if refused < 80 || refused > 185 {
			t.Errorf("%s: %d of 200 refused", name, refused)
		}
	}
}

// The limit stands before the operation and answers as the service does.
func TestRateOverHTTP(t *testing.T) {
	t.Parallel()
	lines := dbtest.Lines{Control: []db.Line{keys.ControlLine()}, Env: []db.Line{keys.EnvLine(), token.EnvLine(), userpool.EnvLine()}}
	dbtest.Each(t, lines, func(t *testing.T, set *db.Set) {
		rates := cognitoidp.Rates{UserPoolRead: 1}
		f := newFixture(t, set, rates.Limit(func() time.Time { return start }))
		f.call(t, "ListUserPools", obj{"MaxResults": 1})
		f.refused(t, "ListUserPools", obj{"MaxResults": 1}, "TooManyRequests: Too many requests")
	})
}

func TestNew(t *testing.T) {
	t.Parallel()
	if _, err := cognitoidp.New(cognitoidp.Config{Region: region}); err == nil {
		t.Error("an API without users")
	}
}
