package main

import (
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"qgan/backends/emulator"
	"qgan/backends/service"
)

// newEmulateCmd makes `emulate`.
func newEmulateCmd(a *app) *cobra.Command {
	var (
		listen, device, key, faults, arn string
		seed                             uint64
		ideal                            bool
		queue, execution                 time.Duration
	)
	cmd := &cobra.Command{
		Use:   "emulate SERVICE",
		Short: "Run a service of cloud processors on this machine",
		Long: `Run a service of cloud processors on this machine: its REST interface, with the
noisy simulator in the place of the processor. The first line of standard output is
its address; those behind it set, in a shell, the address and the credentials that it
takes: well-known dummies, or --key. Jobs there cost nothing.

A plan of faults (docs/formats.md) makes it fail as services do. It stops at Ctrl-C.`,
		Example: `  qgan emulate ibm
  qgan emulate braket --arn arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet
  qgan emulate ibm --device props_torino.json --listen 127.0.0.1:8080 --queue 5s`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			row, err := serviceOf(args[0])
			if err != nil {
				return err
			}
			o := emulator.Options{Key: key, ARN: arn, Seed: seed, Ideal: ideal, Queue: queue, Execution: execution, Now: a.now}
			if device != "" {
				if o.Files, err = a.devices().Read(device); err != nil {
					return err
				}
			}
			if faults != "" {
				text, err := a.fs.ReadFile(faults)
				if err != nil {
					return usagef("--faults: %w", err)
				}
				if o.Faults, err = emulator.ReadFaults(faults, text); err != nil {
					return usagef("%w", err)
				}
			}
			s, err := emulator.New(row.Name, o)
			if err != nil {
				return usagef("%w", err)
			}
			l, err := net.Listen("tcp", listen)
			if err != nil {
				return usagef("--listen %s: %w", listen, err)
			}
			if ip := l.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() {
				a.warn("%s can be reached from other machines", l.Addr())
			}
			address := "http://" + l.Addr().String()
			fmt.Fprintln(a.out, address)
			for _, v := range append([][2]string{{service.EndpointVariable(row.Name), address}}, s.Environment()...) {
				fmt.Fprintf(a.out, "export %s='%s'\n", v[0], strings.ReplaceAll(v[1], "'", `'\''`))
			}
			a.note("the device is %s:%s; it stops at Ctrl-C", row.Name, s.Device())
			return emulator.Serve(cmd.Context(), l, s)
		},
	}
	f := cmd.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:0", "address and port to listen at; port 0 takes a free one")
	f.StringVar(&device, "device", "", "the processor: files of calibration data or a name (none: a built-in one)")
	f.StringVar(&key, "key", "", "the key that clients must have, of braket the secret (none: a well-known one)")
	f.StringVar(&arn, "arn", "", "ARN of the processor, of braket only (none: the file's, or the built-in processor's)")
	f.StringVar(&faults, "faults", "", "TOML file with a plan of faults (none: no faults)")
	f.BoolVar(&ideal, "ideal", false, "simulate without noise")
	f.DurationVar(&queue, "queue", 0, "how long a job waits before it runs, such as 5s (0: not at all)")
	f.DurationVar(&execution, "execution", 0, "how long a job runs, such as 5s (0: as long as it takes)")
	f.Uint64Var(&seed, "seed", 0, "seed of shots and faults")
	return cmd
}
