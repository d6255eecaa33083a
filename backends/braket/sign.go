package braket

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
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
