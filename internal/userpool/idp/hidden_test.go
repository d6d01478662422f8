package idp_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"preamp/internal/awswire"
	"preamp/internal/userpool/idp"
)

// TestHidden: what is sensitive does not appear in logs or formatted text, as a
// value, behind a pointer, or inside of something else.
func TestHidden(t *testing.T) {
	t.Parallel()
	const secret = "Hunter2"
	values := []any{
		idp.SignUpInput{Password: secret},
		&idp.SignUpInput{Password: secret},
		idp.AuthenticationResultType{AccessToken: secret},
		idp.InitiateAuthOutput{AuthenticationResult: &idp.AuthenticationResultType{AccessToken: secret}},
		idp.InitiateAuthInput{AuthParameters: map[string]string{"PASSWORD": secret}},
		idp.ListUsersOutput{Users: []idp.UserType{{Username: secret}}},
		idp.CreateIdentityProviderInput{ProviderDetails: map[string]string{"client_secret": secret}},
		idp.IdentityProviderType{ProviderDetails: map[string]string{"client_secret": secret}},
		idp.UserPoolClientType{ClientSecret: secret},
		[]idp.AttributeType{{Name: "email", Value: new(secret)}},
	}
	for _, v := range values {
		var b bytes.Buffer
		slog.New(slog.NewTextHandler(&b, nil)).Info("x", "v", v)
		if _, list := v.([]idp.AttributeType); !list {
			slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "v", v)
		}
		fmt.Fprintf(&b, "%v %+v %s", v, v, v)
		if strings.Contains(b.String(), secret) {
			t.Errorf("%T is shown: %s", v, b.String())
		}
	}
}

// TestEncode: what is absent is left out, what is empty is not, and required
// lists are never null.
func TestEncode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		v    any
		want string
	}{
		{"nothing", idp.DeleteUserOutput{}, `{}`},
		{"required list", &idp.GetUserOutput{Username: "<a&b>"}, `{"Username":"<a&b>","UserAttributes":[]}`},
		{"required map", idp.TermsType{}, `{"TermsId":"","UserPoolId":"","ClientId":"","TermsName":"","TermsSource":"","Enforcement":"","Links":{}}`},
		{"empty map", idp.InitiateAuthOutput{ChallengeParameters: map[string]string{}}, `{"ChallengeParameters":{}}`},
		{"empty list", idp.ListUsersOutput{Users: []idp.UserType{}}, `{"Users":[]}`},
		{"empty value", idp.AttributeType{Name: "a", Value: new("")}, `{"Name":"a","Value":""}`},
		{"no value", idp.AttributeType{Name: "a"}, `{"Name":"a"}`},
		{"false", idp.UserType{Enabled: new(false)}, `{"Enabled":false}`},
		{"time", idp.GroupType{CreationDate: awswire.Timestamp{Time: time.UnixMilli(1700000000123)}}, `{"CreationDate":1700000000.123}`},
		{"zero", idp.GroupType{Precedence: new(int32(0))}, `{"Precedence":0}`},
	} {
		got, err := awswire.Marshal(tt.v)
		if err != nil || !bytes.Equal(got, []byte(tt.want)) {
			t.Errorf("%s: %s, want %s (%v)", tt.name, got, tt.want, err)
		}
	}
}
