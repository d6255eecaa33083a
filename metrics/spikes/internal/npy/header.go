package npy

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// literal reads the Python literal that an array's header is: a dictionary of a
// string, a truth value and a tuple of integers.
type literal struct {
	s  string
	at int
}

func (l *literal) space() {
	for l.at < len(l.s) && strings.IndexByte(" \t\r\n", l.s[l.at]) >= 0 {
		l.at++
	}
}

// next reports whether c follows, and passes over it if so.
func (l *literal) next(c byte) bool {
	l.space()
	if l.at < len(l.s) && l.s[l.at] == c {
		l.at++
		return true
	}
	return false
}

func (l *literal) expect(c byte) error {
	if !l.next(c) {
		return fmt.Errorf("%q is expected in the header's dictionary", string(c))
	}
	return nil
}

// text reads a quoted string. Escapes do not occur in the headers that are
// accepted, and are refused.
func (l *literal) text() (string, error) {
	l.space()
	if l.at >= len(l.s) || (l.s[l.at] != '\'' && l.s[l.at] != '"') {
		return "", errors.New("a quoted string is expected in the header's dictionary")
	}
	end := strings.IndexByte(l.s[l.at+1:], l.s[l.at])
	if end < 0 {
		return "", errors.New("a string of the header's dictionary does not end")
	}
	t := l.s[l.at+1 : l.at+1+end]
	if strings.IndexByte(t, '\\') >= 0 {
		return "", errors.New("an escape in a string of the header's dictionary")
	}
	l.at += end + 2
	return t, nil
}

func (l *literal) truth() (bool, error) {
	l.space()
	for word, value := range map[string]bool{"True": true, "False": false} {
		if strings.HasPrefix(l.s[l.at:], word) {
			l.at += len(word)
			return value, nil
		}
	}
	return false, errors.New("the value True or False is expected in the header's dictionary")
}

// maxAxes is NumPy's own limit.
const maxAxes = 64

func (l *literal) tuple() ([]int, error) {
	if err := l.expect('('); err != nil {
		return nil, err
	}
	shape := []int{}
	for !l.next(')') {
		if len(shape) == maxAxes {
			return nil, fmt.Errorf("more than %d axes", maxAxes)
		}
		from := l.at
		for l.at < len(l.s) && l.s[l.at] >= '0' && l.s[l.at] <= '9' {
			l.at++
		}
		n, err := strconv.ParseInt(l.s[from:l.at], 10, 64)
		if err != nil || n > math.MaxInt {
			return nil, fmt.Errorf("axis %d of the shape has no usable size", len(shape))
		}
		shape = append(shape, int(n))
		l.next('L') // a long integer of Python 2
		if !l.next(',') {
			if err := l.expect(')'); err != nil {
				return nil, err
			}
			break
		}
		l.space()
	}
	return shape, nil
}

// parseHeader reads the header's text. On an error it returns the place, too.
func parseHeader(s string) (Header, int, error) {
	l := &literal{s: s}
	var h Header
	seen := map[string]bool{}
	err := func() error {
		if err := l.expect('{'); err != nil {
			return err
		}
		for !l.next('}') {
			key, err := l.text()
			if err != nil {
				return err
			}
			if err := l.expect(':'); err != nil {
				return err
			}
			if seen[key] {
				return fmt.Errorf("key %q stands twice in the header's dictionary", key)
			}
			seen[key] = true
			switch key {
			case "descr":
				if l.next('[') {
					return errors.New("the array holds records with fields, not numbers")
				}
				h.Descr, err = l.text()
			case "fortran_order":
				h.Fortran, err = l.truth()
			case "shape":
				h.Shape, err = l.tuple()
			default:
				return fmt.Errorf("unknown key %q in the header's dictionary", key)
			}
			if err != nil {
				return err
			}
			if !l.next(',') {
				if err := l.expect('}'); err != nil {
					return err
				}
				break
			}
		}
		for _, key := range []string{"descr", "fortran_order", "shape"} {
			if !seen[key] {
				return fmt.Errorf("the header's dictionary lacks %q", key)
			}
		}
		return nil
	}()
	return h, l.at, err
}
