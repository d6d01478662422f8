package cognitoidp_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestUsers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		client := f.client(t, pool, nil)
		alice := obj{"UserPoolId": pool, "Username": "alice"}
		made := f.call(t, "AdminCreateUser", with(alice, obj{
			"TemporaryPassword": goodPass, "UserAttributes": list{attr("email", "a@example.com"), attr("email_verified", "True")},
		}))["User"].(obj)
		if made["UserStatus"] != "FORCE_CHANGE_PASSWORD" || made["Enabled"] != true || made["UserCreateDate"] != 1793606709.25 ||
			made["UserLastModifiedDate"] != made["UserCreateDate"] || text(made["Attributes"].(list)[0], "Name") != "sub" {
			t.Errorf("AdminCreateUser: %v", made)
		}
		f.refused(t, "AdminCreateUser", alice, "UsernameExists: User account already exists")
		f.call(t, "AdminCreateUser", with(alice, obj{"MessageAction": "RESEND"}))
		f.refused(t, "AdminCreateUser", obj{"UserPoolId": pool, "Username": "bob", "MessageAction": "RESEND"}, "UserNotFound: User does not exist.")
		f.refused(t, "AdminCreateUser", obj{"UserPoolId": pool, "Username": "bob", "TemporaryPassword": "x"},
			"InvalidPassword: Password did not conform with policy: Password not long enough")
		f.refused(t, "AdminResetUserPassword", alice, "NotAuthorized: User password cannot be reset in the current state.")

		f.after(time.Second)
		f.call(t, "AdminSetUserPassword", with(alice, obj{"Password": goodPass, "Permanent": true}))
		f.refused(t, "AdminSetUserPassword", with(alice, obj{"Password": "x"}), "InvalidPassword: Password does not conform to policy: Password not long enough")
		f.call(t, "AdminUpdateUserAttributes", with(alice, obj{"UserAttributes": list{attr("name", "Alice"), obj{"Name": "nickname"}}}))
		read := f.call(t, "AdminGetUser", alice)
		if read["UserStatus"] != "CONFIRMED" || read["UserLastModifiedDate"] != 1793606710.25 || len(read["UserAttributes"].(list)) != 4 {
			t.Errorf("AdminGetUser: %v", read)
		}
		f.call(t, "AdminDeleteUserAttributes", with(alice, obj{"UserAttributeNames": list{"name"}}))
		f.refused(t, "AdminDeleteUserAttributes", with(alice, obj{"UserAttributeNames": list{"nickname", "custom:foo", "custom:bar"}}),
			"InvalidParameter: Invalid user attributes: user.custom:foo: Attribute does not exist in the schema.\n"+
				"user.custom:bar: Attribute does not exist in the schema.\n")

		f.call(t, "AdminResetUserPassword", alice)
		f.refused(t, "InitiateAuth", password(client, "alice", goodPass), "PasswordResetRequired: Password reset required for the user")
		f.call(t, "AdminSetUserPassword", with(alice, obj{"Password": goodPass, "Permanent": true}))
		refresh := text(f.signIn(t, client, "alice"), "RefreshToken")
		for range 2 {
			f.call(t, "AdminUserGlobalSignOut", alice)
		}
		f.refused(t, "InitiateAuth", obj{"ClientId": client, "AuthFlow": "REFRESH_TOKEN", "AuthParameters": obj{"REFRESH_TOKEN": refresh}},
			"NotAuthorized: Refresh Token has been revoked")
		f.call(t, "AdminDisableUser", alice)
		f.refused(t, "InitiateAuth", password(client, "alice", goodPass), "NotAuthorized: User is disabled.")
		f.call(t, "AdminEnableUser", alice)
		f.signIn(t, client, "alice")

		f.call(t, "SignUp", obj{"ClientId": client, "Username": "carol", "Password": goodPass})
		carol := with(alice, obj{"Username": "carol"})
		f.call(t, "AdminConfirmSignUp", carol)
		f.refused(t, "AdminConfirmSignUp", carol, "NotAuthorized: User cannot be confirmed. Current status is CONFIRMED")
		f.call(t, "AdminDeleteUser", alice)

		set := obj{
			"Password": goodPass, "UserAttributes": list{attr("name", "x")}, "UserAttributeNames": list{"name"}, "MFAOptions": list{},
			"SMSMfaSettings": obj{"Enabled": false},
		}
		for _, operation := range []string{
			"AdminGetUser", "AdminDeleteUser", "AdminSetUserPassword", "AdminUpdateUserAttributes", "AdminDeleteUserAttributes", "AdminConfirmSignUp",
			"AdminEnableUser", "AdminDisableUser", "AdminResetUserPassword", "AdminUserGlobalSignOut", "AdminSetUserMFAPreference",
			"AdminSetUserSettings", "AdminListGroupsForUser",
		} {
			f.refused(t, operation, with(set, alice), "UserNotFound: User does not exist.")
			f.refused(t, operation, with(set, obj{"Username": "alice", "UserPoolId": "us-east-1_x"}), "ResourceNotFound: User pool us-east-1_x does not exist.")
		}
	})
}

func TestUsersByAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, obj{"UsernameAttributes": list{"email", "phone_number"}})
		in := obj{"UserPoolId": pool, "Username": "test@example.com"}
		made := f.call(t, "AdminCreateUser", in)["User"].(obj)
		sub := text(made["Attributes"].(list)[0], "Value")
		if made["Username"] != sub {
			t.Errorf("AdminCreateUser: %v", made)
		}
		for _, name := range []string{"TEST@example.com", sub} {
			if got := f.call(t, "AdminGetUser", with(in, obj{"Username": name})); got["Username"] != sub {
				t.Errorf("by %s: %v", name, got)
			}
		}
		f.refused(t, "AdminCreateUser", with(in, obj{"Username": "bob"}), "InvalidParameter: Username should be either an email or a phone number.")
	})
}

func TestListUsers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		for i, name := range []string{"ann", "bob", "cat"} {
			f.user(t, pool, name, attr("phone_number", fmt.Sprint("+4855555555", i/2)), attr("given_name", "Jane"))
		}
		f.call(t, "AdminDisableUser", obj{"UserPoolId": pool, "Username": "cat"})
		in := obj{"UserPoolId": pool}
		for _, c := range []struct{ name, filter, want string }{
			{"all", "", "ann bob cat"},
			{"equal", `phone_number = "+48555555550"`, "ann bob"},
			{"prefix", `phone_number ^= "+48"`, "ann bob cat"},
			{"without spaces", `username="bob"`, "bob"},
			{"empty value", `family_name=""`, ""},
			{"disabled", `status = "Disabled"`, "cat"},
			{"state", `cognito:user_status = "CONFIRMED"`, "ann bob cat"},
		} {
			t.Run(c.name, func(t *testing.T) {
				var names []string
				for _, u := range f.call(t, "ListUsers", with(in, obj{"Filter": c.filter}))["Users"].(list) {
					names = append(names, text(u, "Username"))
				}
				if got := strings.Join(names, " "); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
			})
		}
		for _, filter := range []string{"username = foo", "username=", "x"} {
			f.refused(t, "ListUsers", with(in, obj{"Filter": filter}), "InvalidParameter: Error while parsing filter")
		}
		f.refused(t, "ListUsers", with(in, obj{"Filter": `custom:foo = "bar"`}), "InvalidParameter: Invalid search attribute: custom:foo")
		out := f.call(t, "ListUsers", with(in, obj{"AttributesToGet": list{"given_name"}}))
		if got := fmt.Sprint(out["Users"].(list)[0].(obj)["Attributes"]); got != "[map[Name:given_name Value:Jane]]" {
			t.Errorf("AttributesToGet: %s", got)
		}
		f.refused(t, "ListUsers", with(in, obj{"AttributesToGet": list{"custom:foo"}}), "InvalidParameter: One or more requested attributes do not exist.")
		first := f.call(t, "ListUsers", with(in, obj{"Limit": 2}))
		rest := f.call(t, "ListUsers", with(in, obj{"Limit": 2, "PaginationToken": first["PaginationToken"]}))
		if len(first["Users"].(list)) != 2 || len(rest["Users"].(list)) != 1 || rest["PaginationToken"] != nil {
			t.Errorf("%v, then %v", first, rest)
		}
		f.refused(t, "ListUsers", with(in, obj{"PaginationToken": "x"}), "InvalidParameter: Invalid pagination token.")
		f.refused(t, "ListUsers", obj{"UserPoolId": "us-east-1_x"}, "ResourceNotFound: User pool us-east-1_x does not exist.")
	})
}

func TestGroups(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		client := f.client(t, pool, nil)
		f.user(t, pool, "alice")
		group := obj{"UserPoolId": pool, "GroupName": "editors"}
		made := f.call(t, "CreateGroup", with(group, obj{
			"Description": "who edits", "RoleArn": "arn:aws:iam::000000000000:role/editor", "Precedence": 0,
		}))["Group"].(obj)
		if fmt.Sprint(with(made, obj{"CreationDate": nil, "LastModifiedDate": nil})) != "map[Description:who edits GroupName:editors Precedence:0 "+
			"RoleArn:arn:aws:iam::000000000000:role/editor UserPoolId:"+pool+"]" || made["CreationDate"] != 1793606709.25 {
			t.Errorf("CreateGroup: %v", made)
		}
		if got := f.call(t, "GetGroup", group)["Group"]; fmt.Sprint(got) != fmt.Sprint(made) {
			t.Errorf("GetGroup: %v", got)
		}
		f.refused(t, "CreateGroup", group, "GroupExists: A group with the name already exists.")
		changed := f.call(t, "UpdateGroup", with(group, obj{"Description": "", "Precedence": 7}))["Group"].(obj)
		if changed["Description"] != nil || changed["Precedence"] != 7.0 || changed["RoleArn"] != made["RoleArn"] {
			t.Errorf("UpdateGroup: %v", changed)
		}
		for _, name := range []string{"admins", "readers"} {
			f.call(t, "CreateGroup", with(group, obj{"GroupName": name}))
		}
		first := f.call(t, "ListGroups", obj{"UserPoolId": pool, "Limit": 2})
		rest := f.call(t, "ListGroups", obj{"UserPoolId": pool, "Limit": 2, "NextToken": first["NextToken"]})
		if len(first["Groups"].(list)) != 2 || len(rest["Groups"].(list)) != 1 || rest["NextToken"] != nil {
			t.Errorf("ListGroups: %v, then %v", first, rest)
		}
		member := with(group, obj{"Username": "alice"})
		for range 2 {
			if out := f.call(t, "AdminAddUserToGroup", member); len(out) != 0 {
				t.Errorf("AdminAddUserToGroup: %v", out)
			}
		}
		if got := f.call(t, "ListUsersInGroup", group)["Users"].(list); len(got) != 1 || text(got[0], "Username") != "alice" {
			t.Errorf("ListUsersInGroup: %v", got)
		}
		if got := f.call(t, "AdminListGroupsForUser", obj{"UserPoolId": pool, "Username": "alice"})["Groups"].(list); len(got) != 1 {
			t.Errorf("AdminListGroupsForUser: %v", got)
		}
		f.refused(t, "AdminAddUserToGroup", with(member, obj{"Username": "bob"}), "UserNotFound: User does not exist.")
		f.refused(t, "AdminAddUserToGroup", with(member, obj{"GroupName": "none"}), "ResourceNotFound: Group not found.")
		f.signIn(t, client, "alice")
		f.call(t, "AdminRemoveUserFromGroup", member)
		if got := f.call(t, "ListUsersInGroup", group)["Users"].(list); len(got) != 0 {
			t.Errorf("ListUsersInGroup: %v", got)
		}
		f.call(t, "DeleteGroup", group)
		for _, operation := range []string{"GetGroup", "UpdateGroup", "DeleteGroup", "ListUsersInGroup", "AdminRemoveUserFromGroup"} {
			f.refused(t, operation, member, "ResourceNotFound: Group not found.")
			f.refused(t, operation, with(member, obj{"UserPoolId": "us-east-1_x"}), "ResourceNotFound: User pool us-east-1_x does not exist.")
		}
	})
}
