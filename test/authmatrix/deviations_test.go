package authmatrix_test

import (
	"slices"
	"strings"
)

// deviation is a difference from the official templates that is meant to be. A
// member that is empty stands for any, "a|b" for one of several; schema is the
// beginning of a name.
type deviation struct {
	cell
	want, got string
	reason    string
}

func (d *deviation) covers(at cell, want, got string) bool {
	for _, p := range [][2]string{
		{d.family, at.family},
		{d.caller, at.caller},
		{d.op, at.op},
		{d.row, at.row},
		{d.want, want},
		{d.got, got},
	} {
		if p[0] != "" && !slices.Contains(strings.Split(p[0], "|"), p[1]) {
			return false
		}
	}
	return strings.HasPrefix(at.schema, d.schema)
}

const (
	forgedName = "users choose their names: a name with :: in it is not taken for the owner of that name"
	sortedBy   = "the templates ask an index that is sorted by owner for one form of the caller's identity only, and refuse other conditions; " +
		"here the query is answered with all rows of the caller"
	lacksClaim = "who lacks the claim of an owner rule is nobody; the v1 templates take all of them for one user with the name ___xamznone____"
	otherMode  = "v1 templates check the rules of a field that is written for token callers only; here callers of other modes may not write what they may not read"
	onTheWay   = "a relation that no rule opens to the mode is refused itself; on AWS it is the list of items in it"
	everyRole  = "the templates forget the rules of a field for roles that may list or update rows but not get one; " +
		"here they bind every role"
	rootOwner = "on a field of a root type there is no owner, and so nobody is one; the v1 templates check nothing"
)

// deviations must occur, each of them.
var deviations = []deviation{
	{cell: cell{family: "owner", schema: "owner", caller: "forger", row: "full|*"}, got: "unauthorized|hidden", reason: forgedName},

	{
		cell: cell{schema: "index: owner is the sort key", caller: "alice|aliceId", op: "kind", row: "sub|name|owner.sub+team.none|owner.name+team.none"},
		want: "hidden", got: "ok", reason: sortedBy,
	},
	{cell: cell{schema: "index: owner is the sort key", caller: "twin", op: "kind", row: "name"}, want: "hidden", got: "ok", reason: sortedBy},
	{
		cell: cell{schema: "index: owner is the sort key, dynamic", caller: "aliceAdmin", op: "kind", row: "owner.full+team.none|owner.sub+team.none|owner.name+team.none"},
		want: "hidden", got: "ok", reason: sortedBy,
	},
	{
		cell: cell{schema: "index: owner is the sort key", op: "kind and owner begins", row: "*"},
		want: "unauthorized", got: "ok", reason: sortedBy,
	},
	{
		cell: cell{schema: "index: owner is the sort key", caller: "alice|aliceId|aliceAdmin", op: "kind and owner begins", row: "full|sub|owner.full+team.none|owner.sub+team.none|owner.full+team.in"},
		want: "hidden", got: "ok", reason: sortedBy,
	},
	{
		cell: cell{schema: "index: owner is the sort key", caller: "bob", op: "kind and owner begins", row: "foreign|owner.foreign+team.none"},
		want: "hidden", got: "ok", reason: sortedBy,
	},
	{
		cell: cell{schema: "index: owner is the sort key", caller: "twin", op: "kind and owner begins", row: "twin"},
		want: "hidden", got: "ok", reason: sortedBy,
	},

	{
		cell: cell{family: "v1", schema: "v1 owner email", caller: "alice|bob"},
		want: "conditional|ok {\"owner\":\"___xamznone____\"}", got: "unauthorized", reason: lacksClaim,
	},
	{
		cell: cell{family: "v1", schema: "v1 owner oidc", caller: "oidcSub"},
		want: "conditional|ok {\"owner\":\"___xamznone____\"}", got: "unauthorized", reason: lacksClaim,
	},
	{
		cell: cell{family: "v1", schema: "v1 owner both providers", caller: "oidcSub"},
		want: "conditional|ok {\"owner\":\"___xamznone____\"}", got: "unauthorized", reason: lacksClaim,
	},

	{cell: cell{schema: "v1 field: "}, want: "ok -secret|ok {\"secret\":\"y\"} -secret", got: "unauthorized", reason: otherMode},
	{cell: cell{schema: "v1 relation: write only", caller: "auth"}, want: "ok null", got: "nested unauthorized", reason: onTheWay},
	{
		cell: cell{schema: "v1 root fields", op: "ownerQuery|ownerMutation|ownerOIDCQuery|ownerOIDCMutation"},
		want: "null", got: "unauthorized", reason: rootOwner,
	},

	{cell: cell{schema: "field: readers who may only list", op: "list"}, want: "ok", got: "ok -secret", reason: everyRole},
	{cell: cell{schema: "field: readers who may only list", op: "list by secret"}, want: "ok", got: "hidden", reason: everyRole},
	{cell: cell{schema: "field: readers who may only list", op: "list without secret"}, want: "hidden", got: "ok -secret", reason: everyRole},
	{cell: cell{schema: "field: readers who may only list", op: changes}, want: "ok", got: "ok -secret|ok ~secret", reason: everyRole},
	{cell: cell{schema: "field: group that may only update", op: changes}, want: "ok", got: "ok -secret|ok ~secret", reason: everyRole},
	{cell: cell{schema: "field: readers who may only list", op: "create secret"}, got: createdHidden, reason: everyRole},
	{cell: cell{schema: "field: group that may only update", op: "create secret"}, got: createdHidden, reason: everyRole},
	{cell: cell{schema: "relation: list only", caller: "root", op: "update and posts"}, want: "ok p.row", got: "ok", reason: everyRole},
}

// What the rows of everyRole are about.
const (
	changes       = "update|update note null|update owner foreign|update owner none|update secret|update title+secret|delete"
	createdHidden = `ok {"owner":"s1::alice","secret":"y"} ~secret|ok {"owner":"s2::bob","secret":"y"} ~secret|` +
		`ok {"owner":"s3::carol","secret":"y"} ~secret|ok {"owner":"s5::erin","secret":"y"} ~secret|ok {"secret":"y"} ~secret`
)
