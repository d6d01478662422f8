package userpool

import (
	"context"
	"maps"
	"slices"

	"preamp/internal/db"
)

// UpdateAttributes changes attributes of the user of an access token. What the
// pool verifies is sent a code; a verified value stays until the new one is
// verified too, and the empty text takes an attribute away.
//
// Errors: those of SignedIn; InvalidParameterException, AliasExistsException,
// CodeDeliveryFailureException.
func (s *Service) UpdateAttributes(ctx context.Context, c Call, accessToken string, given map[string]string) ([]Delivery, error) {
	in, err := s.writer(ctx, c, accessToken)
	if err != nil {
		return nil, err
	}
	for name := range given {
		if _, known := in.pool.Settings.Schema()[name]; known && !in.client.Settings.mayWrite(name) {
			return nil, notAuthorized("A client attempted to write unauthorized attribute")
		}
	}
	given = maps.Clone(given)
	in.pool.Settings.canonical(given)
	return s.updateAttributes(ctx, c, &in.pool, in.user.ID, given)
}

func (s *Service) updateAttributes(ctx context.Context, c Call, p *Pool, userID string, given map[string]string) ([]Delivery, error) {
	codes := map[string]string{}
	for _, a := range []string{attrEmail, attrPhone} {
		code, err := s.drawCode(codeDigits)
		if err != nil {
			return nil, err
		}
		codes[a] = code
	}
	var out []Delivery
	var messages []Message
	err := c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		out, messages = nil, nil
		u, err := lockUser(tx, c, userID)
		if err != nil {
			return err
		}
		sends, err := p.apply(&u, given)
		if err != nil {
			return err
		}
		for _, a := range []string{attrEmail, attrPhone} {
			if _, ok := given[a]; !ok {
				continue
			}
			// The code of an earlier change would bring that value back.
			if err := dropCode(tx, u.ID, purposeAttribute+a); err != nil {
				return err
			}
		}
		for _, to := range sends {
			if err := p.freeFor(tx.Query(), c, &u, to); err != nil {
				return err
			}
			out = append(out, *to.details())
			messages = append(messages, p.Settings.Messages.verification().render(to, p, &u, codes[to.attribute]))
			err := storeCode(tx, p, u.ID, attributeCode(to), codes[to.attribute], c.now())
			if err != nil {
				return err
			}
		}
		return saveUser(tx, c, p, &u)
	})
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		if err := s.send(ctx, m); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func attributeCode(to delivery) sentCode {
	return sentCode{purpose: purposeAttribute + to.attribute, attribute: to.attribute, value: to.to, life: codeLife}
}

// freeFor refuses a value that will not be the user's because it signs in
// somebody else. Where it is an alias only the proof of the code says that.
func (p *Pool) freeFor(q *db.Query, c Call, u *User, to delivery) error {
	if !p.Settings.signsIn(to.attribute) || u.external() {
		return nil
	}
	other, err := holder(q, c, p, u, to.to)
	if err != nil || other == nil {
		return err
	}
	return aliasExists(to.attribute)
}

// apply changes the attributes of u and answers which codes have to be sent.
func (p *Pool) apply(u *User, given map[string]string) ([]delivery, error) {
	s := &p.Settings
	if err := s.conform(given, false); err != nil {
		return nil, err
	}
	schema := s.Schema()
	var sends []delivery
	for _, name := range sortedKeys(given) {
		v := given[name]
		if v == u.Attributes[name] {
			continue
		}
		if !schema[name].Mutable && u.Attributes[name] != "" {
			return nil, invalid("user.%s: Attribute cannot be updated.\n", name)
		}
		if v == "" && (schema[name].Required || s.signsIn(name) && len(s.UsernameAttributes) == 1) {
			return nil, nonconforming(name + ": The attribute is required\n")
		}
		proved := name == attrEmail || name == attrPhone
		sent := proved && v != "" && (slices.Contains(s.AutoVerified, name) || slices.Contains(s.VerifyBeforeUpdate, name))
		if sent {
			sends = append(sends, delivery{name, v})
		}
		if sent && u.verified(name) {
			continue // the one that is proved stays until then
		}
		u.Attributes[name] = v
		if proved {
			u.Attributes[name+"_verified"] = ""
			if v != "" {
				u.Attributes[name+"_verified"] = "false"
			}
		}
	}
	return sends, nil
}

// DeleteAttributes takes attributes away from the user of an access token.
//
// Errors: those of SignedIn; InvalidParameterException.
func (s *Service) DeleteAttributes(ctx context.Context, c Call, accessToken string, names []string) error {
	in, err := s.writer(ctx, c, accessToken)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, known := in.pool.Settings.Schema()[name]; known && !in.client.Settings.mayWrite(name) {
			return notAuthorized("A client attempted to write unauthorized attribute")
		}
	}
	if err := in.pool.Settings.knows(names); err != nil {
		return err
	}
	return s.deleteAttributes(ctx, c, &in.pool, in.user.ID, names)
}

func (s *Service) deleteAttributes(ctx context.Context, c Call, p *Pool, userID string, names []string) error {
	none := map[string]string{}
	for _, name := range names {
		none[name] = ""
	}
	_, err := s.updateAttributes(ctx, c, p, userID, none)
	return err
}

// SendAttributeCode sends a code that proves an attribute: the value that waits
// for it, or else the present one.
//
// Errors: those of SignedIn; InvalidParameterException, LimitExceededException,
// CodeDeliveryFailureException.
func (s *Service) SendAttributeCode(ctx context.Context, c Call, accessToken, attribute string) (*Delivery, error) {
	in, err := s.writer(ctx, c, accessToken)
	if err != nil {
		return nil, err
	}
	if attribute != attrEmail && attribute != attrPhone {
		return nil, invalid("Invalid attribute name: %s can not be verified.", attribute)
	}
	code, err := s.drawCode(codeDigits)
	if err != nil {
		return nil, err
	}
	p := &in.pool
	var to delivery
	var message Message
	err = judge(ctx, c, func(tx *db.Tx) (refusal, err error) {
		if refusal, err := countCall(tx, p.ID, in.user.ID, callAttributeCode, c.now()); refusal != nil || err != nil {
			return refusal, err
		}
		u, err := lockUser(tx, c, in.user.ID)
		if err != nil {
			return nil, err
		}
		value, err := pendingValue(tx.Query(), u.ID, attribute, c.now())
		if err != nil {
			return nil, err
		}
		if value == "" {
			value = u.Attributes[attribute]
		}
		if value == "" {
			return invalid("User does not have delivery config set to turn on %s verification.", attribute), nil
		}
		to = delivery{attribute, value}
		message = p.Settings.Messages.verification().render(to, p, &u, code)
		return nil, storeCode(tx, p, u.ID, attributeCode(to), code, c.now())
	})
	if err != nil {
		return nil, err
	}
	return to.details(), s.send(ctx, message)
}

// VerifyAttribute proves an attribute by the code that was sent to it.
//
// Errors: those of SignedIn; CodeMismatchException, ExpiredCodeException,
// AliasExistsException, LimitExceededException.
func (s *Service) VerifyAttribute(ctx context.Context, c Call, accessToken, attribute, code string) error {
	in, err := s.writer(ctx, c, accessToken)
	if err != nil {
		return err
	}
	if attribute != attrEmail && attribute != attrPhone {
		return invalid("Invalid attribute name: %s can not be verified.", attribute)
	}
	p := &in.pool
	return judge(ctx, c, func(tx *db.Tx) (refusal, err error) {
		if refusal, err := countCall(tx, p.ID, in.user.ID, callVerify, c.now()); refusal != nil || err != nil {
			return refusal, err
		}
		sent, refusal, err := checkCode(tx, p, in.user.ID, purposeAttribute+attribute, code, false, c.now())
		if refusal != nil || err != nil {
			return refusal, err
		}
		u, err := lockUser(tx, c, in.user.ID)
		if err != nil {
			return nil, err
		}
		u.Attributes[sent.attribute], u.Attributes[sent.attribute+"_verified"] = sent.value, "true"
		if err := freeAlias(tx, c, p, &u, sent.attribute, false); err != nil {
			return nil, err
		}
		if err := dropCode(tx, u.ID, purposeAttribute+attribute); err != nil {
			return nil, err
		}
		return nil, saveUser(tx, c, p, &u)
	})
}
