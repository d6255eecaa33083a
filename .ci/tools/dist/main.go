// Dist packs built programs into archives whose bytes depend on their content alone: entries in
// order of name, one fixed time, no owner. For each platform it writes a tar.gz, a zip for
// Windows, with the program, its manual pages and completions, the licences of what is in it and
// a list of that (SPDX); of the Linux ones also a container image; and the SHA-256 sums of all.
package main

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// documents go into every archive beside the program.
var documents = []string{"CHANGELOG.md", "LICENSE", "README.md"}

// entry is a file of an archive.
type entry struct {
	name string
	mode int64
	data []byte
}

// release is what is packed.
type release struct {
	root, version string
	at            time.Time
	licences      licences
	sums          []string
}

func main() {
	root := flag.String("root", ".", "folder of the project; programs are in dist/build/OS_ARCH below it, documents in dist/build/share")
	version := flag.String("version", "", "version, part of the archives' names")
	epoch := flag.Int64("epoch", 0, "time of all entries, seconds since 1970")
	flag.Parse()
	r := release{root: *root, version: *version, at: time.Unix(*epoch, 0).UTC()}
	if err := r.run(flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

// run writes the archives of the platforms, the image and SHA256SUMS.
func (r *release) run(platforms []string) (err error) {
	if r.licences, err = readLicences(r.root); err != nil {
		return err
	}
	var layers []layer
	for _, platform := range platforms {
		goos, goarch, ok := strings.Cut(platform, "/")
		if !ok {
			return fmt.Errorf("platform %q is not OS/ARCH", platform)
		}
		entries, err := r.collect(goos, goarch)
		if err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
		if err := r.pack(goos, goarch, entries); err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
		if goos == "linux" {
			layers = append(layers, layer{goarch, rooted(entries)})
		}
	}
	if len(layers) > 0 {
		image, err := image(r.version, r.at, layers)
		if err != nil {
			return err
		}
		if err := r.write("qgan_"+r.version+"_oci.tar", image); err != nil {
			return err
		}
	}
	slices.SortFunc(r.sums, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	return os.WriteFile(filepath.Join(r.root, "dist", "SHA256SUMS"), []byte(strings.Join(r.sums, "")), 0o644)
}

// pack writes the archive of a platform, and the list of what is in its program beside it.
func (r *release) pack(goos, goarch string, entries []entry) error {
	folder := fmt.Sprintf("qgan_%s_%s_%s", r.version, goos, goarch)
	pack, ending := packTar, ".tar.gz"
	if goos == "windows" {
		pack, ending = packZip, ".zip"
	}
	inside := slices.Clone(entries)
	for i, e := range inside {
		inside[i].name = path.Join(folder, e.name)
		if path.Ext(e.name) == ".json" {
			if err := r.write(folder+".spdx.json", e.data); err != nil {
				return err
			}
		}
	}
	var archive bytes.Buffer
	if err := pack(&archive, inside, r.at); err != nil {
		return err
	}
	return r.write(folder+ending, archive.Bytes())
}

// write writes a file of the release and takes its sum.
func (r *release) write(name string, data []byte) error {
	r.sums = append(r.sums, fmt.Sprintf("%x  %s\n", sha256.Sum256(data), name))
	return os.WriteFile(filepath.Join(r.root, "dist", name), data, 0o644)
}

// collect reads the files of one archive in order of name.
func (r *release) collect(goos, goarch string) ([]entry, error) {
	program := "qgan"
	if goos == "windows" {
		program += ".exe"
	}
	file := filepath.Join(r.root, "dist", "build", goos+"_"+goarch, program)
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	list, text, err := r.parts(file, data, goos, goarch)
	if err != nil {
		return nil, err
	}
	entries := []entry{{program, 0o755, data}, {"qgan.spdx.json", 0o644, list}, {"THIRD-PARTY-LICENSES.txt", 0o644, text}}
	for _, name := range documents {
		data, err := os.ReadFile(filepath.Join(r.root, name))
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{name, 0o644, data})
	}
	share := filepath.Join(r.root, "dist", "build", "share")
	shared, err := filepath.Glob(filepath.Join(share, "*", "*"))
	if err != nil {
		return nil, err
	}
	if len(shared) == 0 {
		return nil, fmt.Errorf("%s has no manual pages and completions", share)
	}
	for _, file := range shared {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{path.Join(filepath.Base(filepath.Dir(file)), filepath.Base(file)), 0o644, data})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return entries, nil
}
