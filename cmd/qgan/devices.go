package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"qgan/ir/compile"
)

// newDevicesCmd makes `devices`.
func newDevicesCmd(a *app) *cobra.Command {
	cmd := newGroupCmd(&cobra.Command{Use: "devices", Short: "Describe quantum processors"})
	cmd.AddCommand(newDevicesShowCmd(a), newDevicesListCmd(a), newDevicesFetchCmd(a))
	return cmd
}

func newDevicesShowCmd(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show DEVICE",
		Short: "Print what a device can do",
		Long: `Print what a device can do: its native gates, how its qubits are coupled, its
limits, and what is odd in its calibration data.

DEVICE is a file: IBM's props_*.json (a conf_*.json of the same name beside it is
read too), a Braket GetDevice answer or its capabilities, IQM's architecture and
calibration answers with commas between the files, or the program's own snapshot.`,
		Example: `  qgan devices show props_torino.json
  qgan devices show dynamic.json,calibration.json,metrics.json --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			s, t, err := a.target(args[0])
			if err != nil {
				return err
			}
			return show(a, asJSON, t.Describe(s), a.printDevice)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

// printDevice prints what a device can do for people.
func (a *app) printDevice(r *compile.Description) error {
	fmt.Fprintf(a.out, "%s (%s), %s: %d qubits, %d usable; %d coupled pairs, %d usable\n",
		r.Name, r.Service, r.Version, r.Qubits, r.Usable, r.Pairs, r.UsablePairs)
	fmt.Fprintf(a.out, "one-qubit gates: %s\ntwo-qubit gates: %s\n", r.Pulses, strings.Join(r.Gates, ", "))
	if r.Limits.MaxShots > 0 {
		fmt.Fprintf(a.out, "shots: %d to %d\n", max(1, r.Limits.MinShots), r.Limits.MaxShots)
	}
	if r.SampleTime > 0 {
		fmt.Fprintf(a.out, "sample time: %.4g ns\n", r.SampleTime*1e9)
	}
	for _, w := range r.Warnings {
		a.warn("%s", w)
	}
	return nil
}
