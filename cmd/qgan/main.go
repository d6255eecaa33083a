// Qgan trains a quantum generative adversarial network on recordings of spiking
// neurons and runs it on simulators and quantum processors.
//
// The command line is described in docs/cli.md. Each verb has a file of its own
// here; flags, files and terminals are known in this package and nowhere else.
package main

import (
	"context"
	"io"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv))
}

// run is the whole program but for what only a process has: it runs the command
// line args and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) int {
	return newApp(stdin, stdout, stderr, getenv).run(ctx, args)
}
