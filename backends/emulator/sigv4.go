package emulator

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// scope is what the signature of a request says of itself.
type scope struct {
	key, date, region, service string
	signed                     []string // names of headers
	signature                  string
}

// readScope reads the Authorization header of Signature Version 4.
func readScope(r *http.Request) (s scope, ok bool) {
	rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	if !ok {
		return s, false
	}
	for _, part := range strings.Split(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			fields := strings.Split(value, "/")
			if len(fields) != 5 || fields[4] != "aws4_request" {
				return s, false
			}
			s.key, s.date, s.region, s.service = fields[0], fields[1], fields[2], fields[3]
		case "SignedHeaders":
			s.signed = strings.Split(value, ";")
		case "Signature":
			s.signature = value
		}
	}
	return s, s.key != "" && s.signature != "" && slices.Contains(s.signed, "host")
}

// maxSkew is how far the clock of a signature may be off.
const maxSkew = 15 * time.Minute

// verify computes the signature of a request anew ("Create a signed AWS API request", IAM
// user guide). The path is signed as it came for S3, encoded once more for other services.
// The body is read and put back.
func (s *scope) verify(r *http.Request, secret string, now time.Time) (problem string) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "The body can't be read."
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	stamp := r.Header.Get("X-Amz-Date")
	at, err := time.Parse("20060102T150405Z", stamp)
	switch {
	case err != nil || !strings.HasPrefix(stamp, s.date):
		return "The date of the request is missing."
	case at.Before(now.Add(-maxSkew)) || at.After(now.Add(maxSkew)):
		return "Signature expired: " + stamp + " is too far from now."
	}
	sum := sha256.Sum256(body)
	digest := hex.EncodeToString(sum[:])
	if told := r.Header.Get("X-Amz-Content-Sha256"); told != "" {
		if told != digest && told != "UNSIGNED-PAYLOAD" {
			return "The provided 'x-amz-content-sha256' header does not match what was computed."
		}
		digest = told
	}
	path, query, _ := strings.Cut(r.RequestURI, "?")
	if u, err := url.Parse(path); err == nil && u.IsAbs() {
		path = u.EscapedPath()
	}
	if s.service != "s3" {
		path = awsEscape(path, true)
	}
	var lines []string
	for _, name := range s.signed {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = strconv.FormatInt(r.ContentLength, 10)
		}
		lines = append(lines, name+":"+strings.Join(strings.Fields(value), " ")+"\n")
	}
	canonical := strings.Join([]string{r.Method, path, canonicalQuery(query), strings.Join(lines, ""), strings.Join(s.signed, ";"), digest}, "\n")
	hashed := sha256.Sum256([]byte(canonical))
	text := strings.Join([]string{"AWS4-HMAC-SHA256", stamp, strings.Join([]string{s.date, s.region, s.service, "aws4_request"}, "/"), hex.EncodeToString(hashed[:])}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range []string{s.date, s.region, s.service, "aws4_request", text} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	if !hmac.Equal([]byte(hex.EncodeToString(key)), []byte(s.signature)) {
		return "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method."
	}
	return ""
}

// awsEscape encodes all but unreserved letters, and slashes where they are kept.
func awsEscape(s string, slashes bool) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.~", c) >= 0, c == '/' && slashes:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}

// canonicalQuery sorts a query by names and values, encoded.
func canonicalQuery(raw string) string {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return raw
	}
	var out []string
	for name, list := range values {
		for _, v := range list {
			out = append(out, awsEscape(name, false)+"="+awsEscape(v, false))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "&")
}
