// Package srp is the server's side of SRP-6a as Amazon Cognito speaks it: it
// makes verifiers, answers a client's public value and checks its proof of the
// password, and makes challenges for users that do not exist.
//
// What it guarantees: a proof is accepted only of who knows the password or the
// verifier's exponent; public values that would fix the shared secret (0 and N
// and everything above) are refused; arithmetic on passwords, verifiers and
// ephemeral secrets takes the same time whatever their value (docs/adr/0013 says
// at what cost), except that the width of the shared secret shows in the hash
// over it, which is part of the protocol; what is simulated for a name is the
// same each time and of the form and cost of what is real.
//
// The variant differs from RFC 5054 in its padding (pad), in the derivation of
// the key (HKDF, "Caldera Derived Key") and in the proof, which covers a block
// that the server chose and a time stamp. Values: RFC 3526 group 15, g = 2,
// SHA-256. The package is pure: randomness and time are given by the caller.
package srp
