package server

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/config"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/userpool/cognitoidp"
)

// Each limit of preamp.yaml reaches what it limits: all are set to different
// values, and none of the endpoint's is left to its default.
func TestLimitsReachTheServer(t *testing.T) {
	t.Parallel()
	c := config.Default()
	set := reflect.ValueOf(&c.Limits).Elem()
	for i := range set.NumField() {
		if set.Field(i).CanInt() {
			set.Field(i).SetInt(int64(1000 + i))
		}
	}
	l, got := c.Limits, fromConfig(c)
	want := endpoint.Limits{
		Body: l.Body, QueryText: int(l.QueryText), Tokens: l.QueryTokens, Depth: l.QueryDepth, DepthAPIKey: l.QueryDepthAPIKey,
		Aliases: l.QueryAliases, Fields: l.QueryFields, Time: l.QueryTime, Page: l.Page, List: l.PageMax, JSONDepth: l.JSONDepth, Answer: l.Answer,
	}
	if diff := cmp.Diff(want, got.limits); diff != "" {
		t.Errorf("of GraphQL (-want +got):\n%s", diff)
	}
	used := map[int64]bool{}
	limits := reflect.ValueOf(got.limits)
	for i := range limits.NumField() {
		v := limits.Field(i).Int()
		if used[v] = true; v == 0 {
			t.Errorf("limit %s is no key of preamp.yaml", limits.Type().Field(i).Name)
		}
	}
	for _, v := range []int64{int64(got.perSecond), int64(got.burst), int64(got.wait / time.Nanosecond), got.body, int64(got.openEnvs), int64(got.openAPIs)} {
		used[v] = true
	}
	for i := range set.NumField() {
		if set.Field(i).CanInt() && !used[set.Field(i).Int()] {
			t.Errorf("limits: %s reaches nothing", set.Type().Field(i).Name)
		}
	}
}

// Each rate of preamp.yaml reaches the operations it limits.
func TestRatesReachTheServer(t *testing.T) {
	t.Parallel()
	c := config.Default()
	rates := reflect.ValueOf(&c.Limits.Cognito).Elem()
	for i := range rates.NumField() {
		rates.Field(i).SetInt(int64(2000 + i))
	}
	used := map[float64]bool{}
	pools := reflect.ValueOf(poolRates(fromConfig(c).rates))
	for _, field := range pools.Fields() {
		used[field.Float()] = true
	}
	for i := range rates.NumField() {
		name := rates.Type().Field(i).Name
		if !strings.HasPrefix(name, "Identity") && !strings.HasPrefix(name, "OneUser") && !used[float64(rates.Field(i).Int())] {
			t.Errorf("limits.cognito: %s reaches nothing", name)
		}
	}
}

// What stands in an empty configuration is what Cognito gives an account.
func TestDefaultRates(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(cognitoidp.DefaultRates(), poolRates(config.Default().Limits.Cognito)); diff != "" {
		t.Error(diff)
	}
}
