package amplifybackend

// Unavailable answers every operation with the error of an operation that this
// version does not have.
type Unavailable = unavailable
