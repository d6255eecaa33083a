package spikes

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"qgan/internal/stream"
)

// BuiltinName stands for the built-in recording where a file is named.
const BuiltinName = "built-in"

// The built-in recording's size.
const (
	builtinRepeats = 100
	builtinBins    = 400
	builtinSeed    = 20240913
)

// builtinRates are the rates that the built-in neurons are tuned to, in
// thousandths of spikes a second.
var builtinRates = [...]uint64{
	1900, 400, 800, 500, 2600, 5100, 300, 1800, 2400, 1000,
	1500, 700, 3000, 400, 2100, 1200, 4200, 600, 1700, 900,
}

// The model is computed in integers only, so that the recording is the same on
// every machine. A factor is an integer in units of 1/256, a probability one in
// units of 2^-32.
const (
	unit     = 256
	probOne  = 1 << 32
	probMost = probOne / 10 * 9
)

// Builtin makes the built-in recording: 100 repeats of a film of 8 s, 400 bins
// of 20 ms, 20 neurons. It is SYNTHETIC: a program makes it, and it is no
// recording of any animal. It is there so that everything can be tried without
// data.
//
// It imitates what matters of a salamander's retina under a film. The film
// consists of events that last a few bins and fade; each drives some of the
// neurons, the same ones at the same time in every repeat, with silence between.
// A slow gain, drawn anew for each repeat, is common to all neurons, so neurons
// are also correlated within a repeat; a neuron that has just fired tends to
// fire once more and then pauses. Rates are 0.3 to 5 spikes/s.
//
// It is the same on every machine. Source.SHA256 is the hash of its size and of
// its packed bits.
func Builtin() *Raster {
	r := NewRaster(builtinRepeats, builtinBins, len(builtinRates), DefaultBinWidth)
	film := builtinFilm()
	var base [len(builtinRates)]uint64
	for n := range base {
		// The rate in spikes a bin is rate/1000/50; divided by the mean
		// of the film it is the probability at a factor of one.
		sum := uint64(0)
		for _, g := range film[n] {
			sum += g
		}
		base[n] = builtinRates[n] * (probOne / 50000) * builtinBins * unit / sum
	}
	for rep := range r.Repeats {
		rnd := stream.New(builtinSeed, "built-in repeat", uint64(rep))
		gain := 0               // the slow gain's deviation from one
		var last [len(base)]int // bins since the neuron fired, up to 3
		for n := range last {
			last[n] = 3
		}
		for bin := range r.Bins {
			// A first-order autoregression; the sum of four uniform
			// numbers is bell-shaped.
			u := rnd.Uint64()
			kick := int(u&127) + int(u>>16&127) + int(u>>32&127) + int(u>>48&127) - 254
			gain += (kick - gain) / 5
			g := uint64(min(max(unit+2*gain, unit/8), 4*unit))
			for n := range base {
				p := base[n] * film[n][bin] / unit * g / unit * afterSpike[last[n]] / unit
				last[n] = min(last[n]+1, 3)
				if rnd.Uint64()>>32 < min(p, probMost) {
					r.Set(rep, bin, n, true)
					last[n] = 0
				}
			}
		}
	}
	r.Source = Source{Path: BuiltinName, SHA256: r.packedHash(), Axes: "repeats,bins,neurons"}
	return r
}

// afterSpike is the factor on a neuron's probability one, two and three bins
// after it fired, and later.
var afterSpike = [...]uint64{unit * 5 / 4, unit * 3 / 4, unit * 7 / 8, unit}

// builtinFilm returns each neuron's drive in each bin, a factor. Neurons are of
// four types by turns; an event drives most neurons of some types.
func builtinFilm() [len(builtinRates)][builtinBins]uint64 {
	var film [len(builtinRates)][builtinBins]uint64
	for n := range film {
		for bin := range film[n] {
			film[n][bin] = unit / 16
		}
	}
	rnd := stream.New(builtinSeed, "built-in film")
	draw := func(n uint64) uint64 { return rnd.Uint64() >> 32 * n >> 32 }
	for onset := draw(8); onset < builtinBins; onset += 6 + draw(24) {
		hold := 1 + draw(6)   // bins at full strength before it fades
		types := 1 + draw(15) // one bit a type, at least one
		for n := range film {
			follows := draw(100) < 75
			amp, late := unit+draw(3*unit), draw(2)
			if !follows || types>>(n%4)&1 == 0 {
				continue
			}
			for bin := onset + late; bin < builtinBins && amp > unit/16; bin++ {
				film[n][bin] += amp
				if bin >= onset+hold {
					amp = amp * 3 / 4
				}
			}
		}
	}
	return film
}

// packedHash hashes the raster's size and its words, all as big-endian 64-bit
// numbers.
func (r *Raster) packedHash() string {
	b := make([]byte, 0, 8*(3+len(r.words)))
	for _, n := range []int{r.Repeats, r.Bins, r.Neurons} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	for _, w := range r.words {
		b = binary.BigEndian.AppendUint64(b, w)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
