package spikes

import (
	"strings"
	"testing"
)

// Files of arrays and of lists, as they come from other tools.
func TestCasesOfArrays(t *testing.T) {
	truth, err := Load(cases(t, "truth.npy"), LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file  string
		opt   LoadOptions
		shape string // of the raster
		units string // names
		warns string // in one of the warnings
		error string
	}{
		{file: "m_v4.mat", shape: "1x600x4"},
		{file: "m_sparse.mat", shape: "1x600x4"},
		{file: "m73_sparse.mat", shape: "1x600x4"},
		{file: "m_cell_times.mat", shape: "1x595x4"},
		{file: "m_cell_unit_trial.mat", shape: "6x100x4", warns: "4 units x 6 trials"},
		{file: "m_struct_raster.mat", shape: "1x600x4"},
		{file: "m_struct_raster.mat", opt: LoadOptions{Variable: "Experiment/raster"}, shape: "1x600x4"},
		{file: "m_struct_raster.mat", opt: LoadOptions{Variable: "Experiment", RepeatBins: 100}, shape: "6x100x4"},
		{file: "m_3d_trials_neurons_time.mat", error: "give the option axes: repeats,neurons,bins (6 repeats, 4 neurons, 100 bins)"},
		{file: "m_3d_trials_neurons_time.mat", opt: LoadOptions{Axes: "repeats,neurons,bins"}, shape: "6x100x4"},
		{file: "m_3d_trials_neurons_time.mat", opt: LoadOptions{Neurons: 4}, shape: "6x100x4"},
		{file: "m_ks_samples.mat", error: "229 rising whole numbers, as numbers of samples with spikes are"},
		{file: "m_char.mat", error: `variable "data" is text (data (600x4, char)), not numbers (in MATLAB: data = double(data == '1')`},
		{file: "c_gz.csv.gz", shape: "1x600x4"},
		{file: "p_group.npz", shape: "6x100x4", units: "3,7,8,20"},
		{file: "p_ts.npz", shape: "1x600x1"},
		{file: "phy", error: "the option sampling-rate"},
		{file: "phy", opt: LoadOptions{SamplingRate: 30000}, shape: "1x595x4", units: "10,11,12,13"},
		{file: "phy/spike_times.npy", opt: LoadOptions{SamplingRate: 30000}, shape: "1x595x4", units: "10,11,12,13"},
		{file: "phy/spike_clusters.npy", opt: LoadOptions{SamplingRate: 30000, RepeatBins: 100}, shape: "6x100x4", units: "10,11,12,13"},
		{file: "z_scipy_sparse.npz", shape: "1x600x4"},
		{file: "h_ragged.h5", shape: "1x595x4"},
		{file: "always_on.npy", shape: "1x26x3"},
	} {
		r, err := Load(cases(t, c.file), c.opt)
		if c.error != "" || err != nil {
			if err == nil || c.error == "" || !strings.Contains(err.Error(), c.error) {
				t.Errorf("%s %+v: error %v, want …%s…", c.file, c.opt, err, c.error)
			}
			continue
		}
		if got := strings.ReplaceAll(strings.NewReplacer(" repeats", "", " bins", "", " neurons", "").Replace(r.shape()), " ", ""); got != c.shape {
			t.Errorf("%s %+v: %s, want %s", c.file, c.opt, got, c.shape)
			continue
		}
		if got := strings.Join(r.Source.Units, ","); got != c.units {
			t.Errorf("%s %+v: units %q, want %q", c.file, c.opt, got, c.units)
		}
		if w := strings.Join(r.Source.Warnings, "\n"); !strings.Contains(w, c.warns) {
			t.Errorf("%s %+v: warnings %q", c.file, c.opt, w)
		}
		if c.file == "always_on.npy" {
			continue
		}
		for rep := range r.Repeats {
			for bin := range r.Bins {
				for n := range r.Neurons {
					if at := rep*r.Bins + bin; r.At(rep, bin, n) != truth.At(at/100, at%100, n) {
						t.Fatalf("%s %+v: repeat %d, bin %d, neuron %d differs", c.file, c.opt, rep, bin, n)
					}
				}
			}
		}
		// What a run remembers reads it again the same way.
		again, err := Load(cases(t, c.file), r.Source.Again(r.BinWidth))
		if err != nil {
			t.Errorf("%s %+v: again: %v", c.file, c.opt, err)
		} else {
			same(t, c.file+" again", r, again)
		}
	}
}
