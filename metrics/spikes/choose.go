package spikes

import (
	"fmt"
	"strconv"
	"strings"
)

// The axes of a recording, by the names that ParseAxes returns.
const (
	AxisRepeats = "repeats"
	AxisBins    = "bins"
	AxisNeurons = "neurons"
)

// axisNames maps what people call an axis to its name here.
var axisNames = map[string]string{
	"repeats": AxisRepeats, "repeat": AxisRepeats, "trials": AxisRepeats, "samples": AxisRepeats,
	"bins": AxisBins, "bin": AxisBins, "time": AxisBins,
	"neurons": AxisNeurons, "neuron": AxisNeurons, "units": AxisNeurons, "cells": AxisNeurons,
}

// ParseAxes reads an order of axes: repeats, bins and neurons in any order, or
// bins and neurons in either, separated by commas. Trials and samples stand for
// repeats, time for bins, units and cells for neurons. The error is an
// *InputError without a path.
func ParseAxes(spec string) ([]string, error) {
	const hint = "for example repeats,bins,neurons, or bins,neurons for a flat recording"
	var out []string
	seen := map[string]bool{}
	for word := range strings.SplitSeq(spec, ",") {
		word = strings.ToLower(strings.TrimSpace(word))
		axis, ok := axisNames[word]
		if !ok {
			return nil, wrong(hint, "axes %q: there is no axis %q", spec, word)
		}
		if seen[axis] {
			return nil, wrong(hint, "axes %q: %s stands twice", spec, axis)
		}
		seen[axis] = true
		out = append(out, axis)
	}
	for _, axis := range []string{AxisBins, AxisNeurons} {
		if !seen[axis] {
			return nil, wrong(hint, "axes %q: %s are missing", spec, axis)
		}
	}
	return out, nil
}

// ParseNeurons reads a choice among neurons 0 to available-1, and returns their
// indices in the order given:
//
//	""       all of them
//	"8"      the first 8
//	"0,3,7"  those three
//	"5,"     neuron 5 alone
//	"0-3,9"  ranges, both ends included
//
// The error is an *InputError without a path.
func ParseNeurons(spec string, available int) ([]int, error) {
	const hint = `"8" means the first 8; "0,3,7", "5," and "0-3" name them, counted from 0`
	s := strings.TrimSpace(spec)
	if s == "" {
		return upTo(0, available), nil
	}
	if !strings.ContainsAny(s, ",-") {
		n, err := strconv.Atoi(s)
		switch {
		case err != nil || n < 1:
			return nil, wrong(hint, "neurons %q: not a number of neurons", spec)
		case n > available:
			return nil, wrong(hint, "neurons %q: the recording has %d", spec, available)
		}
		return upTo(0, n), nil
	}
	var out []int
	seen := map[int]bool{}
	parts := strings.Split(strings.TrimSuffix(s, ","), ",")
	for _, part := range parts {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		from, err := strconv.Atoi(strings.TrimSpace(first))
		to := from
		if err == nil && isRange {
			to, err = strconv.Atoi(strings.TrimSpace(last))
		}
		switch {
		case err != nil:
			return nil, wrong(hint, "neurons %q: %q is neither an index nor a range", spec, part)
		case to < from:
			return nil, wrong(hint, "neurons %q: the range %q runs backwards", spec, part)
		case from < 0 || to >= available:
			return nil, wrong(hint, "neurons %q: %q is out of range, the recording has neurons 0 to %d", spec, part, available-1)
		}
		for i := from; i <= to; i++ {
			if seen[i] {
				return nil, wrong(hint, "neurons %q: neuron %d is named twice", spec, i)
			}
			seen[i] = true
			out = append(out, i)
		}
	}
	return out, nil
}

// ParseRepeats reads a choice among repeats and returns their indices, counted
// from 0:
//
//	""      all of them
//	"odd"   the 1st, 3rd, 5th … (indices 0, 2, 4 …), as Raster.Halves has it
//	"even"  the 2nd, 4th, 6th … (indices 1, 3, 5 …)
//	"a:b"   indices a to b-1; an end left out is the recording's own
//
// The choice has at least one repeat. The error is an *InputError without a
// path.
func ParseRepeats(spec string, available int) ([]int, error) {
	const hint = `"odd", "even" (counted from 1), or "a:b" for repeats a to b-1, counted from 0`
	var out []int
	switch s := strings.ToLower(strings.TrimSpace(spec)); s {
	case "":
		return upTo(0, available), nil
	case "odd", "even":
		for i := range available {
			if (i%2 == 0) == (s == "odd") {
				out = append(out, i)
			}
		}
	default:
		first, last, ok := strings.Cut(s, ":")
		from, to := 0, available
		var err1, err2 error
		if first != "" {
			from, err1 = strconv.Atoi(first)
		}
		if last != "" {
			to, err2 = strconv.Atoi(last)
		}
		switch {
		case !ok || err1 != nil || err2 != nil:
			return nil, wrong(hint, "repeats %q: not a choice of repeats", spec)
		case from < 0 || to > available:
			return nil, wrong(hint, "repeats %q: out of range, the recording has %d repeats", spec, available)
		}
		out = upTo(from, to)
	}
	if len(out) == 0 {
		return nil, wrong(hint, "repeats %q: no repeat of the recording's %d is chosen", spec, available)
	}
	return out, nil
}

// upTo lists from, from+1, … to-1.
func upTo(from, to int) []int {
	var out []int
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

// shape says how large the raster is, for messages.
func (r *Raster) shape() string {
	return fmt.Sprintf("%d repeats x %d bins x %d neurons", r.Repeats, r.Bins, r.Neurons)
}
