package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"qgan/metrics"
	"qgan/metrics/report"
	"qgan/metrics/spikes"
)

var stems = []string{"figure2", "state_distribution", "js_curve", "rasters", "statistics", "time", "psth", "training", "parameters"}

// svgText reads an SVG file as XML and returns its size in points and its texts,
// joined by one space.
func svgText(t *testing.T, name string, b []byte) (w, h float64, text string) {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(b))
	var texts []string
	inText := false
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			inText = tok.Name.Local == "text"
			if tok.Name.Local == "svg" {
				for _, a := range tok.Attr {
					v, _ := strconv.ParseFloat(strings.TrimSuffix(a.Value, "pt"), 64)
					switch a.Name.Local {
					case "width":
						w = v
					case "height":
						h = v
					}
				}
			}
		case xml.CharData:
			if inText {
				texts = append(texts, string(tok))
			}
		case xml.EndElement:
			inText = false
		}
	}
	return w, h, strings.Join(texts, " ")
}

// checkPNG decodes a PNG file, which must have the SVG file's size at 200 dots an
// inch and some colours.
func checkPNG(t *testing.T, name string, b []byte, w, h float64) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	size := img.Bounds().Size()
	if size.X != int(math.Round(w*200/72)) || size.Y != int(math.Round(h*200/72)) || size.X != 1600 || size.Y < 300 {
		t.Errorf("%s has %d x %d pixels beside an SVG of %g x %g pt", name, size.X, size.Y, w, h)
	}
	colors := map[[3]uint32]bool{}
	for y := 0; y < size.Y; y += 3 {
		for x := 0; x < size.X; x += 2 {
			r, g, b, a := img.At(x, y).RGBA()
			if a != 0xffff {
				t.Fatalf("%s: pixel %d,%d is transparent", name, x, y)
			}
			colors[[3]uint32{r, g, b}] = true
		}
	}
	if len(colors) < 20 {
		t.Errorf("%s has %d colours only", name, len(colors))
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		neurons, bins int
		models        []string
		expect        map[string][]string // texts of each figure
	}{
		{4, 1, []string{"independent"}, map[string][]string{
			"state_distribution": {"like independent, seed 1: JS", "0000", "1000", "probability", "JS of the recording's halves"},
			"js_curve":           {"training step", "JS (nats)", "silent 0.", "independent ", "split half ", "ising "},
			"figure2":            {"a  states", "0000", "0011", "c  divergence over training", "state, in the order of its number"},
			"psth":               {"recording, 100 repeats", "time in a repeat (s)", "rate (spikes/s)"},
			"training":           {"critic's estimate of the distance", "spikes in a window", "like independent, seed 1"},
			"parameters":         {"Ising", "neurons", "full table"},
			"rasters":            {"recording, repeat 51, bins 126 to 275", "like independent, seed 1, 150 independent draws", "draw, in no order of time", "time, bins of 20 ms"},
			"statistics":         {"rate of the recording (spikes/s)", "spikes", "active neurons in a bin", "windows of one bin have no lags"},
		}},
		{2, 5, []string{"independent", "ising", "silent"}, map[string][]string{
			"state_distribution": {"00|00|00|00|00", "10|00|00|00|00", "like ising, seed 1: JS", "below the axis", "bits of neurons 0 1, 5 timesteps"},
			"js_curve":           {"markov ", "like silent, seed 1"},
			"rasters":            {"recording, repeat", "like silent, seed 1, 30 draws", "draws of 5 bins of 20 ms; 0 spikes"},
			"statistics":         {"lag (bins of 20 ms)", "coincidences per spike", "−4"},
			"time":               {"like silent, seed 1", "independent-in-time", "markov", "K, spikes in 5 bins", "length of bursts", "mean over pairs", "spikes"},
		}},
		{4, 10, []string{"independent"}, map[string][]string{
			"state_distribution": {strings.Repeat("0000|", 9) + "0000"},
			"rasters":            {"recording, repeat"},
		}},
		{10, 30, []string{"silent"}, map[string][]string{
			"state_distribution": {"silent", "its spikes as neuron@timestep, counted from 0", "5@0"},
		}},
		{1, 3, []string{"independent"}, map[string][]string{
			"statistics": {"a single neuron has no pairs"},
		}},
	} {
		t.Run(fmt.Sprintf("n=%d t=%d", c.neurons, c.bins), func(t *testing.T) {
			t.Parallel()
			in := builtinInput(t, c.neurons, c.bins, c.models...)
			files := written(t, in)
			if c.neurons == 2 { // the same input gives the same bytes
				for name, b := range written(t, in) {
					if !bytes.Equal(files[name], b) {
						t.Errorf("%s differs from one time to the next", name)
					}
				}
			}
			drawn := stems
			if c.bins == 1 {
				drawn = slices.DeleteFunc(slices.Clone(stems), func(s string) bool { return s == "time" })
			}
			if len(files) != 2*len(drawn)+1 {
				t.Errorf("%d files were written", len(files))
			}
			for _, stem := range drawn {
				w, h, text := svgText(t, stem+".svg", files[stem+".svg"])
				checkPNG(t, stem+".png", files[stem+".png"], w, h)
				for _, want := range append(c.expect[stem], in.Title, in.Lines[0], in.Lines[1]) {
					if !strings.Contains(text, want) {
						t.Errorf("%s.svg lacks %q; its texts are\n%s", stem, want, text)
					}
				}
				if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
					t.Errorf("%s.svg shows a number that is none: %s", stem, text)
				}
			}
		})
	}
}

// The distances in the legend are those handed in.
func TestLegendShowsJS(t *testing.T) {
	t.Parallel()
	in := builtinInput(t, 4, 1, "independent")
	in.Models[0].JSNats, in.Models[0].JSStdErr = 0.01234, 0.00056
	floor := 0.0456
	in.Floor = &floor
	files := writtenText(t, in)
	_, _, text := svgText(t, "state_distribution.svg", files["state_distribution.svg"])
	for _, want := range []string{"JS 0.01234 ± 0.00056 nats", "halves: 0.0456 nats"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
	page := string(files["index.html"])
	for _, want := range []string{
		"0.01234 ± 0.00056", fmt.Sprintf("%.5f", 0.01234/math.Ln2), // nats and bits
		"0.0456", fmt.Sprintf("%.4f", 0.0456/math.Ln2), // floor
		fmt.Sprintf("%.3f", 0.01234/0.0456),
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	in := builtinInput(t, 4, 1, "independent", "ising")
	page := string(writtenText(t, in)["index.html"])
	for _, want := range []string{
		"<!DOCTYPE html>", "<title>" + in.Title + "</title>",
		"Distance to the recording", "JS (nats)", "JS (bits)", "like ising, seed 1", "the recording&#39;s halves",
		"Baselines", "parameters", "JS held out (nats)", "markov", "uniform",
		"Statistics in time", "split-half", "covariance-error", "p-silent, windows of 1 bin",
		"Firing rates (spikes/s)", "prefers-color-scheme: dark", "What the numbers show", "nearer than silent", "What they don't show",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, l := range in.Lines {
		if !strings.Contains(page, l) {
			t.Errorf("the page lacks the fact %q", l)
		}
	}
	if n := strings.Count(page, "<svg "); n != len(stems)-1 || !strings.Contains(page, "Windows of one bin have no structure in time") {
		t.Errorf("%d figures on the page", n)
	}
	// It loads nothing: no address, no script, no style sheet, no picture file.
	for _, bad := range []string{"http:", "https:", "//www", "<script", "<link", "src=", "@import", "url(", "<?xml"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	// One row for each neuron.
	rates := page[strings.Index(page, "Firing rates"):]
	if rows := strings.Count(rates, "<tr>"); rows != 1+4 {
		t.Errorf("%d rows of rates for 4 neurons", rows-1)
	}
	if want := fmt.Sprintf("%.2f", in.Data.RatesHz[0]); !strings.Contains(rates, want) {
		t.Errorf("the rate %s is missing", want)
	}
}

// Texts of the user are texts, in SVG and on the page.
func TestEscaped(t *testing.T) {
	t.Parallel()
	in := builtinInput(t, 2, 2, "independent")
	in.References[1].Name = "a <b> \x01 file"
	in.Title = "<script>alert(1)</script> & \x00\x1b[31m\xff"
	in.Lines = []string{"file </svg><b>\nx", strings.Repeat("long", 200), "鼠 ©"}
	in.Models[0].Name = `a "name" <i>`
	files := writtenText(t, in, "time.png") // which shows all these texts
	for _, stem := range stems {
		svgText(t, stem, files[stem+".svg"])
	}
	page := string(files["index.html"])
	if strings.Contains(page, "<script") || strings.Contains(page, "<b>") || strings.Contains(page, "<i>") {
		t.Error("a text of the input became an element of the page")
	}
}

// lacking is an input that lacks something: what figures are lost by it, and what
// the page says.
type lacking struct {
	name   string
	input  func(*testing.T) report.Input
	change func(*report.Input)
	lost   []string
	says   string
}

func threeNeurons(t *testing.T) report.Input {
	return builtinInput(t, 3, 2, "independent")
}

// What is missing is left out, and the page says so.
func TestMissing(t *testing.T) {
	t.Parallel()
	full, nan := threeNeurons, math.NaN()
	for _, c := range []lacking{
		{"nothing at all", nil, func(*report.Input) {}, stems, "No distance was recorded"},
		{"title only", nil, func(in *report.Input) { in.Title = "x" }, stems, "neither a recording nor samples"},
		{"no curve", full, func(in *report.Input) { in.Curves = nil }, []string{"js_curve"}, "No distance was recorded"},
		{"empty curves", full, func(in *report.Input) { in.Curves = [][]report.CurvePoint{nil, {}} }, []string{"js_curve"}, ""},
		{"curve without a number", full, func(in *report.Input) { in.Curves = [][]report.CurvePoint{{{0, nan}, {1, 0}, {2, math.Inf(1)}}} }, []string{"js_curve"}, ""},
		{"one point", full, func(in *report.Input) { in.Curves = [][]report.CurvePoint{{{100, 0.1}}} }, nil, ""},
		{"only step 0", full, func(in *report.Input) { in.Curves = [][]report.CurvePoint{{{0, 0.1}}} }, nil, ""},
		{"unsorted curve with gaps", full, func(in *report.Input) {
			in.Curves = [][]report.CurvePoint{{{50, 0.1}, {0, 0.5}, {20, nan}, {10, 0.3}}, {{7, 1e-12}, {100000, 1e-9}}}
		}, nil, ""},
		{"more curves than colours", full, func(in *report.Input) {
			in.Curves = slices.Repeat([][]report.CurvePoint{{{1, 0.1}, {2, 0.2}}}, 6)
		}, nil, "run 6"},
	} {
		t.Run(c.name, c.check)
	}
}

// The same of what models have and lack.
func TestMissingOfModels(t *testing.T) {
	t.Parallel()
	full, nan := threeNeurons, math.NaN()
	for _, c := range []lacking{
		{"no baselines, no floor", full, func(in *report.Input) { in.Baselines, in.Floor = nil, nil }, nil, "No baseline was computed"},
		{"floor of 0", full, func(in *report.Input) { in.Floor = new(float64) }, nil, ""},
		{"no models", full, func(in *report.Input) { in.Models = nil }, nil, "no samples of a model"},
		{"law not known", full, func(in *report.Input) {
			in.Models[0].Seen, in.Models[0].JSValid, in.Models[0].JSReason = nil, false, "n*t = 300 is too large"
		}, nil, "n*t = 300 is too large"},
		{"JS is no number", full, func(in *report.Input) { in.Models[0].JSNats = nan }, nil, "no finite value"},
		{"error is no number", full, func(in *report.Input) { in.Models[0].JSStdErr = nan }, nil, ""},
		{"odd probabilities", full, func(in *report.Input) { in.Models[0].Seen[0], in.Models[0].Seen[1] = nan, -1 }, nil, ""},
		{"no samples", full, func(in *report.Input) {
			in.Models[0].Samples, in.Models[0].Summary = nil, metrics.Summary{}
		}, nil, "no samples of a model"},
		{"samples joined", full, func(in *report.Input) { in.Models[0].Samples = spikes.NewRaster(1, 75, 3, 0) }, nil, ""},
	} {
		t.Run(c.name, c.check)
	}
}

// The same of the recording's statistics.
func TestMissingOfRecording(t *testing.T) {
	t.Parallel()
	full, nan := threeNeurons, math.NaN()
	silent := func(t *testing.T) report.Input {
		return inputOf(t, spikes.NewRaster(4, 40, 3, 0.02), 3, 2, "silent")
	}
	for _, c := range []lacking{
		{"bin width not known", full, func(in *report.Input) {
			in.BinWidth, in.Data.RatesHz, in.Models[0].Summary.RatesHz = 0, nil, nil
		}, nil, "Firing rates (spikes/bin)"},
		{"no law of the recording", full, func(in *report.Input) { in.States, in.Models[0].Seen = nil, nil }, []string{"figure2", "state_distribution"}, "not known"},
		{"no training", full, func(in *report.Input) { in.Training, in.Parameters = nil, nil }, []string{"training", "parameters"}, "No figures of training were kept"},
		{"training without numbers", full, func(in *report.Input) {
			in.Training = [][]report.TrainingPoint{{{Step: 1, Critic: nan, Generator: math.Inf(1), Wasserstein: nan, Count: nan, PSilent: &nan}}}
		}, nil, ""},
		{"no recording", full, func(in *report.Input) {
			in.States, in.Models[0].Seen, in.DataWindows, in.Data, in.DataTime = nil, nil, spikes.Windows{}, metrics.Summary{}, nil
		}, []string{"figure2", "state_distribution", "statistics", "rasters", "time", "psth"}, "rates are not known"},
		{"silent everywhere", silent, func(*report.Input) {}, nil, "no two spikes of a neuron in a window"},
		{"number in no range", full, func(in *report.Input) {
			in.Data.RatesHz[0], in.Data.KProbability[0], in.Data.Autocorrelogram[9], in.Data.PSilent = nan, nan, math.Inf(1), nan
			in.Data.Covariance[0][1] = nan
		}, nil, ""},
	} {
		t.Run(c.name, c.check)
	}
}

// The same of statistics in time.
func TestMissingInTime(t *testing.T) {
	t.Parallel()
	full := threeNeurons
	nan := math.NaN()
	for _, c := range []lacking{
		{"no statistics in time", full, func(in *report.Input) {
			in.DataTime, in.References, in.Models[0].Time = nil, nil, metrics.TimeResult{}
		}, []string{"time"}, "No statistics in time were compared"},
		{"no references", full, func(in *report.Input) { in.References = nil }, nil, "rate-error"},
		{"more references than lines", full, func(in *report.Input) {
			in.References = slices.Repeat(in.References[1:2], 9)
		}, nil, "independent-in-time"},
		{"windows of other lengths", full, func(in *report.Input) {
			s := *in.DataTime
			s.Timesteps, s.PSilent = 7, nil
			in.References[1].Summary = &s
		}, nil, "p-silent, windows of 2 bins"},
		{"figures without a number", full, func(in *report.Input) {
			f := in.Models[0].Time.Figures
			f[0].Value, f[1].StdErr, f[2].Value, f[3].StdErr = &nan, &nan, nil, nil
			in.DataTime.PSilent[0], in.DataTime.BurstLengths = nan, nil
			in.DataTime.LagCovariance[0] = math.Inf(1)
		}, nil, ""},
	} {
		t.Run(c.name, c.check)
	}
}

func (c lacking) check(t *testing.T) {
	t.Parallel()
	var in report.Input
	if c.input != nil {
		in = c.input(t)
	}
	c.change(&in)
	files := writtenText(t, in)
	for _, stem := range stems {
		for _, ext := range []string{".png", ".svg"} {
			if _, ok := files[stem+ext]; ok == slices.Contains(c.lost, stem) {
				t.Errorf("%s%s written: %t", stem, ext, ok)
			}
		}
		if svg, ok := files[stem+".svg"]; ok {
			if _, _, text := svgText(t, stem, svg); strings.Contains(text, "NaN") {
				t.Errorf("%s shows NaN: %s", stem, text)
			}
		}
	}
	page := string(files["index.html"])
	if !strings.Contains(page, "</html>") || !strings.Contains(page, c.says) {
		t.Errorf("the page doesn't say %q", c.says)
	}
	if m := regexp.MustCompile(`\bNaN\b|[+-]Inf\b`).FindString(page); m != "" {
		t.Errorf("the page shows %s", m)
	}
}

// What cannot be laid out is refused, and nothing is written.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*report.Input)
		says   string
	}{
		{"five models", func(in *report.Input) { in.Models = slices.Repeat(in.Models, 5) }, "at most 4"},
		{"law of other windows", func(in *report.Input) { in.Models[0].Seen = in.Models[0].Seen[1:] }, `model 1 ("like independent, seed 1")`},
		{"samples of other neurons", func(in *report.Input) { in.Models[0].Samples = spikes.NewRaster(5, 2, 7, 0) }, "7 neurons x 2 bins"},
		{"samples too short", func(in *report.Input) { in.Models[0].Samples = spikes.NewRaster(5, 1, 3, 0) }, "3 neurons x 1 bins"},
		{"statistics of other neurons", func(in *report.Input) { in.Models[0].Summary.Neurons = 9 }, "statistics of 9 neurons"},
		{"another recording", func(in *report.Input) { in.DataWindows.T, in.Models[0].Samples = 1, nil }, "differ in neurons or timesteps"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := builtinInput(t, 3, 2, "independent")
			c.change(&in)
			paths, err := report.Write(t.TempDir(), in, func(string, func(io.Writer) error) error {
				t.Error("a file was written")
				return nil
			})
			if err == nil || !strings.Contains(err.Error(), c.says) || len(paths) > 0 {
				t.Errorf("got %v, %v", paths, err)
			}
		})
	}
}

// A file that cannot be written ends the report, with what was written so far.
func TestWriteFails(t *testing.T) {
	t.Parallel()
	in := builtinInput(t, 2, 2, "independent")
	full := errors.New("disk full")
	for fail := range 2*len(stems) + 1 {
		n := 0
		paths, err := report.Write("out", in, func(path string, f func(io.Writer) error) error {
			if n++; n > fail {
				return f(failing{full})
			}
			return nil
		})
		if !errors.Is(err, full) || len(paths) != fail {
			t.Fatalf("file %d fails: %v, %v", fail, paths, err)
		}
		if fail > 0 && paths[0] != filepath.Join("out", "figure2.png") {
			t.Errorf("first path %s", paths[0])
		}
	}
}

type failing struct{ err error }

func (w failing) Write([]byte) (int, error) { return 0, w.err }

// What is said in words are comparisons of the numbers handed in.
func TestVerdict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*report.Input)
		says   []string
	}{
		{"far", func(in *report.Input) { in.Models[0].JSNats, *in.Floor = 0.01, 0.002 }, []string{"5.00 times as far as the recording&#39;s halves, which differ by 2.00·10⁻³ nats"}},
		{"at the floor", func(in *report.Input) { in.Models[0].JSNats, *in.Floor = 0.00201, 0.002 }, []string{"as far as the recording&#39;s halves are from each other, 2.00·10⁻³ nats"}},
		{"below", func(in *report.Input) { in.Models[0].JSNats, *in.Floor = 0.001, 0.002 }, []string{"nearer than the recording&#39;s halves, which differ by 2.00·10⁻³ nats"}},
		{"of draws", func(in *report.Input) {
			in.Models[0].JSNats, in.Models[0].Null, in.Models[0].JSStdErr = 0.01, 0.0099, 0.001
		}, []string{"so many samples can&#39;t tell it from the recording"}},
		{"of draws, farther", func(in *report.Input) {
			in.Models[0].JSNats, in.Models[0].Null, in.Models[0].JSStdErr = 0.01, 0.002, 0.001
		}, []string{"of which about 2.00·10⁻³ is due to the number of samples"}},
		{"of draws, undecided", func(in *report.Input) {
			in.Models[0].JSNats, in.Models[0].Null, *in.Baselines[0].JS = 0.3, 0.2, 0.25
		}, []string{"nearer or not than silent, so many samples don&#39;t tell; not nearer than"}},
		{"not known", func(in *report.Input) { in.Models[0].JSValid, in.Models[0].JSReason = false, "too large" }, []string{"its divergence is not known (too large)"}},
		{"silent", func(in *report.Input) { in.Models[0].Summary.PSilent, in.Data.PSilent = 0.99, 0.7 }, []string{"is silent more often than the recording: 0.990 and 0.700"}},
		{"busy", func(in *report.Input) { in.Models[0].Summary.PSilent, in.Data.PSilent = 0.5, 0.7 }, []string{"is silent less often than the recording"}},
		{"nearly silent", func(in *report.Input) {
			in.Models[0].Summary.PSilent, in.Data.PSilent, in.Models[0].Summary.Windows, in.Data.Windows = 0.52, 0.5, 2500, 12500
		}, []string{"is silent as often as the recording, as far as the windows tell: 0.520 and 0.500 of them, with a standard error of 0.0141"}},
		{"of more windows", func(in *report.Input) {
			in.Models[0].Summary.PSilent, in.Data.PSilent, in.Models[0].Summary.Windows, in.Data.Windows = 0.52, 0.5, 250000, 1250000
		}, []string{"is silent more often than the recording: 0.520 and 0.500"}},
		{"saturated", func(in *report.Input) { in.Models[0].JSNats = 0.67 }, []string{"which is saturated: the largest divergence there is is ln 2, 0.693 nats"}},
		{"no time", func(*report.Input) {}, []string{"hardly nearer than independent bins", "nearer than silent"}},
		{"held out", func(in *report.Input) { in.HeldOut = true }, []string{"everything else is in sample"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := builtinInput(t, 3, 5, "independent")
			c.change(&in)
			page := string(writtenText(t, in)["index.html"])
			for _, want := range c.says {
				if !strings.Contains(page, want) {
					t.Errorf("the page doesn't say %q:\n%s", want, page[strings.Index(page, "What the numbers"):strings.Index(page, "Distance to the")])
				}
			}
		})
	}
}

// Runs of several sizes: a table with a row each, and the panels of up to four lengths.
func TestGrid(t *testing.T) {
	t.Parallel()
	var cells []report.GridCell
	for _, k := range [][2]int{{2, 5}, {2, 1}, {3, 1}, {2, 2}, {2, 10}, {2, 3}} {
		cells = append(cells, report.GridCell{
			Input: builtinInput(t, k[0], k[1], "independent"), Link: fmt.Sprintf("n%d-t%d/index.html", k[0], k[1]),
		})
	}
	dir := t.TempDir()
	paths, err := report.WriteGrid(dir, "A <grid>", []string{"recording: x"}, cells, plainFile)
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) != 2+2*4+1 {
		t.Errorf("%d files: %v", len(paths), paths)
	}
	b, err := os.ReadFile(filepath.Join(dir, "figure3.svg"))
	if err != nil {
		t.Fatal(err)
	}
	w, h, text := svgText(t, "figure3.svg", b)
	for _, want := range []string{"A  covariance, t = 1", "D  covariance, t = 10", "E  k-probability, t = 1", "L  rate, t = 10", "P  autocorr., t = 10", "windows of one bin have no lags"} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("figure3.svg lacks %q: %s", want, text)
		}
	}
	if b, err = os.ReadFile(filepath.Join(dir, "figure3.png")); err != nil {
		t.Fatal(err)
	}
	checkPNG(t, "figure3.png", b, w, h)
	if b, err = os.ReadFile(filepath.Join(dir, "index.html")); err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, want := range []string{"A &lt;grid&gt;", `<a href="n3-t1/index.html">`, "n = 2, t = 10: like independent", "Whether larger is better"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "http") || strings.Contains(page, "<script") {
		t.Error("the page loads something")
	}
	cells[0].Models = slices.Repeat(cells[0].Models, 5)
	if _, err := report.WriteGrid(dir, "", nil, cells, plainFile); err == nil || !strings.Contains(err.Error(), "n2-t5") {
		t.Errorf("error %v", err)
	}
}
