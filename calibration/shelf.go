package calibration

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Files is what a Shelf reads.
type Files interface {
	ReadFile(path string) ([]byte, error)
	ReadDir(path string) ([]fs.DirEntry, error)
}

// Shelf finds calibration data by file or by the name of a device. The zero value reads
// files of this machine.
type Shelf struct {
	FS Files // nil: the machine's own
	// Dir holds snapshots that were fetched, NAME@DATE.json; NAME stands for the newest, and so
	// does the ARN that ends in it.
	Dir string
}

// Snapshot reads a device: files that belong together, with commas between them, the
// name of one on the shelf, or that of an [Invented] one. A conf_*.json beside a props_*.json of the same name is read
// too. A device that is not there is an *AbsentError, one that can't be read a *FileError.
func (s Shelf) Snapshot(device string) (*Snapshot, error) {
	files, err := s.Read(device)
	if err != nil {
		return nil, err
	}
	return Read(files...)
}

// Read reads the files of a device.
func (s Shelf) Read(device string) (files []File, err error) {
	disk := s.FS
	if disk == nil {
		disk = machine{}
	}
	for _, path := range strings.Split(device, ",") {
		data, err := disk.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			if fetched, ok := s.newest(disk, path); ok {
				path = fetched
				data, err = disk.ReadFile(path)
			}
		}
		if invented, ok := InventedDevice(alone(path)); ok && errors.Is(err, fs.ErrNotExist) {
			data, err = invented.Encode()
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, &AbsentError{path, errors.New("there is no such file, no device of that name was fetched, and none is built in")}
		case err != nil:
			return nil, &AbsentError{path, err}
		}
		files = append(files, File{Name: path, Data: data})
	}
	if len(files) == 1 {
		if rest, ok := strings.CutPrefix(filepath.Base(files[0].Name), "props_"); ok {
			beside := filepath.Join(filepath.Dir(files[0].Name), "conf_"+rest)
			if data, err := disk.ReadFile(beside); err == nil {
				files = append(files, File{Name: beside, Data: data})
			}
		}
	}
	return files, nil
}

// Names are the devices of which the shelf has data, in order, and the invented ones.
func (s Shelf) Names() (names []string) {
	disk := s.FS
	if disk == nil {
		disk = machine{}
	}
	for _, d := range InventedDevices() {
		names = append(names, d.Name)
	}
	if s.Dir == "" {
		return names
	}
	entries, _ := disk.ReadDir(s.Dir) // none: nothing was fetched
	for _, e := range entries {
		if name, _, ok := strings.Cut(e.Name(), "@"); ok && !strings.HasPrefix(name, ".") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Place is the file on the shelf of a device's data that were fetched at a time: the name is
// the device's, of an ARN its last part.
func (s Shelf) Place(device string, at time.Time) string {
	return filepath.Join(s.Dir, called(device)+"@"+at.UTC().Format("20060102T150405Z")+".json")
}

// called is how the shelf calls a device.
func called(device string) string {
	return strings.NewReplacer(":", "_", "\\", "_").Replace(device[strings.LastIndexByte(device, '/')+1:])
}

// newest finds the newest snapshot on the shelf of a device that is called by its name, an ARN,
// or with its service, as in ibm:ibm_torino.
func (s Shelf) newest(disk Files, name string) (string, bool) {
	if path := strings.ContainsAny(name, `/\`) && !strings.Contains(name, "arn:"); s.Dir == "" || path {
		return "", false
	}
	entries, err := disk.ReadDir(s.Dir)
	if err != nil {
		return "", false
	}
	for _, name := range []string{called(name), called(alone(name))} {
		for _, e := range slices.Backward(entries) { // in order of name, so the newest date is last
			if name != "" && strings.HasPrefix(e.Name(), name+"@") {
				return filepath.Join(s.Dir, e.Name()), true
			}
		}
	}
	return "", false
}

// alone is the name of a device without its service.
func alone(name string) string {
	if _, device, ok := strings.Cut(name, ":"); ok {
		return device
	}
	return name
}

// AbsentError says that there are no calibration data of a device.
type AbsentError struct {
	Device string // the file or the name
	Err    error
}

// Error names the device and says why.
func (e *AbsentError) Error() string { return fmt.Sprintf("device %s: %v", e.Device, e.Err) }

// Unwrap returns why.
func (e *AbsentError) Unwrap() error { return e.Err }

// BadInput reports that the fault is in what the user gave.
func (e *AbsentError) BadInput() bool { return true }

// machine are the files of this machine.
type machine struct{}

func (machine) ReadFile(path string) ([]byte, error)       { return os.ReadFile(path) }
func (machine) ReadDir(path string) ([]fs.DirEntry, error) { return os.ReadDir(path) }
