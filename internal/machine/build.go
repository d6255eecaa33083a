package machine

import (
	"runtime"
	"runtime/debug"
	"strings"
)

// Build is what a program knows of its own making.
type Build struct {
	Schema  string `json:"schema"` // qgan.version/v1
	Version string `json:"version"`
	Commit  string `json:"commit"`  // "" where the build didn't record it
	Dirty   bool   `json:"dirty"`   // the working tree had changes
	Time    string `json:"time"`    // of the commit
	Go      string `json:"go"`      // of the toolchain
	OS      string `json:"os"`      // GOOS
	Arch    string `json:"arch"`    // GOARCH
	Level   string `json:"level"`   // GOAMD64 or GOARM64
	Modules int    `json:"modules"` // that went into the program
}

// ReadBuild gathers what the toolchain has recorded; version and commit, where given, are
// what the linker was told.
func ReadBuild(version, commit string) Build {
	info, _ := debug.ReadBuildInfo()
	return newBuild(version, commit, info)
}

func newBuild(version, commit string, info *debug.BuildInfo) Build {
	b := Build{
		Schema: "qgan.version/v1", Version: version, Commit: commit,
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
	}
	if info != nil {
		b.Modules = len(info.Deps)
		if b.Version == "" && info.Main.Version != "(devel)" {
			b.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Commit = s.Value
			case "vcs.modified":
				b.Dirty = s.Value == "true"
			case "vcs.time":
				b.Time = s.Value
			case "GOAMD64", "GOARM64":
				b.Level = s.Value
			}
		}
	}
	if strings.HasSuffix(b.Version, "-dirty") {
		b.Dirty = true
	}
	if b.Version == "" {
		b.Version = "v0.0.0-dev"
	}
	return b
}

// String is version and commit as people read them: v1.2.0 (0123456789ab, with changes).
func (b Build) String() string {
	if b.Commit == "" {
		return b.Version
	}
	changes := ""
	if b.Dirty {
		changes = ", with changes"
	}
	return b.Version + " (" + b.Commit[:min(12, len(b.Commit))] + changes + ")"
}
