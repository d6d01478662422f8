package identitypool

// Canonical is the one name of a provider.
func Canonical(name string) (provider, userPool string) { return canonical(name) }
