package progress

import (
	"bytes"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// A task says nothing for three seconds, then how long it takes and what it does; on a terminal
// its line is gone before anything else is written, and at the end.
func TestPulse(t *testing.T) {
	for _, k := range []struct {
		form Form
		want string
	}{
		{Lines, "qgan: work: 3s\nresult\nqgan: work: 8s, the second part\n"},
		{Terminal, "\rwork: 3s\rwork: 4s\r        \rresult\n\rwork: 5s, the second part\rwork: 6s, the second part\rwork: 7s, the second part\rwork: 8s, the second part\r                         \r"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var b bytes.Buffer
			p := NewPulse(&b, k.form, "work")
			out := p.Before(&b)
			time.Sleep(4*time.Second + time.Millisecond)
			fmt.Fprintln(out, "result")
			p.Stage("the %s part", "second")
			time.Sleep(4 * time.Second)
			p.Stop()
			p.Stop()
			time.Sleep(time.Minute)
			if b.String() != k.want {
				t.Errorf("form %v: %q, want %q", k.form, b.String(), k.want)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		p := NewPulse(&b, Terminal, "work")
		time.Sleep(patience - time.Millisecond)
		p.Stop()
		var none *Pulse
		none.Stage("x")
		none.Stop()
		if b.Len() > 0 {
			t.Errorf("a short task says %q", b.String())
		}
	})
}
