package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"qgan/internal/durable"
)

// matElement is a data element of a MATLAB 5 file, padded to 8 bytes.
func matElement(kind uint32, data []byte) []byte {
	out := binary.LittleEndian.AppendUint32(nil, kind)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(data)))
	out = append(out, data...)
	return append(out, make([]byte, (8-len(data)%8)%8)...)
}

// matFile is a MATLAB 5 file of one variable: its class, dimensions and the
// elements after its name.
func matFile(class byte, dims []int32, name string, rest ...[]byte) []byte {
	var d []byte
	for _, n := range dims {
		d = binary.LittleEndian.AppendUint32(d, uint32(n))
	}
	body := bytes.Join([][]byte{
		matElement(6, []byte{class, 0, 0, 0, 0, 0, 0, 0}), matElement(5, d), matElement(1, []byte(name)), bytes.Join(rest, nil),
	}, nil)
	head := append([]byte("MATLAB 5.0 MAT-file"), bytes.Repeat([]byte(" "), 116-19)...)
	head = append(head, make([]byte, 8)...)
	head = append(head, 0x00, 0x01, 'I', 'M')
	return append(head, matElement(14, body)...)
}

// runApp runs a command line in the process and returns its exit code and what
// it wrote on stderr.
func runApp(t *testing.T, fs durable.FS, args ...string) (int, string) {
	t.Helper()
	var out, errs bytes.Buffer
	a := newApp(strings.NewReader(""), &out, &errs, func(name string) string {
		if name == "HOME" || name == "XDG_CONFIG_HOME" {
			return t.TempDir()
		}
		return ""
	})
	if fs != nil {
		a.fs = fs
	}
	code := a.run(context.Background(), args)
	return code, errs.String()
}

// Whatever is wrong with a recording ends with exit code 2 and a sentence that
// names the file.
func TestBadRecordings(t *testing.T) {
	dir := t.TempDir()
	good := matFile(9, []int32{6, 2}, "data", matElement(2, []byte{0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0}))
	files := map[string][]byte{
		"good.mat": good, "empty.mat": {}, "half.mat": good[:len(good)/2], "head.mat": good[:100],
		"text.mat":   []byte("this is not a recording\n"),
		"struct.mat": matFile(2, []int32{1, 1}, "data", matElement(5, []byte{8, 0, 0, 0}), matElement(1, []byte("a\x00\x00\x00\x00\x00\x00\x00"))),
		"cell.mat":   matFile(1, []int32{1, 1}, "data"),
		"two.mat":    matFile(9, []int32{6, 2}, "data", matElement(2, []byte{0, 1, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0})),
		"v73.mat":    append(append(append([]byte("MATLAB 7.3 MAT-file"), bytes.Repeat([]byte(" "), 512-19)...), "\x89HDF\r\n\x1a\n"...), make([]byte, 100)...),
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	path := func(name string) string { return filepath.Join(dir, name) }
	if code, errs := runApp(t, nil, "baseline", "--data", path("good.mat"), "--neurons", "2"); code != 0 {
		t.Fatalf("the good file: exit %d, %s", code, errs)
	}
	for _, k := range []struct {
		args []string
		want string
	}{
		{[]string{"--data", path("missing.mat")}, "missing.mat"},
		{[]string{"--data", path("empty.mat")}, "empty"},
		{[]string{"--data", path("half.mat")}, "half.mat"},
		{[]string{"--data", path("head.mat")}, "head.mat"},
		{[]string{"--data", path("text.mat")}, "text.mat"},
		{[]string{"--data", path("struct.mat")}, "struct"},
		{[]string{"--data", path("cell.mat")}, "cell"},
		{[]string{"--data", path("two.mat")}, "2"},
		{[]string{"--data", path("v73.mat")}, "7.3"},
		{[]string{"--data", dir}, "folder"},
		{[]string{"--data", path("good.mat"), "--var", "bint"}, "bint"},
		{[]string{"--data", path("good.mat"), "--neurons", "3"}, "3"},
		{[]string{"--data", path("good.mat"), "--neurons", "0,7"}, "7"},
		{[]string{"--data", path("good.mat"), "--neurons", "2", "--timesteps", "7"}, "longer than a repeat"},
		{[]string{"--data", path("good.mat"), "--neurons", "2", "--repeat-bins", "100"}, "100"},
	} {
		for _, verb := range [][]string{{"baseline"}, {"train", path("run")}} {
			args := append(verb, k.args...)
			code, errs := runApp(t, nil, args...)
			if code != exitUsage || !strings.Contains(errs, k.want) || strings.Contains(errs, "goroutine") || !strings.HasPrefix(errs, "qgan: ") {
				t.Errorf("%s: exit %d, stderr %q, want exit 2 and %q", strings.Join(args, " "), code, errs, k.want)
			}
			if _, err := os.Stat(path("run")); err == nil {
				t.Fatalf("%s left a run directory", strings.Join(args, " "))
			}
		}
	}
}

// A full disk ends training with exit code 2 and what to do; the run then
// resumes to its end.
func TestFullDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	args := []string{"train", dir, "--neurons", "2", "--iterations", "250"}
	for _, room := range []int64{10, 20000} { // in the manifest, in a later checkpoint
		os.RemoveAll(dir)
		fault := durable.NewFault(durable.OS{})
		fault.Full(room)
		code, errs := runApp(t, fault, args...)
		if code != exitUsage || !strings.Contains(errs, "no space left") || !strings.Contains(errs, "--resume") {
			t.Errorf("room for %d bytes: exit %d, stderr %q", room, code, errs)
		}
	}
	if code, errs := runApp(t, nil, "train", dir, "--resume"); code != 0 {
		t.Errorf("resuming: exit %d, %s", code, errs)
	}
}
