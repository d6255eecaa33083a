package main

import (
	"embed"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"qgan/backends/ledger"
	"qgan/backends/service"
	"qgan/internal/durable"
	"qgan/internal/manual"
	"qgan/qasm"
	"qgan/training/assess"
	"qgan/training/study"
)

// manualTexts is what help, manual pages and docs/cli.md say beside the flags' own sentences.
//
//go:generate go run . __manual ../../docs
//go:embed manual
var manualTexts embed.FS

// book is the program's manual.
func (a *app) book(root *cobra.Command) (*manual.Book, error) {
	texts, err := fs.Sub(manualTexts, "manual")
	if err != nil {
		return nil, err
	}
	lists := map[string][]string{
		"BASELINES": append([]string{"quick", "all", "none"}, assess.ScoreBaselines()...),
		"DIALECT":   qasm.Dialects(), "SERVICE": serviceNames(), "STATE": ledger.States(),
		"KERNEL": {"auto", "go", "avx2", "avx512"}, "METHOD": {"auto", "state", "stabilizer", "mps", "density", "trajectories"},
	}
	return manual.Read(root, texts, lists)
}

// help writes a command's help, as wide as the terminal.
func (a *app) help(cmd *cobra.Command) error {
	b, err := a.book(cmd.Root())
	if err != nil {
		return err
	}
	return b.Help(a.out, cmd, a.width())
}

// explain gives a tree its help and the verb that writes its manual.
func (a *app) explain(root *cobra.Command) {
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		a.helpErr = a.help(cmd)
	})
	root.AddCommand(a.newManualCmd())
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			manual.Shells(annotate(newGroupCmd(c), configNever), a.out, a.book)
		}
	}
}

// complete gives a tree its completion of values, where args are a shell's question.
func (a *app) complete(root *cobra.Command, args []string) error {
	if len(args) == 0 || !strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		return nil
	}
	b, err := a.book(root)
	if err != nil {
		return err
	}
	return b.Complete(a.sources())
}

// newManualCmd makes the verb by which `make generate` and `make dist` write the manual.
func (a *app) newManualCmd() *cobra.Command {
	return annotate(&cobra.Command{
		Use: "__manual DIR", Short: "Write cli.md, or manual pages where DIR ends in man1", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.book(cmd.Root())
			if err != nil {
				return err
			}
			pages := map[string][]byte{"cli.md": b.Document()}
			if filepath.Base(args[0]) == "man1" {
				pages = b.Pages()
			}
			for name, data := range pages {
				if err := durable.WriteFile(a.fs, filepath.Join(args[0], name), func(w io.Writer) error { _, err := w.Write(data); return err }); err != nil {
					return err
				}
			}
			return nil
		},
	}, configNever)
}

// sources know what can stand for values on this machine.
func (a *app) sources() manual.Sources {
	list := func(names ...string) func(string) []string { return func(string) []string { return names } }
	sent := func(before ...string) func(string) []string {
		return func(string) []string {
			for _, s := range serviceNames() {
				before = append(before, s+":", s+":"+service.LeastBusy)
			}
			return before
		}
	}
	var studies []string
	for _, s := range study.Studies() {
		studies = append(studies, s.Name)
	}
	return manual.Sources{
		"STUDY": list(studies...), "SERVICE": list(serviceNames()...), "SERVICE:DEVICE": sent(), "BACKEND": sent("ideal", "noisy"),
		"DEVICE": func(string) []string { return a.devices().Names() },
		"OLD":    func(string) []string { return a.devices().Names() },
		"NEW":    func(string) []string { return a.devices().Names() },
		"JOB":    a.jobNames,
		"RUN": func(typed string) []string {
			return manual.Folders(a.fs.ReadDir, typed, func(dir string) bool {
				_, err := a.fs.Stat(filepath.Join(dir, "manifest.json"))
				return err == nil
			})
		},
	}
}

// jobNames are the ids of the ledger's newest jobs.
func (a *app) jobNames(string) []string {
	if _, err := a.fs.Stat(a.ledgerDir()); err != nil {
		return nil
	}
	l, err := a.openLedger()
	if err != nil {
		return nil
	}
	defer l.Close()
	return l.Newest(50)
}
