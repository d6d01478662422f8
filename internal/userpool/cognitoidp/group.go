package cognitoidp

import (
	"context"

	"preamp/internal/awswire"
	"preamp/internal/userpool"
	"preamp/internal/userpool/idp"
)

func groupType(g *userpool.Group) *idp.GroupType {
	out := &idp.GroupType{
		GroupName: g.Name, UserPoolID: g.Pool, RoleARN: g.Role,
		CreationDate: awswire.Timestamp{Time: g.Created}, LastModifiedDate: awswire.Timestamp{Time: g.Changed},
	}
	if g.Description != "" {
		out.Description = &g.Description
	}
	if g.Precedence != nil {
		out.Precedence = new(int32(*g.Precedence))
	}
	return out
}

func groupTypes(list []userpool.Group) []idp.GroupType {
	out := make([]idp.GroupType, 0, len(list))
	for _, g := range list {
		out = append(out, *groupType(&g))
	}
	return out
}

func wide(n *int32) *int64 {
	if n == nil {
		return nil
	}
	return new(int64(*n))
}

// CreateGroup implements idp.Service.
func (a *API) CreateGroup(ctx context.Context, in *idp.CreateGroupInput) (*idp.CreateGroupOutput, error) {
	g := userpool.Group{Pool: in.UserPoolID, Name: in.GroupName, Role: in.RoleARN, Precedence: wide(in.Precedence)}
	if in.Description != nil {
		g.Description = *in.Description
	}
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.CreateGroupOutput, error) {
		out, err := a.users.CreateGroup(ctx, c, g)
		if err != nil {
			return nil, err
		}
		return &idp.CreateGroupOutput{Group: groupType(&out)}, nil
	})
}

// GetGroup implements idp.Service.
func (a *API) GetGroup(ctx context.Context, in *idp.GetGroupInput) (*idp.GetGroupOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.GetGroupOutput, error) {
		g, err := a.users.Group(ctx, c, in.UserPoolID, in.GroupName)
		if err != nil {
			return nil, err
		}
		return &idp.GetGroupOutput{Group: groupType(&g)}, nil
	})
}

// UpdateGroup implements idp.Service.
func (a *API) UpdateGroup(ctx context.Context, in *idp.UpdateGroupInput) (*idp.UpdateGroupOutput, error) {
	var role *string
	if in.RoleARN != "" {
		role = &in.RoleARN
	}
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.UpdateGroupOutput, error) {
		g, err := a.users.UpdateGroup(ctx, c, in.UserPoolID, in.GroupName, in.Description, role, wide(in.Precedence))
		if err != nil {
			return nil, err
		}
		return &idp.UpdateGroupOutput{Group: groupType(&g)}, nil
	})
}

// DeleteGroup implements idp.Service.
func (a *API) DeleteGroup(ctx context.Context, in *idp.DeleteGroupInput) (*idp.DeleteGroupOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.DeleteGroupOutput, error) {
		return nothing[idp.DeleteGroupOutput](a.users.DeleteGroup(ctx, c, in.UserPoolID, in.GroupName))
	})
}

// ListGroups implements idp.Service.
func (a *API) ListGroups(ctx context.Context, in *idp.ListGroupsInput) (*idp.ListGroupsOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.ListGroupsOutput, error) {
		list, next, err := a.users.Groups(ctx, c, in.UserPoolID, page(in.Limit, in.NextToken))
		if err != nil {
			return nil, err
		}
		return &idp.ListGroupsOutput{Groups: groupTypes(list), NextToken: next}, nil
	})
}

// AdminAddUserToGroup implements idp.Service.
func (a *API) AdminAddUserToGroup(ctx context.Context, in *idp.AdminAddUserToGroupInput) (*idp.AdminAddUserToGroupOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.AdminAddUserToGroupOutput, error) {
		return nothing[idp.AdminAddUserToGroupOutput](a.users.AddToGroup(ctx, c, in.UserPoolID, in.Username, in.GroupName))
	})
}

// AdminRemoveUserFromGroup implements idp.Service.
func (a *API) AdminRemoveUserFromGroup(ctx context.Context, in *idp.AdminRemoveUserFromGroupInput) (*idp.AdminRemoveUserFromGroupOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.AdminRemoveUserFromGroupOutput, error) {
		return nothing[idp.AdminRemoveUserFromGroupOutput](a.users.RemoveFromGroup(ctx, c, in.UserPoolID, in.Username, in.GroupName))
	})
}

// AdminListGroupsForUser implements idp.Service.
func (a *API) AdminListGroupsForUser(ctx context.Context, in *idp.AdminListGroupsForUserInput) (*idp.AdminListGroupsForUserOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.AdminListGroupsForUserOutput, error) {
		list, next, err := a.users.UserGroups(ctx, c, in.UserPoolID, in.Username, page(in.Limit, in.NextToken))
		if err != nil {
			return nil, err
		}
		return &idp.AdminListGroupsForUserOutput{Groups: groupTypes(list), NextToken: next}, nil
	})
}

// ListUsersInGroup implements idp.Service.
func (a *API) ListUsersInGroup(ctx context.Context, in *idp.ListUsersInGroupInput) (*idp.ListUsersInGroupOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.ListUsersInGroupOutput, error) {
		list, next, err := a.users.UsersInGroup(ctx, c, in.UserPoolID, in.GroupName, page(in.Limit, in.NextToken))
		if err != nil {
			return nil, err
		}
		return &idp.ListUsersInGroupOutput{Users: userTypes(list, nil), NextToken: next}, nil
	})
}
