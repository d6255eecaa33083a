package spikes

import (
	"bytes"
	"io"
	"math"
	"slices"
)

// noTable is the error for a text that is no table, told by how it begins; nil: it may be
// one.
func noTable(text []byte) error {
	for _, s := range []struct{ begin, what, hint string }{
		{"{", "JSON", `in Python: import pandas; pandas.read_json("FILE").to_csv("spikes.csv", index=False)`},
		{"[", "JSON or a printed array", `in Python: import json, numpy; numpy.save("spikes.npy", numpy.array(json.load(open("FILE")), "uint8"))`},
		{"<!doctype", "a web page", "it may be what a server said in place of the file: fetch it again"},
		{"<html", "a web page", "it may be what a server said in place of the file: fetch it again"},
		{"<", "XML", tableHint},
		{"@relation", "ARFF", `in Python: import pandas, scipy.io.arff; pandas.DataFrame(scipy.io.arff.loadarff("FILE")[0]).to_csv("spikes.csv", index=False)`},
		{"version https://git-lfs", "a pointer of Git LFS, in place of the file", "git lfs pull fetches the file"},
	} {
		head := bytes.TrimLeft(text[:min(len(text), 256)], " \t\r\n")
		if len(head) >= len(s.begin) && bytes.EqualFold(head[:len(s.begin)], []byte(s.begin)) {
			return wrong(s.hint, "the file is %s, which is not read", s.what)
		}
	}
	return nil
}

// remedyOf says what a text of other numbers than zeros and ones seems to be, and what makes
// a table of it that can be read; empty where it looks like none of what is known.
func remedyOf(text []byte, form sheet) string {
	const enough, few = 1000, 4
	s := sheet{separator: form.separator, trailing: form.trailing}
	var rows [][]float64
	first := true
	err := s.each(text, func(line []byte, comment bool) error {
		if comment {
			return nil
		}
		var row []float64
		for _, f := range s.fields(line) {
			x, err := s.number(f)
			switch {
			case err != nil && first: // a header
				first = false
				return nil
			case err != nil && len(f) > 0:
				return err
			case err != nil:
				x = math.NaN() // columns of unequal length are filled up
			}
			row = append(row, x)
		}
		first = false
		if rows = append(rows, row); len(rows) == enough {
			return io.EOF
		}
		return nil
	})
	if err != nil && err != io.EOF || len(rows) == 0 {
		return ""
	}
	wide, narrow, inRows := len(rows[0]), len(rows[0]), true
	for _, row := range rows {
		wide, narrow = max(wide, len(row)), min(narrow, len(row))
		inRows = inRows && slices.IsSorted(row) && !math.IsNaN(row[0])
	}
	column := func(k int) (out []float64) {
		for _, row := range rows {
			if k < len(row) && !math.IsNaN(row[k]) {
				out = append(out, row[k])
			}
		}
		return out
	}
	switch {
	case wide > 2 && inRows && (narrow < wide || wide > few) && !later(column(0)):
		return "rows of rising numbers look like spike times, a row a unit: a table of spike times has a row a spike; " +
			`in Python: rows = [l.split() for l in open("FILE")]; open("times.csv", "w").write("unit,time\n" + "".join(f"{u},{t}\n" for u, r in enumerate(rows) for t in r))`
	case wide == 1 && len(rows) > few && later(column(0)) && whole(column(0)):
		return `one column of rising whole numbers looks like numbers of samples, or milliseconds, of one unit: with a first line "time" and the option sampling-rate it is read as such; several units need a column unit beside it`
	case wide == 1 && len(rows) > few && later(column(0)):
		return `one column of rising numbers looks like the spike times of one unit: with a first line "time" (or "time_ms") it is read as such`
	case wide == 2 && len(rows) > few && pair(column(0), column(1)):
		return "two columns of which one rises look like spike times: with a first line that names them, unit and time (or time_ms), it is read as such"
	case wide == 2 && len(rows) > few && pair(column(1), column(0)):
		return "two columns of which one rises look like spike times: with a first line that names them, time (or time_ms) and unit, it is read as such"
	case wide > 1 && len(rows) > few:
		for k := range wide {
			if x := column(k); !later(x) || whole(x) && x[0] < 2 {
				return ""
			}
		}
		return "columns of rising numbers look like spike times, a column a unit: a table of spike times has a row a spike; " +
			`in Python: import pandas; pandas.read_csv("FILE").melt(var_name="unit", value_name="time").dropna().to_csv("times.csv", index=False)`
	}
	return ""
}

// pair says whether columns look like those of units and their times.
func pair(units, times []float64) bool {
	return len(units) == len(times) && whole(units) && (later(times) || !whole(times))
}

// later says whether numbers never fall, and rise to more than 1.
func later(x []float64) bool {
	return slices.IsSorted(x) && len(x) > 1 && x[len(x)-1] > 1 && x[len(x)-1] > x[0]
}

// whole says whether all numbers are.
func whole(x []float64) bool {
	for _, v := range x {
		if v != math.Trunc(v) {
			return false
		}
	}
	return true
}
