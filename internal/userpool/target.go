package userpool

import "preamp/internal/db"

// target is the user of a name, or what stands for nobody.
type target struct {
	user    *User // nil for nobody
	subject string
}

// find answers the user of a call without sign-in. Where the client hides users,
// nobody is an answer like any other.
func (b ByClient) find(q *db.Query, c Call, p *Pool, client *Client) (target, error) {
	u, err := findUser(q, c, p, b.Username)
	switch {
	case err == nil:
		return target{&u, u.ID}, nil
	case !isNotFound(err):
		return target{}, err
	case client.Settings.HideUsers:
		dummyUnseal(c)
		return target{subject: p.phantom(b.Username)}, nil
	}
	return target{}, noCombination()
}
