package kind_test

import (
	"fmt"
	"os"
	"path/filepath"

	"qgan/internal/kind"
)

func ExampleOf() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "bell")
	if err := os.WriteFile(path, []byte("OPENQASM 3.0;\nqubit[2] q;\n"), 0o600); err != nil {
		fmt.Println(err)
	}
	fmt.Println(kind.Of(path).Name)
	// Output: an OpenQASM program
}
