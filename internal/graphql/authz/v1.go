package authz

import (
	"preamp/internal/authn"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/transform"
)

type v1 struct{ m *transform.Model }

func newV1(_ *transform.API, m *transform.Model) policy { return &v1{m: m} }

func (p *v1) read(transform.OperationKind, authn.Caller, Known) Verdict { return Verdict{} }
func (p *v1) related(bool, authn.Caller) Verdict                        { return Verdict{} }
func (p *v1) guarded(*transform.Field) bool                             { return false }
func (p *v1) field(*transform.Field, authn.Caller) Verdict              { return everything }
func (p *v1) redacted(*transform.Field) bool                            { return false }
func (p *v1) ownerPart(*transform.Field) bool                           { return false }
func (p *v1) create(authn.Caller, *scalar.Value) ([]Stamp, *Denial)     { return nil, &Denial{} }
func (p *v1) change(transform.OperationKind, authn.Caller, *scalar.Value) Change {
	return Change{Denied: &Denial{}}
}
