// Package words puts figures into words (things that are counted, figures that may be absent,
// how long ago something was) and makes the texts of others fit to be shown.
package words

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// None stands for a figure that is not there.
const None = "–"

// Count counts things whose plural ends in s: "1 neuron", "2 neurons".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// longList is the length from which Names shortens a list.
const longList = 13

// Names lists names in brackets; a long list of whole numbers that follow one another by its
// ends, "[0 to 49]".
func Names(names []string) string {
	if len(names) >= longList {
		first, err := strconv.Atoi(names[0])
		run := err == nil
		for i, name := range names {
			run = run && name == strconv.Itoa(first+i)
		}
		if run {
			return fmt.Sprintf("[%s to %s]", names[0], names[len(names)-1])
		}
	}
	return fmt.Sprint(names)
}

// Figure is a figure in a format of fmt; None where it is absent.
func Figure(x *float64, format string) string {
	if x == nil {
		return None
	}
	return fmt.Sprintf(format, *x)
}

// Quoted makes an empty text, or one with blanks in it, visible by quotes.
func Quoted(s string) string {
	if s == "" || strings.ContainsAny(s, " \t\n") {
		return fmt.Sprintf("%q", s)
	}
	return s
}

// Brief is an age in four letters at most: 59s, 12m, 30h, 5d.
func Brief(d time.Duration) string {
	switch {
	case d < 0:
		return "new"
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// Age is a duration as people say it: minutes below two hours, hours below three days.
func Age(d time.Duration) string {
	switch {
	case d < 0:
		return "in the future"
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 72*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}
