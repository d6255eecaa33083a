package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"qgan/calibration"
	"qgan/ir/compile"
)

// snapshot reads a device: files that belong together, with commas between them,
// or the name of one that was fetched. A conf_*.json beside a props_*.json of the
// same name is read too.
func (a *app) snapshot(device string) (*calibration.Snapshot, error) {
	files, err := a.readDevice(device)
	if err != nil {
		return nil, err
	}
	return calibration.Read(files...)
}

// readDevice reads the files of a device.
func (a *app) readDevice(device string) (files []calibration.File, err error) {
	for _, path := range strings.Split(device, ",") {
		data, err := a.fs.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			if fetched, ok := a.fetched(path); ok {
				path = fetched
				data, err = a.fs.ReadFile(path)
			}
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, usagef("device %s: there is no such file, and no device of that name was fetched", path)
		case err != nil:
			return nil, usagef("device %s: %w", path, err)
		}
		files = append(files, calibration.File{Name: path, Data: data})
	}
	if len(files) == 1 {
		if rest, ok := strings.CutPrefix(filepath.Base(files[0].Name), "props_"); ok {
			beside := filepath.Join(filepath.Dir(files[0].Name), "conf_"+rest)
			if data, err := a.fs.ReadFile(beside); err == nil {
				files = append(files, calibration.File{Name: beside, Data: data})
			}
		}
	}
	return files, nil
}

// devicesDir is where fetched devices are kept; "" where there is no home folder.
func (a *app) devicesDir() string {
	dir := a.cacheDir()
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "devices")
}

// fetched finds the newest snapshot of a device in the cache.
func (a *app) fetched(name string) (string, bool) {
	if strings.ContainsAny(name, `/\`) {
		return "", false
	}
	dir := a.devicesDir()
	if dir == "" {
		return "", false
	}
	entries, err := a.fs.ReadDir(dir)
	if err != nil {
		return "", false
	}
	for _, e := range slices.Backward(entries) { // in order of name, so the newest date is last
		if strings.HasPrefix(e.Name(), name+"@") {
			return filepath.Join(dir, e.Name()), true
		}
	}
	return "", false
}

// target reads a device and prepares it to be compiled for.
func (a *app) target(device string) (*calibration.Snapshot, *compile.Target, error) {
	s, err := a.snapshot(device)
	if err != nil {
		return nil, nil, err
	}
	t, err := compile.NewTarget(s)
	if err != nil {
		return nil, nil, usagef("device %s: %w", device, err)
	}
	return s, t, nil
}

// age writes a duration as people say it.
func age(d time.Duration) string {
	switch {
	case d < 0:
		return "in the future"
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 72*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}
