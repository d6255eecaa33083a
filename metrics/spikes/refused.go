package spikes

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
)

// tableHint is how spike times of several units become a file that is read.
const tableHint = `a table with the columns unit and time in seconds is read: numpy.savetxt("spikes.csv", numpy.column_stack([unit, time]), delimiter=",", header="unit,time", comments="") in Python`

// saveHint is how an array in memory becomes one in Python.
const saveHint = `numpy.save("spikes.npy", data) in Python writes an array of zeros and ones; ` + tableHint

// npyHint says what to do about an array that isn't read.
func npyHint(err error) string {
	if strings.Contains(err.Error(), "Python objects") {
		return `in Python: lists = numpy.load("FILE", allow_pickle=True); numpy.savetxt("spikes.csv", [(u, t) for u, times in enumerate(lists) for t in times], delimiter=",", header="unit,time", comments="")`
	}
	return "save zeros and ones with numpy.save, as uint8 or bool"
}

// refusals are kinds of arrays that hold no numbers, with what makes some of them.
var refusals = []struct{ kind, hint string }{
	{"char", "in MATLAB: data = double(data == '1'); save('spikes.mat', 'data', '-v7')"},
	{"function handle", "in MATLAB: data = f(); save('spikes.mat', 'data', '-v7') with what the function returns"},
	{"opaque object", "a table, a string array or an object of a class, in MATLAB: data = table2array(T); save('spikes.mat', 'data', '-v7')"},
	{"object", "in MATLAB: s = struct(x); save('spikes.mat', '-struct', 's', '-v7')"},
	{"complex", "in MATLAB: data = real(data); save('spikes.mat', 'data', '-v7')"},
	{"cell", "of cells those are read whose elements are vectors of spike times, one for each unit, or for each unit and trial"},
	{"records", saveHint},
	{"Python objects", npyHint(fmt.Errorf("Python objects"))},
	{"is packed with", `in Python: import h5py, hdf5plugin, numpy; numpy.save("spikes.npy", h5py.File("FILE")["NAME"][:])`},
	{`libver="earliest"`, `in Python: import h5py, numpy; numpy.save("spikes.npy", h5py.File("FILE")["NAME"][:])`},
}

// unreadable is the error for an array without numbers: its kind, the cause, and what
// makes a file that is read.
func unreadable(a *array) *InputError {
	err := a.problem
	if err == nil {
		_, err = a.read()
	}
	if err == nil || a.texts != nil {
		err = fmt.Errorf("%s is %s (%s), not numbers", a.label(), words(a.kind), a)
	}
	for _, r := range refusals {
		if strings.Contains(a.kind, r.kind) || strings.Contains(err.Error(), r.kind) {
			return &InputError{Err: err, Hint: r.hint}
		}
	}
	return &InputError{Err: err, Hint: "a recording is an array of zeros and ones with two or three axes, or lists of spike times"}
}

func words(kind string) string {
	if kind == "char" {
		return "text"
	}
	return kind
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
