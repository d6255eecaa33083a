package ibm

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"qgan/backends/service"
)

// tokens exchanges an API key for tokens and keeps the one that is good. Those who need
// one while it is fetched wait for the same answer.
type tokens struct {
	key  string
	rest *service.REST
	now  func() time.Time

	mu      sync.Mutex
	token   string
	refresh time.Time // from then on a new one is asked for
	expires time.Time // from then on the token is of no use
}

// newTokens returns the tokens of a key at an address of IBM Cloud IAM.
func newTokens(iam, key string, o service.RESTOptions, now func() time.Time) (*tokens, error) {
	o.Problem, o.Authorize, o.Header = iamProblem, nil, nil
	rest, err := service.NewREST("IBM Cloud IAM", iam, o)
	if err != nil {
		return nil, err
	}
	return &tokens{key: key, rest: rest, now: now}, nil
}

// iamProblem reads the error body of IAM, which is not that of the quantum service.
func iamProblem(a *service.Answer) error {
	var e struct{ ErrorCode, ErrorMessage string }
	if json.Unmarshal(a.Body, &e) != nil || e.ErrorMessage == "" {
		return nil
	}
	return fmt.Errorf("%s (%s)", e.ErrorMessage, e.ErrorCode)
}

const (
	refreshAt = 0.8              // of a token's life
	unusable  = 10 * time.Second // before its end
)

// get returns a token that is good now. A token past four fifths of its life is replaced;
// where that fails, it serves to its end.
func (t *tokens) get(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if now.Before(t.refresh) {
		return t.token, nil
	}
	token, issued, expires, err := t.fetch(ctx)
	if err != nil {
		if now.Before(t.expires.Add(-unusable)) {
			return t.token, nil
		}
		return "", err
	}
	// The life is the service's; when it began is now, whatever its clock says.
	life := expires.Sub(issued)
	t.token, t.expires = token, now.Add(life)
	t.refresh = now.Add(time.Duration(refreshAt * float64(life)))
	return token, nil
}

// drop forgets a token that was refused, unless a newer one is there.
func (t *tokens) drop(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token == token {
		t.refresh, t.expires = time.Time{}, time.Time{}
	}
}

func (t *tokens) fetch(ctx context.Context) (token string, issued, expires time.Time, err error) {
	form := url.Values{"grant_type": {"urn:ibm:params:oauth:grant-type:apikey"}, "apikey": {t.key}, "response_type": {"cloud_iam"}}
	// The key is in the body, so asking again does no harm.
	a, err := t.rest.Do(ctx, service.Call{Method: http.MethodPost, Path: "identity/token", Body: []byte(form.Encode()), Type: "application/x-www-form-urlencoded"})
	if err != nil {
		return "", issued, expires, fmt.Errorf("exchanging the API key for a token: %w", err)
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := t.rest.JSON(a, &answer); err != nil {
		return "", issued, expires, errors.New("exchanging the API key for a token: the answer is no JSON object")
	}
	issued, expires, err = lifeOf(answer.Token)
	return answer.Token, issued, expires, err
}

// lifeOf reads when a JSON web token was issued and when it expires.
func lifeOf(token string) (issued, expires time.Time, err error) {
	parts := strings.Split(token, ".")
	var claims struct {
		Issued  float64 `json:"iat"`
		Expires float64 `json:"exp"`
	}
	if len(parts) == 3 {
		var raw []byte
		if raw, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "=")); err == nil {
			err = json.Unmarshal(raw, &claims)
		}
	}
	if len(parts) != 3 || err != nil || claims.Expires <= claims.Issued {
		return issued, expires, errors.New("the token of IBM Cloud IAM is no JSON web token with iat and exp")
	}
	return time.Unix(int64(claims.Issued), 0), time.Unix(int64(claims.Expires), 0), nil
}
