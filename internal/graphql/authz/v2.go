package authz

import (
	"preamp/internal/authn"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/transform"
)

type v2 struct{ m *transform.Model }

func newV2(_ *transform.API, m *transform.Model) policy { return &v2{m: m} }

func (p *v2) read(transform.OperationKind, authn.Caller, Known) Verdict { return Verdict{} }
func (p *v2) related(bool, authn.Caller) Verdict                        { return Verdict{} }
func (p *v2) guarded(*transform.Field) bool                             { return false }
func (p *v2) field(*transform.Field, authn.Caller) Verdict              { return everything }
func (p *v2) redacted(*transform.Field) bool                            { return false }
func (p *v2) ownerPart(*transform.Field) bool                           { return false }
func (p *v2) create(authn.Caller, *scalar.Value) ([]Stamp, *Denial)     { return nil, &Denial{} }
func (p *v2) change(transform.OperationKind, authn.Caller, *scalar.Value) Change {
	return Change{Denied: &Denial{}}
}
