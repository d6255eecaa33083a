package main

import (
	"path/filepath"

	"qgan/calibration"
	"qgan/ir/compile"
)

// devices is where calibration data are found: files, and what was fetched.
func (a *app) devices() calibration.Shelf { return calibration.Shelf{FS: a.fs, Dir: a.devicesDir()} }

// devicesDir is where fetched devices are kept; "" where there is no home folder.
func (a *app) devicesDir() string {
	dir := a.cacheDir()
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "devices")
}

// target reads a device and prepares it to be compiled for.
func (a *app) target(device string) (*calibration.Snapshot, *compile.Target, error) {
	s, err := a.devices().Snapshot(device)
	if err != nil {
		return nil, nil, err
	}
	t, err := compile.NewTarget(s)
	if err != nil {
		return nil, nil, usagef("device %s: %w", device, err)
	}
	return s, t, nil
}
