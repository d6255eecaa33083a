package spikes

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// encoded is a text as UTF-16, with or without a mark.
func encoded(text string, order binary.AppendByteOrder, mark bool) []byte {
	var b []byte
	if mark {
		b = order.AppendUint16(b, 0xfeff)
	}
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

// Tables of spike times as other programs write them are all read as the same recording.
func TestTablesOfTimes(t *testing.T) {
	const width = "the recording's end is not said; it was taken to last 0.5 s, by its last spike"
	want := [][]string{{"00010"}, {"10001"}}
	for _, c := range []struct {
		name, text string
		opt        LoadOptions
		units      []string
		warnings   []string
	}{
		{"plain", "unit,time\na,0.32\nb,0.05\nb,0.41\n", LoadOptions{}, []string{"a", "b"}, nil},
		{"pandas", ",unit,time\n0,3,0.32\n1,20,0.05\n2,20,0.41\n", LoadOptions{}, []string{"3", "20"}, nil},
		{"pandas, saved twice", "Unnamed: 0,unit,time\n0,3,0.32\n1,20,0.05\n2,20,0.41\n", LoadOptions{}, []string{"3", "20"}, nil},
		{"further columns", "time,amplitude,unit,depth\n0.32,1,a,0\n0.05,2,b,-1\n0.41,3,b,x\n", LoadOptions{}, []string{"a", "b"}, []string{"2 columns are not used: amplitude, depth"}},
		{"decimal commas", "unit;time\na;0,32\nb;0,05\nb;0,41\n", LoadOptions{}, []string{"a", "b"}, nil},
		{"decimal commas and tabs", "unit\ttime\na\t0,32\nb\t0,05\nb\t0,41\n", LoadOptions{}, []string{"a", "b"}, nil},
		{"quotes", "\"unit\",\"Time (s)\"\n\"a, left\",0.32\n\"b \"\"2\"\"\",0.05\n\"b \"\"2\"\"\",\"0.41\"\n", LoadOptions{}, []string{"a, left", `b "2"`}, nil},
		{"Excel", "sep=;\r\nunit;time;\r\na;0.32;\r\nb;0.05;\r\nb;0.41;\r\n;;\r\n", LoadOptions{}, []string{"a", "b"}, nil},
		{"old ends of lines", "unit,time\ra,0.32\rb,0.05\rb,0.41\r", LoadOptions{}, []string{"a", "b"}, nil},
		{"milliseconds", "unit,time_ms\na,320\nb,50\nb,410\n", LoadOptions{}, []string{"a", "b"}, []string{"the column time_ms is read as milliseconds"}},
		{"one word", "unitID\tspikeTime\na\t0.32\nb\t0.05\nb\t0.41\n", LoadOptions{}, []string{"a", "b"}, nil},
		{"electrodes", "Timestamp [µs]\tChannel Label\n320000\tE3\n50000\tE20\n410000\tE20\n", LoadOptions{}, []string{"E3", "E20"}, []string{"the column Timestamp [µs] is read as microseconds"}},
		{"milliseconds, otherwise", "cell id,Spike Time [msec]\na,320\nb,50\nb,410\n", LoadOptions{}, []string{"a", "b"}, []string{"the column Spike Time [msec] is read as milliseconds"}},
		{"NEST", "# NEST version: 3.8\n# RecordingBackendASCII version: 2\nsender\ttime_ms\n3\t320.0\n20\t50.0\n20\t410.0\n", LoadOptions{}, []string{"3", "20"}, []string{"the column time_ms is read as milliseconds"}},
		{"microseconds", "unit,time_us\na,320000\nb,50000\nb,410000\n", LoadOptions{}, []string{"a", "b"}, []string{"the column time_us is read as microseconds"}},
		{"samples", "unit,sample\na,3200\nb,500\nb,4100\n", LoadOptions{SamplingRate: 10000}, []string{"a", "b"}, nil},
		{"another rate than the name's", "unit,time_ms\na,3200\nb,500\nb,4100\n", LoadOptions{SamplingRate: 10000}, []string{"a", "b"}, []string{"the column time_ms is read as numbers of samples, 10000 a second, as asked"}},
		{"a time before numbers of samples", "sample,unit,time\n1,a,0.32\n1,b,0.05\n1,b,0.41\n", LoadOptions{}, []string{"a", "b"}, nil},
		{"repeats passed over", "unit,time,trial\na,0.32,1\nb,0.05,0\nb,0.41,1\n", LoadOptions{Trials: NoTrials}, []string{"a", "b"}, nil},
	} {
		for _, e := range []struct {
			name string
			b    []byte
		}{
			{"UTF-8", []byte(c.text)}, {"UTF-8 with a mark", []byte("\xef\xbb\xbf" + c.text)},
			{"UTF-16 LE", encoded(c.text, binary.LittleEndian, true)}, {"UTF-16 BE", encoded(c.text, binary.BigEndian, true)},
			{"UTF-16 LE without a mark", encoded(c.text, binary.LittleEndian, false)}, {"UTF-16 BE without a mark", encoded(c.text, binary.BigEndian, false)},
		} {
			c.opt.BinWidth = 0.1
			r, err := Decode("f.csv", e.b, c.opt)
			if err != nil {
				t.Errorf("%s, %s: %v", c.name, e.name, err)
				continue
			}
			if d := cmp.Diff(want, trainsOf(r)) + cmp.Diff(c.units, r.Source.Units); d != "" {
				t.Errorf("%s, %s (-want +got):\n%s", c.name, e.name, d)
			}
			if d := cmp.Diff(append(c.warnings[:len(c.warnings):len(c.warnings)], width), r.Source.Warnings); d != "" {
				t.Errorf("%s, %s: warnings (-want +got):\n%s", c.name, e.name, d)
			}
		}
	}
	// Of one unit, and of repeats whose spikes lie outside of all.
	for _, c := range []struct {
		text string
		want [][]string
	}{
		{"time\n0.05\n0.32\n", [][]string{{"1001"}}},
		{"time,trial\n0.05,1\n0.32,2\n", [][]string{{"1000", "0001"}}},
		{"unit,time,trial\n0,0.05,1.0\n0,0.32,2.0\n0,0.11,\n0,0.12,NaN\n", [][]string{{"1000", "0001"}}},
		{"unit,time,trial\n0,0.05,1\n0,0.32,1\n0,0.11,\n", [][]string{{"1001"}}}, // the last lies in no repeat
		{"unit,time,trial\n0,0.05,\n0,0.32,\n", [][]string{{"1001"}}},
		{"unit,time,trial\n0,-0.11,1\n0,0.32,2\n", [][]string{{"100000", "000001"}}},
	} {
		if r := mustDecode(t, []byte(c.text), LoadOptions{BinWidth: 0.1}); cmp.Diff(c.want, trainsOf(r)) != "" {
			t.Errorf("%q: %v", c.text, trainsOf(r))
		}
	}
}

// Columns that number rows are no neurons, whatever they are called.
func TestIndexColumns(t *testing.T) {
	const want = "01 10 11 00"
	const unnamed = "the first column has no name and was passed over: an index of rows is no neuron"
	for _, c := range []struct {
		name, text, warning string
		width               float64
	}{
		{"pandas", ",n1,n2\n0,0,1\n1,1,0\n2,1,1\n3,0,0\n", unnamed, 0.02},
		{"pandas without names of columns", ",0,1\n0,0,1\n1,1,0\n2,1,1\n3,0,0\n", unnamed, 0.02},
		{"pandas, saved twice", "Unnamed: 0,a,b\n0,0,1\n1,1,0\n2,1,1\n3,0,0\n", unnamed, 0.02},
		{"R", "\"a\",\"b\"\n\"1\",0,1\n\"2\",1,0\n\"3\",1,1\n\"4\",0,0\n", unnamed, 0.02},
		{"R's csv", "\"\",\"a\",\"b\"\n\"1\",0,1\n\"2\",1,0\n\"3\",1,1\n\"4\",0,0\n", unnamed, 0.02},
		{"a named index", "row,a,b\n1,0,1\n2,1,0\n3,1,1\n4,0,0\n", "column row counts the rows and is no neuron", 0.02},
		{"an index without a header", "0,0,1\n1,1,0\n2,1,1\n3,0,0\n", "column 1 counts the rows and is no neuron", 0.02},
		{"times", "time,a,b\n0.00,0,1\n0.05,1,0\n0.10,1,1\n0.15,0,0\n", "column time gives the times of the bins and is no neuron: they are 0.05 s wide", 0.05},
		{"milliseconds", "a;t (ms);b\n0;2,5;1\n1;7,5;0\n1;12,5;1\n0;17,5;0\n", "column t (ms) gives the times of the bins and is no neuron: they are 0.005 s wide", 0.005},
		{"nothing between", "01\n10\n11\n00\n", "", 0.02},
		{"words of truth", "a,b\nFalse,True\nTrue,False\nTrue,True\nFalse,False\n", "", 0.02},
		{"words of truth without a header", "FALSE;TRUE\nTRUE;FALSE\nTRUE;TRUE\nFALSE;FALSE\n", "", 0.02},
		{"Excel", "sep=,\r\n\"a\",\"b\"\r\n0,1\r\n1,0\r\n1,1\r\n0,0\r\n", "", 0.02},
	} {
		r, err := Decode("f.csv", []byte(c.text), LoadOptions{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got, w := rows(r), strings.Join(r.Source.Warnings, "; "); got != want || w != c.warning || r.BinWidth != c.width {
			t.Errorf("%s: %s, bins of %v s, warnings %q", c.name, got, r.BinWidth, w)
		}
	}
	if r := mustDecode(t, []byte("0,1,2\n1,0,1\n0,1,1\n1,0,0\n"), LoadOptions{}); rows(r) != "101 011 100" {
		t.Errorf("columns that are numbered: %s", rows(r))
	}
	for text, want := range map[string]string{
		"0,0\n1,1\n2,0\n4,1\n":        "line 4: column 1, which rises with the rows, is 4 where 3 should follow",
		"0,0\n1,1\n2,0\nx,1\n":        `line 4: column 1: "x" is not a number`,
		"time,a\n0,0\n0.1,1\n0.5,1\n": "line 3: column 1: element (repeat 0, bin 1, neuron 0) is 0.1",
		"time_ms,a,b\n0,0,1\n1,1,5\n": "line 3: column 3: element (repeat 0, bin 1, neuron 2) is 5",
	} {
		if _, err := Decode("f.csv", []byte(text), LoadOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want … %s …", text, err, want)
		}
	}
}

// What is no table of zeros and ones is told for what it looks like.
func TestRemediesOfTexts(t *testing.T) {
	const counts = "spike counts must be binarised"
	for _, c := range []struct{ name, text, want string }{
		{"counts", "0,1\n2,0\n0,3\n1,1\n0,0\n0,1\n", counts},
		{"NEST's gdf", "12 103.5\n7 104.1\n12 107.0\n3 107.2\n12 110.9\n", "a first line that names them, unit and time (or time_ms)"},
		{"times before units", "103.5,12\n104.1,7\n107.0,12\n107.2,3\n110.9,12\n", "a first line that names them, time (or time_ms) and unit"},
		{"PySpike", "0.1 0.5 3.2\n0.2 0.7\n0.3 0.4 0.9 2.5\n", "rows of rising numbers look like spike times, a row a unit"},
		{"sample numbers", "120\n3000\n3500\n9000\n12000\n", "one column of rising whole numbers looks like numbers of samples"},
		{"times of one unit", "0.12\n3.1\n3.5\n9.2\n12.5\n", "one column of rising numbers looks like the spike times of one unit"},
		{"a column a unit", "a,b\n0.1,0.2\n0.4,1.3\n2.1,1.5\n3.3,2.2\n4.1,\n", "columns of rising numbers look like spike times, a column a unit"},
		{"a column a unit, the longest last", "a,b\n0.1,0.2\n0.4,1.3\n2.1,1.5\n,2.2\n,4.1\n,5\n", "columns of rising numbers look like spike times, a column a unit"},
		{"rates", "0.5,0.1\n0.2,0.7\n0.9,0.3\n0.1,0.1\n0.5,0.4\n", "0"},
		{"JSON", " {\"0\": [0.1, 0.5]}", "the file is JSON, which is not read (in Python: import pandas"},
		{"a web page", "<!DOCTYPE html>\n<html>", "the file is a web page"},
		{"a pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "the file is a pointer of Git LFS"},
	} {
		_, err := Decode("f.txt", []byte(c.text), LoadOptions{})
		if err == nil || !strings.Contains(err.Error(), c.want) || c.want != counts && strings.Contains(err.Error(), counts) && c.name != "rates" {
			t.Errorf("%s: %v, want … %s …", c.name, err, c.want)
		}
	}
}

// What is put in quotes comes back, whatever stands in it.
func TestFields(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := sheet{separator: rapid.SampledFrom([]byte(",;\t ")).Draw(t, "separator")}
		want := rapid.SliceOfN(rapid.StringMatching(`[a-z0-9,; "'\t]{0,6}`), 1, 5).Draw(t, "fields")
		var line []string
		for _, f := range want {
			line = append(line, `"`+strings.ReplaceAll(f, `"`, `""`)+`"`)
		}
		var got []string
		for _, f := range s.fields([]byte(strings.Join(line, string(s.separator)))) {
			got = append(got, string(f))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("(-want +got):\n%s", d)
		}
	})
	for _, c := range []struct {
		line string
		want byte
		into string
	}{
		{`a,b`, ',', "[a b]"}, {"a;b,c", ';', "[a b,c]"}, {"a\tb;c", '\t', "[a b;c]"}, {"a  b", ' ', "[a b]"}, {`"a;b",c`, ',', "[a;b c]"}, {"a", ',', "[a]"}, {` "a" , b `, ',', "[a b]"},
	} {
		s := sheet{separator: separator([]byte(c.line))}
		if got := fmt.Sprintf("%s", s.fields([]byte(c.line))); s.separator != c.want || got != c.into {
			t.Errorf("%q: %q, %s", c.line, s.separator, got)
		}
	}
}

func TestTextOf(t *testing.T) {
	for _, c := range []struct {
		name string
		b    []byte
		want string
		ok   bool
	}{
		{"empty", nil, "", true},
		{"UTF-8", []byte("0,1\n"), "0,1\n", true},
		{"a mark", []byte("\xef\xbb\xbf0,1\n"), "0,1\n", true},
		{"LE", encoded("µ,1\n", binary.LittleEndian, true), "µ,1\n", true},
		{"BE", encoded("µ,1\n", binary.BigEndian, true), "µ,1\n", true},
		{"LE without a mark", encoded("0,1\n", binary.LittleEndian, false), "0,1\n", true},
		{"BE without a mark", encoded("0,1\n", binary.BigEndian, false), "0,1\n", true},
		{"LE with other letters", encoded("0,µ,é,1\n", binary.LittleEndian, false), "0,µ,é,1\n", true},
		{"Latin-1", []byte("time (\xb5s)\n"), "time (µs)\n", true},
		{"half a letter", append(encoded("0,1", binary.LittleEndian, true), '1'), "0,1", true},
		{"zeros", make([]byte, 8), "", false},
		{"a zero", []byte("0,1\x00\n"), "", false},
	} {
		if got, ok := textOf(c.b); string(got) != c.want || ok != c.ok {
			t.Errorf("%s: %q, %v", c.name, got, ok)
		}
	}
}

// No text, and no option, makes a raster larger than the file tells of, or one without an
// element; every fault is the input's.
func FuzzText(f *testing.F) {
	for _, text := range []string{
		"unit,time\na,0.32\nb,0.05\n", ",unit,time_ms,trial\n0,3,320,0\n1,20,-50,2\n", "sep=;\nunit;time;\na;0,32;\n;;\n", "time\n0.05\n100\n200.5\n",
		"# repeats=3 duration_s=0.5 units=a,b\nunit,time,repeat\na,0.1,2\n", ",0,1\n0,0,1\n1,1,0\n2,1,1\n", "time,a\n0,1\n0.5,0\n1,1\n", "0110\n1010\n", "True\tFalse\n",
		"\"a\",\"b\"\n\"1\",0,1\n\"2\",1,0\n", "12 103.5\n7 104.1\n12 107.0\n3 107.2\n12 110.9\n", "\xff\xfe0\x00,\x001\x00\n\x00", "0\x00,\x001\x00\n\x00", "\xb5,b\n1,0\n",
	} {
		f.Add([]byte(text), 0, 0.0, 0.0, false)
		f.Add([]byte(text), 2, 1000.0, 0.5, true)
	}
	f.Fuzz(func(t *testing.T, b []byte, repeatBins int, rate, gap float64, none bool) {
		opt := LoadOptions{RepeatBins: repeatBins, SamplingRate: rate, MaxGap: gap}
		if none {
			opt.Trials = NoTrials
		}
		r, err := Decode("f", b, opt)
		var in *InputError
		switch {
		case err != nil && !errors.As(err, &in):
			t.Fatalf("%T %v", err, err)
		case err == nil && (r.Repeats < 1 || r.Bins < 1 || r.Neurons < 1 || float64(r.Repeats)*float64(r.Bins)*float64(r.Neurons) > most(max(len(b), unpackedLen(b)))):
			t.Fatalf("%s of %d bytes", r.shape(), len(b))
		}
	})
}
