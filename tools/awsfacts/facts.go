package main

// facts is a facts file.
type facts struct {
	Source     string               `json:"source"`
	Metadata   metadata             `json:"metadata"`
	Pagination map[string]page      `json:"pagination"`
	Errors     map[string]fault     `json:"errors"`
	Shapes     map[string]*shape    `json:"shapes"`
	Operations map[string]operation `json:"operations"`
}

type metadata struct {
	APIVersion   string `json:"apiVersion"`
	SigningName  string `json:"signingName"`
	TargetPrefix string `json:"targetPrefix"`
	Protocol     string `json:"protocol"`
	JSONVersion  string `json:"jsonVersion"`
}

type page struct {
	Input  string `json:"input_token"`
	Output string `json:"output_token"`
	Limit  string `json:"limit_key"`
	Items  string `json:"result_key"`
}

// fault is an error, with the status of its answer.
type fault struct {
	Status int `json:"status"`
}

// shape is a named type: a structure with members, or a scalar with constraints.
type shape struct {
	Type    string   `json:"type"`
	Members []member `json:"members,omitempty"`
	Enum    []string `json:"enum,omitempty"`
	Min     *int64   `json:"min,omitempty"`
	Max     *int64   `json:"max,omitempty"`
	Pattern string   `json:"pattern,omitempty"`
	// Accept replaces Pattern where a server has to accept more; Why says why.
	Accept    string `json:"accept,omitempty"`
	Why       string `json:"why,omitempty"`
	Sensitive bool   `json:"sensitive,omitempty"`
}

// member is a member of a structure, with the type of its value.
type member struct {
	Name     string `json:"name"`
	Required bool   `json:"required,omitempty"`
	ref
}

// ref is a type: a named or simple one, a list, or a map.
type ref struct {
	Shape string `json:"shape,omitempty"`
	List  *ref   `json:"list,omitempty"`
	Key   *ref   `json:"key,omitempty"`
	Value *ref   `json:"value,omitempty"`
	// Min and Max bound the elements of a list or the entries of a map.
	Min *int64 `json:"min,omitempty"`
	Max *int64 `json:"max,omitempty"`
}

type operation struct {
	Signed bool     `json:"signed"`
	Input  []member `json:"input"`
	Output []member `json:"output"`
	Errors []string `json:"errors"`
}
