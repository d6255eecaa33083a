package runs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"qgan/internal/durable"
	"qgan/metrics/spikes"
	"qgan/training"
)

// ManifestSchema is the version of the run directory that this program writes
// and reads.
const ManifestSchema = "qgan.run/v1"

// Manifest is the first file of a run: all that decides it.
type Manifest struct {
	Schema      string          `json:"schema"`
	CommandLine []string        `json:"command_line"`
	Started     string          `json:"started"` // RFC 3339, UTC
	Program     Build           `json:"program"`
	Config      training.Config `json:"config"`
	Data        DataInfo        `json:"data"`
	Parameters  training.Counts `json:"parameters"`
	// Processor is where circuits are measured; nil: on the ideal simulator.
	Processor *Processor `json:"processor,omitempty"`
}

// Processor says what a run's circuits are measured on, as its flags name it.
type Processor struct {
	Device           string   `json:"device,omitempty"` // of the noisy simulator: file or name
	NoiseModel       string   `json:"noise_model,omitempty"`
	DeviceNoise      string   `json:"device_noise,omitempty"`
	ReadoutError     string   `json:"readout_error,omitempty"`
	CalibrationShots int      `json:"calibration_shots,omitempty"`
	M3Distance       int      `json:"m3_distance,omitempty"`
	Endpoint         []string `json:"endpoint,omitempty"`
	// Job are the options of a service's jobs, by name.
	Job      map[string]string `json:"job_options,omitempty"`
	Snapshot string            `json:"snapshot,omitempty"` // hash of the calibration data
}

// Build says which program ran where.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	CPU     string `json:"cpu"`
	Kernel  string `json:"kernel"`
	// Words is how a population's words are computed: carries or state.
	Words string `json:"words,omitempty"`
}

// DataInfo says which recording was used and how it was read.
type DataInfo struct {
	spikes.Source
	// File is the absolute path of the recording; empty for the built-in one.
	File     string  `json:"file,omitempty"`
	BinWidth float64 `json:"bin_width_s"`
	Shape    [3]int  `json:"shape"` // repeats x bins x neurons, as trained on
}

// Error is what is wrong with a run directory, or with what was asked of it.
type Error struct {
	Path string
	Err  error
	Hint string
}

// Error is the path, what is wrong and, in parentheses, the hint.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %v", e.Path, e.Err)
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Unwrap returns what is wrong.
func (e *Error) Unwrap() error { return e.Err }

// BadInput reports that the fault is in what the user gave.
func (e *Error) BadInput() bool { return true }

// Dir is a run directory.
type Dir struct {
	Path     string
	Manifest Manifest
	fs       FS
	locked   bool
}

const (
	manifestFile   = "manifest.json"
	metricsFile    = "metrics.jsonl"
	resultFile     = "result.json"
	checkpointsDir = "checkpoints"
	lockFile       = ".lock"
)

// ErrNone says that there is no such directory.
var ErrNone = errors.New("there is no such run")

// errNoRun says that a directory is something else.
var errNoRun = errors.New("it is no run directory")

// FS is the file system that a run lies on; nil stands for the machine's own.
type FS = durable.FS

// Create makes a run directory; its manifest is the first file written. A
// directory that is there already must be empty.
func Create(fsys FS, dir string, m Manifest) (*Dir, error) {
	fsys = durable.Or(fsys)
	if entries, err := fsys.ReadDir(dir); err == nil && len(entries) > 0 {
		if _, err := fsys.Stat(filepath.Join(dir, manifestFile)); err == nil {
			return nil, &Error{dir, errors.New("there is a run already"), "go on with it, or name another directory"}
		}
		return nil, &Error{dir, errors.New("the directory is not empty and no run"), "name another directory"}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &Error{dir, err, "name a directory"}
	}
	m.Schema = ManifestSchema
	if err := fsys.MkdirAll(filepath.Join(dir, checkpointsDir)); err != nil {
		return nil, fmt.Errorf("making the run directory %s: %w", dir, err)
	}
	r := &Dir{Path: dir, Manifest: m, fs: fsys}
	if err := r.writeJSON(manifestFile, m); err != nil {
		return nil, err
	}
	return r, nil
}

// Open reads a run directory's manifest.
func Open(fsys FS, dir string) (*Dir, error) {
	fsys = durable.Or(fsys)
	path := filepath.Join(dir, manifestFile)
	raw, err := fsys.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := fsys.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return nil, &Error{dir, ErrNone, "`qgan train` makes one"}
		}
		return nil, &Error{dir, fmt.Errorf("%w: it has no %s", errNoRun, manifestFile), "`qgan train` makes one"}
	case err != nil:
		return nil, &Error{dir, err, ""}
	}
	var head struct {
		Schema string
		Config struct {
			OwnBit bool `json:"own_bit"` // what own_bits 1 was before there were more
		}
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, &Error{path, fmt.Errorf("it is damaged: %w", err), "train again into another directory"}
	}
	if head.Schema != ManifestSchema {
		return nil, &Error{path, fmt.Errorf("the run is of another version: its schema is %q, this program reads %q", head.Schema, ManifestSchema), "use the program that wrote it"}
	}
	r := &Dir{Path: dir, fs: fsys}
	r.Manifest.Config.Memory, r.Manifest.Config.Objective = training.MemoryNone, training.ObjectiveWGAN // of runs that do not say
	if head.Config.OwnBit {
		r.Manifest.Config.OwnBits = 1
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&r.Manifest); err != nil {
		return nil, &Error{path, fmt.Errorf("it is damaged: %w", err), "train again into another directory"}
	}
	if err := r.Manifest.Config.Check(); err != nil {
		return nil, &Error{path, fmt.Errorf("its configuration: %w", err), "the file was changed, or is another program's"}
	}
	return r, nil
}

// Lock keeps other processes from training into the run; Train does it where its caller
// has not.
func (r *Dir) Lock() (unlock func() error, err error) {
	release, err := durable.Lock(filepath.Join(r.Path, lockFile))
	if errors.Is(err, durable.ErrLocked) {
		return nil, &Error{r.Path, errors.New("another process is training this run"), "wait for it, or stop it"}
	}
	if err != nil {
		return nil, err
	}
	if _, err := durable.RemoveLeftovers(r.fs, r.Path); err != nil {
		release()
		return nil, err
	}
	if _, err := durable.RemoveLeftovers(r.fs, filepath.Join(r.Path, checkpointsDir)); err != nil {
		release()
		return nil, err
	}
	r.locked = true
	return func() error {
		r.locked = false
		return release()
	}, nil
}

func (r *Dir) writeJSON(name string, v any) error {
	return durable.WriteFile(r.fs, filepath.Join(r.Path, name), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(v)
	})
}

func checkpointName(step int) string { return fmt.Sprintf("step-%08d.ckpt", step) }

// checkpoints lists the checkpoint files, oldest first.
func (r *Dir) checkpoints() ([]string, error) {
	entries, err := r.fs.ReadDir(filepath.Join(r.Path, checkpointsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "step-") && strings.HasSuffix(e.Name(), ".ckpt") {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// Latest reads the newest checkpoint; nil where there is none.
func (r *Dir) Latest() (*training.State, error) {
	names, err := r.checkpoints()
	if err != nil || len(names) == 0 {
		return nil, err
	}
	path := filepath.Join(r.Path, checkpointsDir, names[len(names)-1])
	raw, err := r.fs.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := ReadState(raw, r.Manifest.Config)
	if err != nil {
		hint := "it is the only one: move it away and the run starts from its manifest"
		if len(names) > 1 {
			hint = "move it away and the run goes on from " + names[len(names)-2]
		}
		return nil, &Error{path, fmt.Errorf("the checkpoint can't be used: %w", err), hint}
	}
	return s, nil
}

// keep is the number of checkpoints that stay.
const keep = 3

// Checkpoint writes the state to a file of its own and removes all but the
// last three.
func (r *Dir) Checkpoint(s *training.State) error {
	dir := filepath.Join(r.Path, checkpointsDir)
	if err := durable.WriteFile(r.fs, filepath.Join(dir, checkpointName(s.Step)), func(w io.Writer) error { return WriteState(w, s) }); err != nil {
		return fmt.Errorf("writing the checkpoint of step %d: %w", s.Step, err)
	}
	names, err := r.checkpoints()
	if err != nil {
		return err
	}
	for len(names) > keep {
		if err := r.fs.Remove(filepath.Join(dir, names[0])); err != nil {
			return err
		}
		names = names[1:]
	}
	return nil
}

// Rows reads metrics.jsonl.
func (r *Dir) Rows() ([]training.Row, error) {
	lines, _, err := durable.ReadLines(r.fs, filepath.Join(r.Path, metricsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var rows []training.Row
	for i, line := range lines {
		var row training.Row
		if err := json.Unmarshal(line, &row); err != nil {
			return nil, &Error{filepath.Join(r.Path, metricsFile), fmt.Errorf("line %d: %w", i+1, err), ""}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// trim takes lines beyond a step out of metrics.jsonl: a resumed run writes
// them again.
func (r *Dir) trim(step int) error {
	rows, err := r.Rows()
	if err != nil {
		return err
	}
	k := slices.IndexFunc(rows, func(row training.Row) bool { return row.Step > step })
	if k < 0 {
		return nil
	}
	return durable.WriteFile(r.fs, filepath.Join(r.Path, metricsFile), func(w io.Writer) error {
		e := json.NewEncoder(w)
		for _, row := range rows[:k] {
			if err := e.Encode(row); err != nil {
				return err
			}
		}
		return nil
	})
}

// Resume brings a trainer to the newest checkpoint, if there is one.
func (r *Dir) Resume(t *training.Trainer) error {
	s, err := r.Latest()
	if err != nil || s == nil {
		return err
	}
	if err := t.Restore(s); err != nil {
		return &Error{Path: r.Path, Err: err}
	}
	return nil
}

// Train takes the steps that are left from where the trainer is, writing checkpoints and
// metrics (see [training.Trainer.Train]). now tells the time, nil: the machine's; observe
// is told the row of each step, nil: nobody.
func (r *Dir) Train(ctx context.Context, t *training.Trainer, now func() time.Time, observe func(training.Row)) (err error) {
	if !r.locked {
		unlock, err := r.Lock()
		if err != nil {
			return err
		}
		defer unlock()
	}
	if err := r.trim(t.State.Step); err != nil {
		return err
	}
	log, err := durable.Append(r.fs, filepath.Join(r.Path, metricsFile))
	if err != nil {
		return err
	}
	defer func() {
		if cerr := log.Close(); err == nil {
			err = cerr
		}
	}()
	return t.Train(ctx, keeper{r, log}, now, observe)
}

// keeper is a run whose metrics are open.
type keeper struct {
	*Dir
	log *durable.Log
}

// Keep writes the rows before the checkpoint that covers them.
func (k keeper) Keep(rows []training.Row, s *training.State) error {
	for _, row := range rows {
		line, err := json.Marshal(row)
		if err != nil {
			return err
		}
		if err := k.log.Append(line); err != nil {
			return err
		}
	}
	if len(rows) > 0 {
		if err := k.log.Sync(); err != nil {
			return err
		}
	}
	return k.Checkpoint(s)
}

// WriteResult writes result.json, the figures of a finished run.
func (r *Dir) WriteResult(v any) error { return r.writeJSON(resultFile, v) }
