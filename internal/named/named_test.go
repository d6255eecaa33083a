package named

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func dashes(name string) string { return "--" + name }

func TestText(t *testing.T) {
	inner := Errorf("{objective} %s: it needs a memory of %d %%; add {memory} leaky", "{x}", 5)
	for _, k := range []struct {
		err         error
		plain, want string
	}{
		{inner, "objective {x}: it needs a memory of 5 %; add memory leaky", "--objective {x}: it needs a memory of 5 %; add --memory leaky"},
		{fmt.Errorf("run a: %w (hint)", inner), "run a: objective {x}: it needs a memory of 5 %; add memory leaky (hint)", "run a: --objective {x}: it needs a memory of 5 %; add --memory leaky (hint)"},
		{errors.Join(io.EOF, Errorf("leave {own-bits} out: %w", io.ErrClosedPipe)), "EOF\nleave own-bits out: io: read/write on closed pipe", "EOF\nleave --own-bits out: io: read/write on closed pipe"},
		{Errorf("%s needs {backend} noisy", Setting("device")), "device needs backend noisy", "--device needs --backend noisy"},
		{io.EOF, "EOF", "EOF"},
	} {
		if got := k.err.Error(); got != k.plain {
			t.Errorf("plain %q, want %q", got, k.plain)
		}
		if got := Text(k.err, dashes); got != k.want {
			t.Errorf("%q, want %q", got, k.want)
		}
	}
	if err := Errorf("leave {axes} out: %w", io.EOF); !errors.Is(err, io.EOF) {
		t.Error("it does not wrap")
	}
	if got := Inputf("it is wide").Hinted("use {shots}, 100% of it").Hint(dashes); got != "use --shots, 100% of it" || Errorf("it").Hint(dashes) != "" {
		t.Errorf("hint %q", got)
	}
	if Errorf("{a}").BadInput() || !Inputf("{a}").BadInput() {
		t.Error("who is at fault is told wrongly")
	}
}

// Names may hold digits and be spelled with any letter, and each place of a text that is there
// twice is spelled.
func TestSpellings(t *testing.T) {
	percent := func(name string) string { return "%" + name + "%d" }
	e := Errorf("set {t1} or {x2-y} of %s, not {T1}, {1t} or {}", Setting("device"))
	if got, want := e.Named(percent), "set %t1%d or %x2-y%d of %device%d, not {T1}, {1t} or {}"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := e.Error(), "set t1 or x2-y of device, not {T1}, {1t} or {}"; got != want {
		t.Errorf("%q after another spelling, want %q", got, want)
	}
	twice := fmt.Errorf("%w (again: %v)", Errorf("no {a}"), Errorf("no {a}"))
	if got, want := Text(twice, dashes), "no --a (again: no --a)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
