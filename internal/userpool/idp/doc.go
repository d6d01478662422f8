// Package idp is the wire form of cognito-idp, the user pool service: inputs and
// outputs of its operations, decoders that hold inputs to every constraint of the
// model, the names of its errors and enumerations, and the table by which
// awswire serves an implementation of Service.
//
// Types that hold what the model marks as sensitive, or maps of free text, print
// and log as their name alone.
package idp
