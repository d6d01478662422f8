// Package targettest holds an awsJson1_1 service against its facts file, which
// it reads on its own, so that it judges what the generator made of it. Every
// generated service runs it.
package targettest
