package cognitoidp

import (
	"regexp"

	"preamp/internal/awswire"
	"preamp/internal/errs"
	"preamp/internal/userpool/idp"
)

// Actions is the table of operations of a server: that of the model, with the
// texts of refusals that Cognito words otherwise.
func Actions(s idp.Service) []awswire.Action {
	out := idp.Actions(s)
	for i := range out {
		if out[i].Name == "SetUserPoolMfaConfig" {
			out[i].Decode = modeDecoder(out[i].Decode)
		}
	}
	return out
}

var wrongMode = regexp.MustCompile(`^1 validation error detected: Value '[^']*' at 'mfaConfiguration' failed to satisfy constraint: Member must satisfy enum`)

// modeDecoder words the refusal of a mode that there is not.
func modeDecoder(decode func([]byte) (any, error)) func([]byte) (any, error) {
	return func(body []byte) (any, error) {
		in, err := decode(body)
		if err != nil && wrongMode.MatchString(errs.Public(err).Message) {
			err = invalid("[MfaConfiguration] must be one of 'ON', 'OFF', or 'OPTIONAL'.")
		}
		return in, err
	}
}
