// Dist packs built programs into archives whose bytes depend on their content alone:
// entries in order of name, one fixed time, no owner. It writes a tar.gz for each
// platform, a zip for Windows, and their SHA-256 sums.
package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
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

func main() {
	root := flag.String("root", ".", "folder of the project; programs are in dist/build/OS_ARCH below it")
	version := flag.String("version", "", "version, part of the archives' names")
	epoch := flag.Int64("epoch", 0, "time of all entries, seconds since 1970")
	flag.Parse()
	if err := run(*root, *version, time.Unix(*epoch, 0).UTC(), flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

// run writes the archives of the platforms and SHA256SUMS.
func run(root, version string, at time.Time, platforms []string) error {
	var sums []string
	for _, platform := range platforms {
		goos, goarch, ok := strings.Cut(platform, "/")
		if !ok {
			return fmt.Errorf("platform %q is not OS/ARCH", platform)
		}
		folder := fmt.Sprintf("qgan_%s_%s_%s", version, goos, goarch)
		entries, err := collect(root, folder, goos, goarch)
		if err != nil {
			return err
		}
		pack, ending := packTar, ".tar.gz"
		if goos == "windows" {
			pack, ending = packZip, ".zip"
		}
		var archive bytes.Buffer
		if err := pack(&archive, entries, at); err != nil {
			return fmt.Errorf("pack %s: %w", folder, err)
		}
		if err := os.WriteFile(filepath.Join(root, "dist", folder+ending), archive.Bytes(), 0o644); err != nil {
			return err
		}
		sums = append(sums, fmt.Sprintf("%x  %s\n", sha256.Sum256(archive.Bytes()), folder+ending))
	}
	slices.SortFunc(sums, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	return os.WriteFile(filepath.Join(root, "dist", "SHA256SUMS"), []byte(strings.Join(sums, "")), 0o644)
}

// collect reads the files of one archive in order of name.
func collect(root, folder, goos, goarch string) ([]entry, error) {
	program := "qgan"
	if goos == "windows" {
		program += ".exe"
	}
	data, err := os.ReadFile(filepath.Join(root, "dist", "build", goos+"_"+goarch, program))
	if err != nil {
		return nil, err
	}
	entries := []entry{{path.Join(folder, program), 0o755, data}}
	for _, name := range documents {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{path.Join(folder, name), 0o644, data})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return entries, nil
}

// packTar writes a tar.gz. The gzip header holds neither a name nor a time.
func packTar(w io.Writer, entries []entry, at time.Time) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{
			Typeflag: tar.TypeReg, Name: e.name, Mode: e.mode, Size: int64(len(e.data)), ModTime: at, Format: tar.FormatUSTAR,
		}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		if _, err := t.Write(e.data); err != nil {
			return err
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	return z.Close()
}

// packZip writes a zip. Its times begin in 1980.
func packZip(w io.Writer, entries []entry, at time.Time) error {
	if first := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC); at.Before(first) {
		at = first
	}
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: at}
		h.SetMode(os.FileMode(e.mode))
		f, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := f.Write(e.data); err != nil {
			return err
		}
	}
	return z.Close()
}
