package service

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// TooLarge says that an answer holds more bytes, on the wire or unpacked, than what was asked
// for can have. The rest of it is not read.
type TooLarge struct {
	Service string
	Most    int64
}

// Error is the bound.
func (e *TooLarge) Error() string {
	return fmt.Sprintf("%s: an answer of more than %d bytes is not read", e.Service, e.Most)
}

// Room is the most bytes that the result of a job is read of: four times what the longest
// of the services' forms takes for a bit and for a shot, the registers and remarks of each
// circuit, and the job's own body, which some of them send back.
func Room(shapes []Shape, request int) int64 {
	most := int64(1<<20) + 8*int64(request)
	for _, s := range shapes {
		most += 64<<10 + int64(s.Shots)*int64(64+32*s.Bits)
	}
	return most
}

// stalled says that a connection made no progress for so long.
type stalled struct{ still time.Duration }

func (s *stalled) Error() string { return fmt.Sprintf("nothing came or went for %v", s.still) }

// Timeout marks it as what net/http calls one.
func (s *stalled) Timeout() bool { return true }

// patient ends an exchange that makes no progress, however long it takes in all: bytes that
// are sent, an answer that begins, bytes that come. It asks for packed answers, which are
// unpacked by who reads them, within a bound.
type patient struct {
	next  http.RoundTripper
	still time.Duration
}

// RoundTrip implements [http.RoundTripper].
func (p patient) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	w := &watch{cancel: cancel, ctx: ctx, still: p.still}
	w.timer = time.AfterFunc(p.still, func() { cancel(&stalled{p.still}) })
	own := req.Clone(ctx)
	if own.Header.Get("Accept-Encoding") == "" {
		own.Header.Set("Accept-Encoding", "gzip")
	}
	if body := own.Body; body != nil && body != http.NoBody {
		own.Body = &watched{body, w, nil}
	}
	resp, err := p.next.RoundTrip(own)
	if err != nil {
		w.stop()
		return nil, w.cause(err)
	}
	w.timer.Reset(p.still)
	if to := resp.Header.Get("Location"); to != "" { // not net/http's business: it would show what it can't read
		resp.Header.Del("Location")
		resp.Header.Set(movedTo, to)
	}
	resp.Body = &watched{resp.Body, w, w.stop}
	return resp, nil
}

// movedTo is the header that takes the place of Location, which nobody follows.
const movedTo = "Qgan-Moved-To"

// watch is the time that an exchange may stand still.
type watch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	still  time.Duration
}

func (w *watch) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

// cause is the stall behind an error, or the error.
func (w *watch) cause(err error) error {
	var s *stalled
	if err != nil && err != io.EOF && errors.As(context.Cause(w.ctx), &s) {
		return s
	}
	return err
}

// watched is a body whose bytes are progress.
type watched struct {
	io.ReadCloser
	w     *watch
	after func() // closing it
}

func (b *watched) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.w.timer.Reset(b.w.still)
	}
	return n, b.w.cause(err)
}

func (b *watched) Close() error {
	err := b.ReadCloser.Close()
	if b.after != nil {
		b.after()
	}
	return err
}

// bounded reads so many bytes and fails where there are more.
type bounded struct {
	from io.Reader
	left int64
	over error
}

func (b *bounded) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.from.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, b.over
	}
	return n, err
}

// unpack reads the body of an answer, of so many bytes at most, packed and unpacked. With an
// error it returns what was read before.
func unpack(service string, resp *http.Response, most int64) ([]byte, error) {
	over := &TooLarge{service, most}
	wire := &bounded{resp.Body, most + most>>8 + 1<<10, over} // what can't be packed grows a little
	from := io.Reader(wire)
	switch coding := resp.Header.Get("Content-Encoding"); coding {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(wire)
		if err == io.EOF {
			return nil, nil // nothing was sent
		}
		if err != nil {
			return nil, err
		}
		from = z
	default:
		return nil, fmt.Errorf("it is packed as %q, which was not asked for", coding)
	}
	return io.ReadAll(&bounded{from, most, over})
}
