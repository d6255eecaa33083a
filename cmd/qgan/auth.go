package main

import "github.com/spf13/cobra"

// newAuthCmd makes `auth`.
func newAuthCmd(a *app) *cobra.Command {
	cmd := newGroupCmd(&cobra.Command{Use: "auth", Short: "Look at credentials of services"})
	var asJSON bool
	status := &cobra.Command{
		Use:   "status",
		Short: "Say which credentials were found where, never their value",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			type row struct {
				Service string            `json:"service"`
				Found   map[string]string `json:"found"`
				Missing string            `json:"missing,omitempty"`
			}
			rows := []row{}
			for _, s := range services {
				around, err := a.surroundings(&s, "")
				if err != nil {
					return err
				}
				found, err := s.Credentials(cmd.Context(), around)
				r := row{Service: s.Name, Found: map[string]string{}}
				for _, c := range found {
					r.Found[c.What] = c.Where
				}
				if err != nil {
					r.Missing = err.Error()
				}
				rows = append(rows, r)
			}
			if asJSON {
				return a.printJSON(struct {
					Schema   string `json:"schema"`
					Services []row  `json:"services"`
				}{"qgan.auth/v1", rows})
			}
			t := newTable(a.out)
			t.Row("service", "credential", "found in")
			for _, r := range rows {
				for _, what := range sortedKeys(r.Found) {
					t.Row(r.Service, what, r.Found[what])
				}
				if r.Missing != "" {
					t.Row(r.Service, "missing", r.Missing)
				}
			}
			return t.Flush()
		},
	}
	status.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	cmd.AddCommand(status)
	return cmd
}
