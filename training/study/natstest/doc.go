// Package natstest runs studies over a NATS server that it starts in the test's own
// process. It is a module of its own, so that the program does not depend on the server.
package natstest
