// Package service is what the clients of all services that sell runs of circuits have in
// common: what a client is asked (Service), what it is given (Program, of which Shape is
// kept to read the result by), how its answers are told (Limits, Price, Status), requests
// over REST, and outcomes made of what services list.
package service
