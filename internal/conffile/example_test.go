package conffile_test

import (
	"fmt"
	"os"
	"path/filepath"

	"qgan/internal/conffile"
)

// The file of a program with one verb; a slip is found.
func Example() {
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "config.toml")
	known := conffile.Known{}
	known.Add("", "seed")
	known.Add("train", "layers", "seed")

	os.WriteFile(path, []byte("seed = 1\n[train]\nseed = [2, 3]\n"), 0o600)
	files, err := conffile.Read(os.ReadFile, known, path)
	e, ok := files.Find("seed", "train", "")
	fmt.Println(err, ok, e.Values, filepath.Base(e.Place))

	_, err = conffile.Parse("config.toml", "[train]\nlayer = 4\n", known)
	fmt.Println(err)
	// Output:
	// <nil> true [2 3] config.toml:3
	// config.toml:2: unknown key "layer" in [train], did you mean "layers"?
}
