package manual_test

import (
	"fmt"
	"os"
	"testing/fstest"

	"github.com/spf13/cobra"

	"qgan/internal/manual"
)

func Example() {
	root := &cobra.Command{Use: "shop"}
	sell := &cobra.Command{Use: "sell", Short: "Sell tea", Run: func(*cobra.Command, []string) {}}
	sell.Flags().String("colour", "", "its colour (none: white)")
	root.AddCommand(sell)
	texts := fstest.MapFS{
		"flags.txt": {Data: []byte("[Looks]\ncolour white|black\n")},
		"json.txt":  {},
	}
	b, err := manual.Read(root, texts, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := b.Help(os.Stdout, sell, 80); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Sell tea.
	//
	// Usage:
	//   shop sell [FLAG]…
	//
	// Looks:
	//   --colour white|black  Its colour. Default: white.
}
