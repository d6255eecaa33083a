package spikes

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// tableHint is how spike times of several units become a file that is read.
const tableHint = `a table with the columns unit and time in seconds is read: numpy.savetxt("spikes.csv", numpy.column_stack([unit, time]), delimiter=",", header="unit,time", comments="") in Python`

// npyHint says what to do about an array of NumPy that isn't read; member is how the
// array is taken out of an archive.
func npyHint(err error, member string) string {
	switch text := err.Error(); {
	case strings.Contains(text, "Python objects"):
		return `in Python: lists = numpy.load("FILE", allow_pickle=True)` + member + `; numpy.savetxt("spikes.csv", [(u, t) for u, times in enumerate(lists) for t in times], delimiter=",", header="unit,time", comments="")`
	case strings.Contains(text, "records"):
		return `in Python: a = numpy.load("FILE")` + member + `; numpy.savetxt("spikes.csv", numpy.column_stack([a["unit"], a["time"]]), delimiter=",", header="unit,time", comments="") with the names of its fields, and the option sampling-rate for numbers of samples`
	case strings.Contains(text, "not real numbers"):
		return `in Python: a = numpy.load("FILE")` + member + `; numpy.save("spikes.npy", (a != 0).astype("uint8"))`
	}
	return "save zeros and ones with numpy.save, as uint8 or bool"
}

// matlabHints make something of MATLAB's that is read, by its class. FILE and NAME are
// those of the file and of the array, here and below.
var matlabHints = []struct{ class, hint string }{
	{"char", "in MATLAB: data = double(NAME == '1'); save('spikes.mat', 'data', '-v7')"},
	{"function", "in MATLAB: data = NAME(); save('spikes.mat', 'data', '-v7') with what the function returns"},
	{"opaque object", "a table, a string array or an object of a class; in MATLAB: data = table2array(T); save('spikes.mat', 'data', '-v7')"},
	{"table", "in MATLAB: data = table2array(NAME); save('spikes.mat', 'data', '-v7')"},
	{"object", "in MATLAB: s = struct(NAME); save('spikes.mat', '-struct', 's', '-v7')"},
	{"complex", "in MATLAB: data = real(NAME); save('spikes.mat', 'data', '-v7')"},
	{"cell", "of cells those are read whose elements are vectors of spike times, one for each unit, or for each unit and trial"},
}

// packedHint unpacks an array with the library that wrote it.
const packedHint = `in Python: import h5py, hdf5plugin, numpy; numpy.save("spikes.npy", h5py.File("FILE")["NAME"][:])`

// groupHint writes a file again whose groups have an index that isn't read.
const groupHint = `in Python: import h5py; f, g = h5py.File("FILE"), h5py.File("spikes.h5", "w", libver="earliest"); [f.copy(name, g) for name in f]`

// unreadable is the error for an array without numbers: its kind, the cause, and what
// makes a file that is read.
func unreadable(a *array) *InputError {
	err := a.problem
	if err == nil {
		_, err = a.read()
	}
	if err == nil || a.texts != nil {
		what := a.kind
		if what == "char" {
			what = "text"
		}
		err = fmt.Errorf("%s is %s (%s), not numbers", a.label(), what, a)
	}
	hint := "a recording is an array of zeros and ones with two or three axes, or lists of spike times"
	switch text := err.Error(); {
	case rasters(a) > 1:
		err = fmt.Errorf("%s has %d rasters, one for each repeat or unit", a.label(), rasters(a))
		hint = "in MATLAB: data = cat(3, NAME{:}); save('spikes.mat', 'data', '-v7'), and the option axes bins,neurons,repeats for rasters of bins x neurons"
	case a.matlab:
		for _, m := range matlabHints {
			if strings.Contains(a.kind, m.class) {
				hint = m.hint
				break
			}
		}
	case strings.Contains(text, "a dense index"):
		hint = groupHint
	case strings.Contains(text, "is packed with"), strings.Contains(text, "libver="):
		hint = packedHint
	case strings.Contains(text, "(type "):
		hint = npyHint(err, `["NAME"]`)
	case strings.Contains(text, "records"):
		hint = tableHint
	}
	return &InputError{Err: err, Hint: strings.ReplaceAll(hint, "NAME", a.name)}
}

// rasters is how many matrices of one size a cell holds; 0: it holds something else.
func rasters(a *array) int {
	if a.lists == nil {
		return 0
	}
	all, err := a.lists()
	if err != nil || len(all) == 0 {
		return 0
	}
	for _, e := range all {
		if !e.numeric || e.isVector() || !slices.Equal(e.dims, all[0].dims) {
			return 0
		}
	}
	return len(all)
}

// strangers are files of other tools, by how they begin, with how they are turned into
// one that is read.
var strangers = []struct {
	at    int
	begin string
	what  string
	hint  string
}{
	{0, "\x80\x02", "a Python pickle", pickleHint}, {0, "\x80\x03", "a Python pickle", pickleHint},
	{0, "\x80\x04", "a Python pickle", pickleHint}, {0, "\x80\x05", "a Python pickle", pickleHint},
	{0, "PAR1", "a Parquet table", `in Python: import pandas; pandas.read_parquet("FILE").to_csv("spikes.csv", index=False)`},
	{0, "ARROW1", "an Arrow table", `in Python: import pandas; pandas.read_feather("FILE").to_csv("spikes.csv", index=False)`},
	{0, "\xd0\xcf\x11\xe0", "an old Excel file", "save it as CSV"},
	{0, "NEURALEV", "a Blackrock NEV file", neoHint("BlackrockIO")}, {0, "BREVENTS", "a Blackrock NEV file", neoHint("BlackrockIO")},
	{0, "PLEX", "a Plexon file", neoHint("PlexonIO")}, {0, "XELP", "a Plexon file", neoHint("PlexonIO")},
	{0, "NEX1", "a NeuroExplorer file", neoHint("NeuroExplorerIO")}, {0, "NEX5", "a NeuroExplorer file", neoHint("NeuroExplorerIO")},
	{0, "BZh", "packed with bzip2", "bunzip2 unpacks it; gzip is read as it is"},
	{0, "\xfd7zXZ\x00", "packed with xz", "unxz unpacks it; gzip is read as it is"},
	{0, "\x28\xb5\x2f\xfd", "packed with Zstandard", "unzstd unpacks it; gzip is read as it is"},
	{0, "7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it and name the file inside"},
	{0, "Rar!", "a RAR archive", "unpack it and name the file inside"},
	{257, "ustar", "a tar archive", "unpack it and name the file, or the folder of Phy, inside"},
	{0, "SQLite format 3", "an SQLite data base", tableHint},
	{0, "RDX", "a file of R", `write.csv(data, "spikes.csv", row.names = FALSE) in R`}, {0, "X\n\x00", "a file of R", `write.csv(data, "spikes.csv", row.names = FALSE) in R`},
	{0, "%PDF", "a PDF document", readable},
}

const pickleHint = `in Python: import pickle, numpy; x = pickle.load(open("FILE", "rb")), and then of an array numpy.save("spikes.npy", x); ` + tableHint

// neoHint reads a file of a recording system with Neo.
func neoHint(reader string) string {
	return fmt.Sprintf(`in Python: import neo, numpy; trains = neo.%s("FILE").read_segment().spiketrains; numpy.savetxt("spikes.csv", [(u, t) for u, train in enumerate(trains) for t in train.rescale("s").magnitude], delimiter=",", header="unit,time", comments="")`, reader)
}

// stranger is the error for bytes of a format that is known and not read; nil: they are
// of none of these.
func stranger(b []byte) error {
	for _, s := range strangers {
		if len(b) > s.at && bytes.HasPrefix(b[s.at:], []byte(s.begin)) && bytes.ContainsFunc(b[:min(len(b), 4096)], binaryRune) {
			return wrong(s.hint, "the file is %s, which is not read", s.what)
		}
	}
	return nil
}

// binaryRune says whether a character is none of a text.
func binaryRune(c rune) bool { return c == 0 || c == unicode.ReplacementChar }
