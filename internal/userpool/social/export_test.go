package social

// The parsers of what comes from outside.
var (
	AppleUser = appleUser
	Decode    = decode
	ClaimText = claimText
)
