package main

import (
	"github.com/spf13/cobra"

	"qgan/backends/service"
)

// newAuthCmd makes `auth`.
func newAuthCmd(a *app) *cobra.Command {
	cmd := newGroupCmd(&cobra.Command{Use: "auth", Short: "Look at credentials of services"})
	var asJSON bool
	status := &cobra.Command{
		Use:   "status",
		Short: "Say which credentials were found where, never their value",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := service.FindCredentials(cmd.Context(), services, func(s *service.Row) (service.Surroundings, error) { return a.surroundings(s, "") })
			if err != nil {
				return err
			}
			return a.tell(asJSON, r)
		},
	}
	status.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.AddCommand(status)
	return cmd
}
