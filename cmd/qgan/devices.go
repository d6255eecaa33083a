package main

import "github.com/spf13/cobra"

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
			return a.tell(asJSON, t.Describe(s))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}
