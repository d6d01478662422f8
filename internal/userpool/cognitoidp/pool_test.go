package cognitoidp_test

import (
	"fmt"
	"strings"
	"testing"

	"preamp/internal/userpool"
)

func TestPools(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		given := obj{
			"PoolName": "shop",
			"Policies": obj{
				"PasswordPolicy": obj{"MinimumLength": 10, "RequireNumbers": true, "PasswordHistorySize": 3, "TemporaryPasswordValidityDays": 2},
				"SignInPolicy":   obj{"AllowedFirstAuthFactors": list{"PASSWORD", "EMAIL_OTP"}},
			},
			"AutoVerifiedAttributes": list{"email"}, "AliasAttributes": list{"email", "preferred_username"},
			"VerificationMessageTemplate": obj{
				"SmsMessage": "{####} sms", "EmailMessage": "code {####}", "EmailSubject": "Your code", "DefaultEmailOption": "CONFIRM_WITH_LINK",
				"EmailMessageByLink": "go {##here##}", "EmailSubjectByLink": "Link",
			},
			"SmsAuthenticationMessage":    "sign in {####}",
			"MfaConfiguration":            "OPTIONAL",
			"UserAttributeUpdateSettings": obj{"AttributesRequireVerificationBeforeUpdate": list{"email"}},
			"EmailConfiguration":          obj{"EmailSendingAccount": "COGNITO_DEFAULT", "ReplyToEmailAddress": "shop@example.com"},
			"SmsConfiguration":            obj{"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "x"},
			"UserPoolTags":                obj{"team": "a"},
			"AdminCreateUserConfig": obj{
				"AllowAdminCreateUserOnly": true, "UnusedAccountValidityDays": 2,
				"InviteMessageTemplate": obj{"EmailMessage": "{username} {####}", "EmailSubject": "Hello", "SMSMessage": "{username} {####}"},
			},
			"UserPoolAddOns":         obj{"AdvancedSecurityMode": "AUDIT"},
			"UsernameConfiguration":  obj{"CaseSensitive": false},
			"AccountRecoverySetting": obj{"RecoveryMechanisms": list{obj{"Priority": 1.0, "Name": "verified_email"}}},
			"UserPoolTier":           "PLUS", "DeletionProtection": "ACTIVE",
		}
		made := f.call(t, "CreateUserPool", given)["UserPool"].(obj)
		id := text(made, "Id")
		if made["EstimatedNumberOfUsers"] != 0.0 || made["Arn"] != "arn:aws:cognito-idp:us-east-1:000000000000:userpool/"+id {
			t.Errorf("CreateUserPool: %v", made)
		}
		f.user(t, id, "alice")
		read := f.call(t, "DescribeUserPool", obj{"UserPoolId": id})["UserPool"].(obj)
		if read["EstimatedNumberOfUsers"] != 1.0 || fmt.Sprint(with(read, obj{"EstimatedNumberOfUsers": 0.0})) != fmt.Sprint(made) {
			t.Errorf("DescribeUserPool: %v\nafter %v", read, made)
		}
		for name, v := range given {
			switch got := read[name]; name {
			case "PoolName":
			case "Policies":
				want := "map[PasswordPolicy:map[MinimumLength:10 PasswordHistorySize:3 RequireLowercase:false RequireNumbers:true " +
					"RequireSymbols:false RequireUppercase:false TemporaryPasswordValidityDays:2] SignInPolicy:map[AllowedFirstAuthFactors:[PASSWORD EMAIL_OTP]]]"
				if fmt.Sprint(got) != want {
					t.Errorf("Policies: %v", got)
				}
			default:
				if fmt.Sprint(got) != fmt.Sprint(v) {
					t.Errorf("%s: %v; given %v", name, got, v)
				}
			}
		}
		f.refused(t, "DeleteUserPool", obj{"UserPoolId": id}, "InvalidParameter: The user pool cannot be deleted because deletion protection is activated. "+
			"Deletion protection must be inactivated first.")

		// What an update does not give becomes what it is in a new pool; tags stay.
		if out := f.call(t, "UpdateUserPool", obj{"UserPoolId": id, "PoolName": "other"}); len(out) != 0 {
			t.Errorf("UpdateUserPool: %v", out)
		}
		read = f.call(t, "DescribeUserPool", obj{"UserPoolId": id})["UserPool"].(obj)
		for name, want := range map[string]string{
			"Name": "other", "MfaConfiguration": "OFF", "DeletionProtection": "INACTIVE", "UserPoolTier": "ESSENTIALS",
			"UserPoolTags": "map[team:a]", "EmailConfiguration": "map[EmailSendingAccount:COGNITO_DEFAULT]", "AccountRecoverySetting": "<nil>",
			"SmsConfiguration": "<nil>", "UserPoolAddOns": "<nil>", "SmsAuthenticationMessage": "<nil>",
			"AdminCreateUserConfig":       "map[AllowAdminCreateUserOnly:false UnusedAccountValidityDays:7]",
			"VerificationMessageTemplate": "map[DefaultEmailOption:CONFIRM_WITH_CODE]",
			"UsernameConfiguration":       "map[CaseSensitive:false]", "AliasAttributes": "[email preferred_username]",
		} {
			if got := fmt.Sprint(read[name]); got != want {
				t.Errorf("after the update %s: %s; want %s", name, got, want)
			}
		}
		client := f.client(t, id, nil)
		f.call(t, "DeleteUserPool", obj{"UserPoolId": id})
		f.refused(t, "DescribeUserPool", obj{"UserPoolId": id}, "ResourceNotFound: User pool "+id+" does not exist.")
		if f.routes.has(userpool.RoutePool, id) || f.routes.has(userpool.RouteClient, client) {
			t.Error("the pool or its client is still found")
		}
	})
}

// Settings that need what this version does not have are refused by their names.
func TestPoolsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		for _, c := range []struct {
			name string
			in   obj
			want string
		}{
			{"trigger", obj{"LambdaConfig": obj{"PreSignUp": "arn:aws:lambda:us-east-1:000000000000:function:f"}}, "LambdaConfig.PreSignUp is not available in this version."},
			{
				"sender",
				obj{"LambdaConfig": obj{"CustomEmailSender": obj{"LambdaVersion": "V1_0", "LambdaArn": "arn:aws:lambda:us-east-1:000000000000:function:f"}}},
				"LambdaConfig.CustomEmailSender is not available in this version.",
			},
			{"devices", obj{"DeviceConfiguration": obj{"ChallengeRequiredOnNewDevice": false}}, "DeviceConfiguration is not available in this version."},
			{"passkeys", obj{"Policies": obj{"SignInPolicy": obj{"AllowedFirstAuthFactors": list{"PASSWORD", "WEB_AUTHN"}}}}, "WEB_AUTHN is not available in this version."},
			{"threats", obj{"UserPoolAddOns": obj{"AdvancedSecurityMode": "ENFORCED"}}, "UserPoolAddOns.AdvancedSecurityMode ENFORCED is not available in this version."},
			{
				"threats of custom flows",
				obj{"UserPoolAddOns": obj{"AdvancedSecurityMode": "AUDIT", "AdvancedSecurityAdditionalFlows": obj{"CustomAuthMode": "AUDIT"}}},
				"UserPoolAddOns.AdvancedSecurityAdditionalFlows.CustomAuthMode is not available in this version.",
			},
			{"MFA without a factor", obj{"MfaConfiguration": "ON"}, "Invalid MFA configuration given, can't turn on MFA without a second factor."},
		} {
			t.Run(c.name, func(t *testing.T) {
				f.refused(t, "CreateUserPool", with(c.in, obj{"PoolName": "p"}), "InvalidParameter: "+c.want)
				f.refused(t, "UpdateUserPool", with(c.in, obj{"UserPoolId": pool}), "InvalidParameter: "+c.want)
			})
		}
		f.refused(t, "CreateUserPool", obj{"PoolName": "p", "UserPoolTags": obj{"aws:x": "1"}}, "UserPoolTagging: Tag keys that begin with aws: are reserved.")
		f.refused(t, "CreateUserPool", obj{"PoolName": "p", "AliasAttributes": list{"email"}, "UsernameAttributes": list{"email"}},
			"InvalidParameter: Only one of the aliasAttributes or usernameAttributes can be set in an user pool.")
		if out := f.call(t, "ListUserPools", obj{"MaxResults": 60}); len(out["UserPools"].(list)) != 1 {
			t.Errorf("refused pools stay: %v", out)
		}
		f.call(t, "UpdateUserPool", obj{"UserPoolId": pool, "LambdaConfig": obj{}, "DeviceConfiguration": obj{}})
	})
}

func TestSchema(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		out := f.call(t, "CreateUserPool", obj{"PoolName": "p", "Schema": list{
			obj{"Name": "email", "Required": true},
			obj{"Name": "s", "AttributeDataType": "String", "NumberAttributeConstraints": obj{"MinValue": "1"}, "StringAttributeConstraints": obj{"MaxLength": "20"}},
			obj{"Name": "n", "AttributeDataType": "Number", "NumberAttributeConstraints": obj{"MinValue": "-5", "MaxValue": "20"}, "StringAttributeConstraints": obj{"MaxLength": "1"}},
			obj{"Name": "custom:b", "AttributeDataType": "Boolean", "Mutable": false, "StringAttributeConstraints": obj{"MaxLength": "1"}},
			obj{"Name": "free", "AttributeDataType": "Number"},
		}})
		pool := text(out, "UserPool", "Id")
		f.call(t, "AddCustomAttributes", obj{"UserPoolId": pool, "CustomAttributes": list{obj{"Name": "late", "AttributeDataType": "DateTime"}}})
		described := f.call(t, "DescribeUserPool", obj{"UserPoolId": pool})["UserPool"].(obj)["SchemaAttributes"].(list)
		var names []string
		got := map[string]string{}
		for _, a := range described {
			name := text(a, "Name")
			names = append(names, name)
			got[name] = fmt.Sprint(with(a.(obj), obj{"Name": nil}))
		}
		want := "sub name given_name family_name middle_name nickname preferred_username profile picture website email email_verified gender " +
			"birthdate zoneinfo locale phone_number phone_number_verified address updated_at custom:s custom:n custom:b custom:free custom:late"
		if strings.Join(names, " ") != want {
			t.Errorf("order %v", names)
		}
		for name, want := range map[string]string{
			"sub":            "map[AttributeDataType:String DeveloperOnlyAttribute:false Mutable:false Required:true StringAttributeConstraints:map[MaxLength:2048 MinLength:1]]",
			"name":           "map[AttributeDataType:String DeveloperOnlyAttribute:false Mutable:true Required:false StringAttributeConstraints:map[MaxLength:2048 MinLength:0]]",
			"email":          "map[AttributeDataType:String DeveloperOnlyAttribute:false Mutable:true Required:true StringAttributeConstraints:map[MaxLength:2048 MinLength:0]]",
			"email_verified": "map[AttributeDataType:Boolean DeveloperOnlyAttribute:false Mutable:true Required:false]",
			"birthdate":      "map[AttributeDataType:String DeveloperOnlyAttribute:false Mutable:true Required:false StringAttributeConstraints:map[MaxLength:10 MinLength:10]]",
			"updated_at":     "map[AttributeDataType:Number DeveloperOnlyAttribute:false Mutable:true NumberAttributeConstraints:map[MinValue:0] Required:false]",
			"custom:s":       "map[AttributeDataType:String DeveloperOnlyAttribute:false Mutable:true Required:false StringAttributeConstraints:map[MaxLength:20]]",
			"custom:n":       "map[AttributeDataType:Number DeveloperOnlyAttribute:false Mutable:true NumberAttributeConstraints:map[MaxValue:20 MinValue:-5] Required:false]",
			"custom:b":       "map[AttributeDataType:Boolean DeveloperOnlyAttribute:false Mutable:false Required:false]",
			"custom:free":    "map[AttributeDataType:Number DeveloperOnlyAttribute:false Mutable:true Required:false]",
			"custom:late":    "map[AttributeDataType:DateTime DeveloperOnlyAttribute:false Mutable:true Required:false]",
		} {
			if got[name] != want {
				t.Errorf("%s: %s", name, got[name])
			}
		}
		header := f.call(t, "GetCSVHeader", obj{"UserPoolId": pool})["CSVHeader"].(list)
		if header[0] != "name" || header[len(header)-1] != "cognito:username" || len(header) != len(names)+1 {
			t.Errorf("GetCSVHeader: %v", header)
		}
		f.refused(t, "AddCustomAttributes", obj{"UserPoolId": pool, "CustomAttributes": list{obj{"Name": "s", "AttributeDataType": "String"}}},
			"InvalidParameter: custom:s: Existing attribute already has name custom:s.")

		for _, c := range []struct {
			name      string
			attribute obj
			want      string
		}{
			{"no type", obj{"Name": "x"}, "Invalid AttributeDataType input, consider using the provided AttributeDataType enum."},
			{"required", obj{"Name": "x", "AttributeDataType": "String", "Required": true}, "Required custom attributes are not supported currently."},
			{"developer only", obj{"Name": "x", "AttributeDataType": "String", "DeveloperOnlyAttribute": true}, "DeveloperOnlyAttribute is not available in this version."},
			{
				"type of a standard one",
				obj{"Name": "email", "AttributeDataType": "Number"},
				"You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email",
			},
			{
				"developer only and standard",
				obj{"Name": "email", "DeveloperOnlyAttribute": true},
				"You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email",
			},
			{
				"a length that is none",
				obj{"Name": "email", "StringAttributeConstraints": obj{"MinLength": "x"}},
				"Invalid StringAttributeConstraints for schema attribute email",
			},
			{
				"a value that is none",
				obj{"Name": "updated_at", "NumberAttributeConstraints": obj{"MaxValue": "x"}},
				"Invalid NumberAttributeConstraints for schema attribute updated_at",
			},
			{
				"too long",
				obj{"Name": "email", "StringAttributeConstraints": obj{"MaxLength": "2049"}},
				"user.email: String attributes cannot have a length of more than 2048",
			},
			{
				"lengths",
				obj{"Name": "email", "StringAttributeConstraints": obj{"MinLength": "2", "MaxLength": "1"}},
				"user.email: Max length cannot be less than min length.",
			},
			{
				"values",
				obj{"Name": "updated_at", "NumberAttributeConstraints": obj{"MinValue": "2", "MaxValue": "1"}},
				"user.updated_at: Max value cannot be less than min value.",
			},
		} {
			t.Run(c.name, func(t *testing.T) {
				f.refused(t, "CreateUserPool", obj{"PoolName": "p", "Schema": list{c.attribute}}, "InvalidParameter: "+c.want)
			})
		}
	})
}

// Pools are listed wherever they live, also those that belong to an app, by their
// ids and in parts.
func TestListUserPools(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		const ofApp = "us-east-1_000000000" // before all others
		must(t, f.routes.Put(t.Context(), userpool.RoutePool, ofApp, "app"))
		call := userpool.Call{Env: f.routes.envs["app"], Now: f.clock()}
		_, err := f.users.CreatePool(t.Context(), call, userpool.NewPool{ID: ofApp, Name: "of an app"})
		must(t, err)
		must(t, f.routes.Put(t.Context(), userpool.RoutePool, "us-east-1_000000001", "home")) // a way that leads nowhere
		for range 4 {
			f.pool(t, nil)
		}
		var ids []string
		in := obj{"MaxResults": 2}
		parts := 0
		for {
			out := f.call(t, "ListUserPools", in)
			for _, p := range out["UserPools"].(list) {
				ids = append(ids, text(p, "Id"))
			}
			parts++
			if out["NextToken"] == nil {
				break
			}
			in["NextToken"] = out["NextToken"]
		}
		if len(ids) != 5 || ids[0] != ofApp || parts != 3 {
			t.Errorf("%d parts, ids %v", parts, ids)
		}
		f.refused(t, "ListUserPools", obj{"MaxResults": 2, "NextToken": "x"}, "InvalidParameter: Invalid pagination token.")
		read := f.call(t, "DescribeUserPool", obj{"UserPoolId": ofApp})["UserPool"]
		if text(read, "Name") != "of an app" {
			t.Error("the pool of an app is not found")
		}
		// It was made by other means than this API, which shows its settings all the same.
		want := "map[RecoveryMechanisms:[map[Name:verified_email Priority:1] map[Name:verified_phone_number Priority:2]]]"
		if got := fmt.Sprint(at(read, "AccountRecoverySetting")); got != want || fmt.Sprint(at(read, "UsernameConfiguration")) != "map[CaseSensitive:false]" {
			t.Errorf("the pool of an app: %v", read)
		}
	})
}

func TestMfaConfig(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		in := obj{"UserPoolId": pool}
		set := func(more obj) obj { return with(in, more) }
		sms := obj{"SmsConfiguration": obj{"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"}}
		if out := f.call(t, "GetUserPoolMfaConfig", in); fmt.Sprint(out) != "map[MfaConfiguration:OFF]" {
			t.Errorf("GetUserPoolMfaConfig: %v", out)
		}
		f.refused(t, "SetUserPoolMfaConfig", set(obj{"MfaConfiguration": "Invalid"}),
			"InvalidParameter: [MfaConfiguration] must be one of 'ON', 'OFF', or 'OPTIONAL'.")
		f.refused(t, "SetUserPoolMfaConfig", obj{"MfaConfiguration": "Invalid", "UserPoolId": "x"},
			"InvalidParameter: 2 validation errors detected: Value 'Invalid' at 'mfaConfiguration' failed to satisfy constraint: "+
				"Member must satisfy enum value set: [OFF, ON, OPTIONAL]; "+
				"Value 'x' at 'userPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w-]+_[0-9a-zA-Z]+")
		f.refused(t, "SetUserPoolMfaConfig", set(obj{"MfaConfiguration": "ON"}),
			"InvalidParameter: At least one of [SmsMfaConfiguration] or [SoftwareTokenMfaConfiguration] must be provided.")
		f.refused(t, "SetUserPoolMfaConfig", set(obj{"MfaConfiguration": "ON", "SmsMfaConfiguration": obj{}}),
			"InvalidParameter: [SmsConfiguration] is a required member of [SoftwareTokenMfaConfiguration].")
		f.refused(t, "SetUserPoolMfaConfig", set(obj{"MfaConfiguration": "OFF", "SoftwareTokenMfaConfiguration": obj{"Enabled": true}}),
			"InvalidParameter: Invalid MFA configuration given, can't turn off MFA and configure an MFA together.")
		f.refused(t, "SetUserPoolMfaConfig", set(obj{"MfaConfiguration": "ON", "WebAuthnConfiguration": obj{"RelyingPartyId": "example.com"}}),
			"InvalidParameter: WebAuthnConfiguration is not available in this version.")
		for _, c := range []struct {
			name string
			in   obj
			want string
		}{
			{"token", obj{"MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": obj{"Enabled": true}}, "map[MfaConfiguration:ON SoftwareTokenMfaConfiguration:map[Enabled:true]]"},
			{"nothing", obj{"MfaConfiguration": "OFF"}, "map[MfaConfiguration:OFF]"},
			{
				"codes by SMS",
				obj{"MfaConfiguration": "ON", "SmsMfaConfiguration": sms},
				"map[MfaConfiguration:ON SmsMfaConfiguration:map[SmsConfiguration:map[SnsCallerArn:arn:aws:iam::000000000000:role/sms]]]",
			},
			{
				"all, by what the pool has",
				obj{
					"MfaConfiguration": "OPTIONAL", "SmsMfaConfiguration": obj{"SmsAuthenticationMessage": "x {####}"},
					"SoftwareTokenMfaConfiguration": obj{"Enabled": true}, "EmailMfaConfiguration": obj{"Message": "m {####}", "Subject": "s"},
				},
				"map[EmailMfaConfiguration:map[Message:m {####} Subject:s] MfaConfiguration:OPTIONAL SmsMfaConfiguration:" +
					"map[SmsAuthenticationMessage:x {####} SmsConfiguration:map[SnsCallerArn:arn:aws:iam::000000000000:role/sms]] SoftwareTokenMfaConfiguration:map[Enabled:true]]",
			},
		} {
			t.Run(c.name, func(t *testing.T) {
				if out := f.call(t, "SetUserPoolMfaConfig", set(c.in)); fmt.Sprint(out) != c.want {
					t.Errorf("SetUserPoolMfaConfig: %v", out)
				}
				if out := f.call(t, "GetUserPoolMfaConfig", in); fmt.Sprint(out) != c.want {
					t.Errorf("GetUserPoolMfaConfig: %v", out)
				}
			})
		}
		// An update of the pool keeps the factors that it cannot name.
		f.call(t, "UpdateUserPool", set(obj{"MfaConfiguration": "OPTIONAL"}))
		out := f.call(t, "GetUserPoolMfaConfig", in)
		if out["SmsMfaConfiguration"] != nil || at(out, "SoftwareTokenMfaConfiguration", "Enabled") != true || text(out, "EmailMfaConfiguration", "Subject") != "s" {
			t.Errorf("after UpdateUserPool: %v", out)
		}
		f.refused(t, "GetUserPoolMfaConfig", obj{"UserPoolId": "us-east-1_x"}, "ResourceNotFound: User pool us-east-1_x does not exist.")
	})
}

func TestTags(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		in := obj{"ResourceArn": "arn:aws:cognito-idp:us-east-1:000000000000:userpool/" + pool}
		if out := f.call(t, "ListTagsForResource", in); fmt.Sprint(out) != "map[Tags:map[]]" {
			t.Errorf("no tags: %v", out)
		}
		f.call(t, "TagResource", with(in, obj{"Tags": obj{"a": "1", "b": "2"}}))
		f.call(t, "TagResource", with(in, obj{"Tags": obj{"b": "3"}}))
		f.call(t, "UntagResource", with(in, obj{"TagKeys": list{"a", "x"}}))
		if out := f.call(t, "ListTagsForResource", in); fmt.Sprint(out) != "map[Tags:map[b:3]]" {
			t.Errorf("tags: %v", out)
		}
		many := obj{}
		for i := range 51 {
			many[fmt.Sprint("k", i)] = "v"
		}
		f.refused(t, "TagResource", with(in, obj{"Tags": many}), "UserPoolTagging: A user pool has at most 50 tags.")
		gone := "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_x"
		f.refused(t, "ListTagsForResource", obj{"ResourceArn": gone}, "ResourceNotFound: User pool us-east-1_x does not exist.")
		other := "arn:aws:s3:us-east-1:000000000000:bucket/x"
		f.refused(t, "ListTagsForResource", obj{"ResourceArn": other}, "InvalidParameter: "+other+" is not the ARN of a user pool.")
	})
}
