package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"qgan/backends/service"
	"qgan/calibration"
	"qgan/internal/durable"
)

func newDevicesListCmd(a *app) *cobra.Command {
	var f remoteFlags
	var name string
	var asJSON bool
	var free int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the devices of a service",
		Long: `List the devices of a service. With --free-at-least only those that are online and have so
many qubits; each of them is asked for what the service's list leaves out.
Without an account and without --service those are listed that are built in: invented ones.
SERVICE:least-busy stands for the one of them with the shortest queue, no simulator,
where jobs are sent.`,
		Example: "  qgan devices list --service ibm --free-at-least 100\n  qgan submit bell.qasm --backend ibm:least-busy",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if free < 0 {
				return usagef("--free-at-least %d: at least 1 is needed", free)
			}
			if name == invented {
				return a.tell(asJSON, inventedDevices(free))
			}
			row, err := serviceOf(name)
			if err != nil {
				return err
			}
			s, err := f.client(cmd.Context(), a, row, "", service.Options{})
			if err != nil && !cmd.Flags().Changed("service") {
				a.note("%v; without an account there are", err)
				return a.tell(asJSON, inventedDevices(free))
			} else if err != nil {
				return err
			}
			devices, err := s.Devices(cmd.Context())
			if err == nil && free > 0 {
				devices, err = service.FreeOf(cmd.Context(), s, devices, free)
			}
			if err != nil {
				return service.Broken(s, err)
			}
			return a.tell(asJSON, &service.List{Schema: "qgan.devices/v1", Service: name, Devices: devices})
		},
	}
	f.addEndpoint(cmd.Flags())
	cmd.Flags().StringVar(&name, "service", "ibm", "the service whose devices are listed")
	cmd.Flags().IntVar(&free, "free-at-least", 0, "only devices that are online and have at least so many qubits (0: all)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func newDevicesFetchCmd(a *app) *cobra.Command {
	var f remoteFlags
	var out string
	cmd := &cobra.Command{
		Use:   "fetch SERVICE:DEVICE",
		Short: "Fetch a device's calibration data of now",
		Long: `Fetch a device's calibration data of now and keep it as the program's own snapshot,
NAME@DATE.json in the cache; --device NAME then means the newest. The path is
printed.`,
		Example: "  qgan devices fetch ibm:ibm_torino\n  qgan compile bell.qasm --device ibm_torino",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			device, _, err := f.choose(cmd.Context(), a, args[0], 1)
			if err != nil {
				return err
			}
			s, err := f.open(cmd.Context(), a, device)
			if err != nil {
				return err
			}
			snapshot, err := s.Snapshot(cmd.Context())
			if err != nil {
				return service.Broken(s, err)
			}
			raw, err := snapshot.Encode()
			if err != nil {
				return err
			}
			path := out
			if path == "" {
				shelf := a.devices()
				if shelf.Dir == "" {
					return usagef("there is no home folder for the cache").withHint("give --out FILE")
				}
				if err := a.fs.MkdirAll(shelf.Dir); err != nil {
					return err
				}
				path = shelf.Place(s.Device(), a.now())
			}
			if err := durable.WriteFile(a.fs, path, func(w io.Writer) error { _, err := w.Write(raw); return err }); err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.out, path)
			return err
		},
	}
	f.addEndpoint(cmd.Flags())
	cmd.Flags().StringVarP(&out, "out", "o", "", "file to write (none: one in the cache folder)")
	return cmd
}

// invented stands for a service in lists: that of the devices that are built in.
const invented = "invented"

// inventedDevices lists them, those of so many qubits at least.
func inventedDevices(least int) *service.List {
	l := &service.List{Schema: "qgan.devices/v1", Devices: []service.DeviceInfo{}}
	for _, d := range calibration.InventedDevices() {
		if d.Qubits >= least {
			l.Devices = append(l.Devices, service.DeviceInfo{Name: d.Name, Qubits: d.Qubits, Status: "built in", Reason: "(" + d.Kind + ")"})
		}
	}
	return l
}
