package braket

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// signing returns what signs the requests to a service of AWS in a region. The path of S3
// is signed as it is sent, that of the others encoded once more.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func signing(credentials aws.CredentialsProvider, service, region string, now func() time.Time) func(*http.Request) error {
	s3 := service == "s3"
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = s3 })
	return func(r *http.Request) error {
		var body []byte
		if r.Body != nil {
			var err error
			if body, err = io.ReadAll(r.Body); err != nil {
				return err
			}
			r.Body.Close()
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		*r = *r.WithContext(context.WithValue(r.Context(), signedBody{}, body))
		found, err := credentials.Retrieve(r.Context())
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		digest := hex.EncodeToString(sum[:])
		if s3 {
			r.Header.Set("X-Amz-Content-Sha256", digest)
		}
		return signer.SignHTTP(r.Context(), found, r, digest, service, region, now())
	}
}

// signedBody is the key of a request's body in its context, for who signs it again.
type signedBody struct{}

// clock tells the time by which requests are signed: the machine's, corrected by what a
// service said of it.
type clock struct {
	now    func() time.Time
	offset atomic.Int64
}

func (c *clock) time() time.Time { return c.now().Add(time.Duration(c.offset.Load())) }

// correct takes a service's date, and says whether it is another time than was signed.
func (c *clock) correct(date time.Time) bool {
	off := date.Sub(c.now())
	if drift := off - time.Duration(c.offset.Load()); drift.Abs() < tolerated {
		return false
	}
	c.offset.Store(int64(off))
	return true
}

// tolerated is how far a clock may be off until a refusal is put down to it; the services
// allow 5 or 15 minutes.
const tolerated = 4 * time.Minute

// ofTime are the names of refusals that a wrong clock may be behind.
var ofTime = regexp.MustCompile(`InvalidSignatureException|SignatureDoesNotMatch|RequestTimeTooSkewed|RequestExpired|RequestInTheFuture|ExpiredTokenException`)

// corrected is a Transport that signs a request by the service's clock, once more, where it
// was refused and the clocks differ. What was refused for its signature was not carried
// out.
type corrected struct {
	next  http.RoundTripper
	sign  func(*http.Request) error
	clock *clock
}

// maxRefusal is how much of a refusal is looked at.
const maxRefusal = 64 << 10

// RoundTrip implements [http.RoundTripper].
func (c corrected) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.next.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusBadRequest {
		return resp, err
	}
	head, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), resp.Body), resp.Body}
	date, odd := http.ParseTime(resp.Header.Get("Date"))
	body, signed := r.Context().Value(signedBody{}).([]byte)
	if err != nil || odd != nil || !signed || !ofTime.MatchString(resp.Header.Get("X-Amzn-Errortype")+" "+string(head)) || !c.clock.correct(date) {
		return resp, nil
	}
	again := r.Clone(r.Context())
	again.Body = nil
	if r.Body != nil {
		again.Body = io.NopCloser(bytes.NewReader(body))
	}
	for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token"} {
		again.Header.Del(name)
	}
	if err := c.sign(again); err != nil {
		return resp, nil // what was answered says enough
	}
	resp.Body.Close()
	return c.next.RoundTrip(again)
}
