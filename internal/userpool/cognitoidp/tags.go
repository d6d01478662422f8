package cognitoidp

import (
	"context"
	"maps"
	"strings"

	"preamp/internal/errs"
	"preamp/internal/userpool"
	"preamp/internal/userpool/idp"
)

const maxTags = 50

func checkTags(tags map[string]string) error {
	for key := range tags {
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return fail(errs.Invalid, idp.UserPoolTaggingException, "Tag keys that begin with aws: are reserved.")
		}
	}
	if len(tags) > maxTags {
		return fail(errs.Invalid, idp.UserPoolTaggingException, "A user pool has at most %d tags.", maxTags)
	}
	return nil
}

// poolOf is the pool of an ARN.
//
// Errors: ResourceNotFoundException, InvalidParameterException.
func (a *API) poolOf(arn string) (string, error) {
	id, ok := strings.CutPrefix(arn, ARN(a.region, ""))
	if !ok || id == "" {
		return "", invalid("%s is not the ARN of a user pool.", arn)
	}
	return id, nil
}

// TagResource implements idp.Service.
func (a *API) TagResource(ctx context.Context, in *idp.TagResourceInput) (*idp.TagResourceOutput, error) {
	return nothing[idp.TagResourceOutput](a.changeTags(ctx, in.ResourceARN, func(tags map[string]string) { maps.Copy(tags, in.Tags) }))
}

// UntagResource implements idp.Service.
func (a *API) UntagResource(ctx context.Context, in *idp.UntagResourceInput) (*idp.UntagResourceOutput, error) {
	return nothing[idp.UntagResourceOutput](a.changeTags(ctx, in.ResourceARN, func(tags map[string]string) {
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
	}))
}

func (a *API) changeTags(ctx context.Context, arn string, change func(map[string]string)) error {
	pool, err := a.poolOf(arn)
	if err != nil {
		return err
	}
	_, err = inPool(ctx, a, pool, func(c userpool.Call) (userpool.Pool, error) {
		return a.users.UpdatePool(ctx, c, pool, func(_ *string, s *userpool.Settings) error {
			extra, err := readExtra[poolExtra](s.Extra)
			if err != nil {
				return err
			}
			if extra.Tags == nil {
				extra.Tags = map[string]string{}
			}
			change(extra.Tags)
			if err := checkTags(extra.Tags); err != nil {
				return err
			}
			s.Extra, err = writeExtra(extra)
			return err
		})
	})
	return err
}

// ListTagsForResource implements idp.Service.
func (a *API) ListTagsForResource(ctx context.Context, in *idp.ListTagsForResourceInput) (*idp.ListTagsForResourceOutput, error) {
	pool, err := a.poolOf(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return inPool(ctx, a, pool, func(c userpool.Call) (*idp.ListTagsForResourceOutput, error) {
		p, err := a.users.Pool(ctx, c, pool)
		if err != nil {
			return nil, err
		}
		extra, err := readExtra[poolExtra](p.Settings.Extra)
		if err != nil {
			return nil, err
		}
		if extra.Tags == nil {
			extra.Tags = map[string]string{}
		}
		return &idp.ListTagsForResourceOutput{Tags: extra.Tags}, nil
	})
}
