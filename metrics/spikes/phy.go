package spikes

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"qgan/metrics/spikes/internal/npy"
	"qgan/metrics/spikes/internal/raw"
)

// couples are files that lie beside each other, one with the times of all spikes and one
// with their units: those of Kilosort and Phy, in samples, and of IBL's ALF, in seconds.
// More may stand between their names and the ending .npy, as the parts of ALF's names.
var couples = []struct{ times, units string }{
	{"spike_times", "spike_clusters"},
	{"spike_times", "spike_templates"},
	{"spikes.times", "spikes.clusters"},
}

// isPart says whether a file is the part of a couple that is called so.
func isPart(name, part string) bool {
	rest, ok := strings.CutPrefix(name, part)
	return ok && strings.HasSuffix(name, ".npy") && rest[0] == '.'
}

// couple finds the files of a couple in a folder, of which one has that name (empty: any).
func couple(dir, name string) (times, units string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", "", err
	}
	for _, c := range couples {
		times, units = "", ""
		for _, e := range entries {
			if n := e.Name(); isPart(n, c.times) {
				times = n
			} else if isPart(n, c.units) {
				units = n
			}
		}
		if times != "" && units != "" && (name == "" || name == times || name == units) {
			return times, units, nil
		}
	}
	return "", "", nil
}

// openFolder reads the couple in a folder.
func openFolder(path string) (*input, error) {
	times, units, err := couple(path, "")
	switch {
	case err != nil:
		return nil, err
	case times == "":
		return nil, wrong("name the file inside it; of a folder of Phy or IBL the files spike_times.npy and spike_clusters.npy, or spikes.times.npy and spikes.clusters.npy, are read",
			"is a folder, not a recording")
	}
	return openCoupled(path, path, times, units)
}

func openCoupled(path, dir, times, units string) (*input, error) {
	in := &input{path: path, dir: dir}
	var err error
	if in.b, err = os.ReadFile(filepath.Join(dir, times)); err != nil {
		return nil, err
	}
	if in.units, err = os.ReadFile(filepath.Join(dir, units)); err != nil {
		return nil, err
	}
	return in, nil
}

// labelFiles are what Kilosort and Phy say of clusters.
var labelFiles = []string{"cluster_group.tsv", "cluster_group.csv", "cluster_KSLabel.tsv"}

// openCouple makes lists of the times and units of a couple.
func openCouple(in *input, _ LoadOptions) (*file, error) {
	var parts [2]*array
	for i, part := range []struct {
		name string
		b    []byte
	}{{"spike_times", in.b}, {"spike_clusters", in.units}} {
		a, err := npy.Parse(part.b)
		if err != nil {
			return nil, wrong("", "%s: %w", part.name, err)
		}
		parts[i] = &array{
			name: part.name, kind: a.Descr, dims: a.Shape, numeric: true, whole: wholeType(a.Descr),
			read: func() (raw.Array, error) { return a.Array, nil },
		}
	}
	f := &file{arrays: []*array{paired(parts[0], parts[1], nil)}}
	f.arrays[0].name = ""
	if rate := sampleRate(filepath.Join(in.dir, "params.py")); rate > 0 {
		f.rated, f.ratedBy = rate, "params.py"
	}
	for _, name := range labelFiles {
		if groups := labelled(filepath.Join(in.dir, name)); groups != "" {
			f.warn("%s (%s) was not used: every cluster with spikes is a unit, and the option neurons chooses among them", name, groups)
		}
	}
	return f, nil
}

// readSmall reads a file that lies beside the data; nil where there is none, or a large one.
func readSmall(path string) []byte {
	st, err := os.Stat(path)
	if err != nil || st.Size() > 1<<20 {
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return b
}

// sampleRate is the number of samples a second that Phy's params.py tells of; 0: it
// doesn't.
func sampleRate(path string) float64 {
	for line := range bytes.Lines(readSmall(path)) {
		name, value, ok := strings.Cut(string(line), "=")
		if !ok || strings.TrimSpace(name) != "sample_rate" {
			continue
		}
		value, _, _ = strings.Cut(value, "#")
		if x, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil && x > 0 && !math.IsInf(x, 0) {
			return x
		}
	}
	return 0
}

// labelled counts the clusters by their label, as in "3 good, 1 mua"; empty: there are none.
func labelled(path string) string {
	counts := map[string]int{}
	var order []string
	first := true
	for line := range bytes.Lines(readSmall(path)) {
		fields := strings.FieldsFunc(strings.TrimSpace(string(line)), func(c rune) bool { return c == '\t' || c == ',' })
		if !first && len(fields) == 2 {
			if counts[fields[1]] == 0 {
				order = append(order, fields[1])
			}
			counts[fields[1]]++
		}
		first = false
	}
	slices.Sort(order)
	var out []string
	for _, label := range clipped(order) {
		if n := counts[label]; n > 0 {
			label = fmt.Sprintf("%d %s", n, clip([]byte(label)))
		}
		out = append(out, label)
	}
	return strings.Join(out, ", ")
}
