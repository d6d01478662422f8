// Package scale puts many environments on one server and looks at what that
// costs: memory and open files stay bounded, and each environment answers.
package scale
