package service_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"qgan/backends"
	"qgan/backends/service"
)

// silent is a Transport that never answers.
type silent struct{ asked []*http.Request }

func (s *silent) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked = append(s.asked, r)
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// A try lasts a minute where nothing else is said, and what may be sent once can't be sent
// again by the connection either.
func TestHowLongATryLasts(t *testing.T) {
	for given, want := range map[time.Duration]time.Duration{0: time.Minute, 5 * time.Second: 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := &silent{}
			r, err := service.NewREST("svc", "https://svc.example", service.RESTOptions{Transport: s, Timeout: given})
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			if _, err := r.Do(t.Context(), service.Call{Method: "POST", Path: "x", Body: []byte("b"), Once: true}); err == nil {
				t.Error("no answer was one")
			}
			if took := time.Since(begin); took != want || len(s.asked) != 1 || s.asked[0].GetBody != nil {
				t.Errorf("%d tries in %v, want one of %v that can't be repeated", len(s.asked), took, want)
			}
		})
	}
}

// How often a question is asked that fails each time.
func TestHowOftenIsAsked(t *testing.T) {
	for retries, want := range map[int]int{-1: 1, 0: 6, 1: 2, 3: 4} {
		s := &scripted{answers: []answer{{503, "", ""}}}
		r, err := service.NewREST("svc", "https://svc.example", service.RESTOptions{Transport: s, Retries: retries, WaitMin: 1, WaitMax: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Do(t.Context(), service.Call{Method: "GET", Path: "x"}); service.StatusOf(err) != 503 || len(s.asked) != want {
			t.Errorf("%d retries: asked %d times, want %d; %v", retries, len(s.asked), want, err)
		}
	}
}

// Who has no credentials fetches them: a question is not repeated for that.
func TestCredentialsAreAskedForOnce(t *testing.T) {
	tries := 0
	s := &scripted{answers: []answer{{200, "", ""}}}
	r, err := service.NewREST("svc", "https://svc.example", service.RESTOptions{Transport: s, WaitMin: 1, WaitMax: 1, Authorize: func(*http.Request) error { tries++; return errors.New("none") }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(t.Context(), service.Call{Method: "GET", Path: "x"}); err == nil || tries != 1 || len(s.asked) != 0 {
		t.Errorf("%d tries, %v", tries, err)
	}
}

// Up to 64 bits are words, more are rows, and the last bit is in both.
func TestWordsAndRows(t *testing.T) {
	for _, bits := range []int{1, 8, 63, 64, 65} {
		r := backends.NewRows(bits, 2)
		r.Set(1, bits-1)
		o := r.Outcome()
		if bits <= 64 {
			if o.Rows != nil || !slices.Equal(o.Words, []uint64{0, 1}) || len(o.Counts) != 2 {
				t.Errorf("%d bits: %+v", bits, o)
			}
			continue
		}
		if o.Words != nil || len(o.Rows) != 18 || o.Rows[17] != 0x80 {
			t.Errorf("%d bits: %+v", bits, o)
		}
	}
}

// Probabilities that add up to a little more or less than 1 are still so many shots.
func TestApportionOfRoundedProbabilities(t *testing.T) {
	for _, k := range []struct {
		p    []float64
		want []int
	}{
		{[]float64{0.5, 0.5009}, []int{4996, 5004}},
		{[]float64{0.5, 0.4992}, []int{5004, 4996}},
		{[]float64{0.2, 0.2, 0.2, 0.2, 0.2009}, []int{1999, 1998, 1998, 1998, 2007}},
	} {
		got, err := service.Apportion(k.p, 10000)
		sum := 0
		for _, n := range got {
			sum += n
		}
		if err != nil || !slices.Equal(got, k.want) || sum != 10000 {
			t.Errorf("%v: %v, want %v, %d in all; %v", k.p, got, k.want, sum, err)
		}
	}
}
