package ibm

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"qgan/backends/service"
)

// OpenBatch asks for a batch where jobs are asked to be in one; "" elsewhere. It costs nothing
// by itself, and ends by itself a minute after its last job.
//
// https://quantum.cloud.ibm.com/docs/guides/run-jobs-batch
func (c *Client) OpenBatch(ctx context.Context) (string, error) {
	if c.Asked("ibm-batch") != "true" {
		return "", nil
	}
	body, err := json.Marshal(map[string]string{"mode": "batch", "backend": c.Device()})
	if err != nil {
		return "", err
	}
	return c.rest.Create(ctx, service.Call{Path: "sessions", Body: body})
}

// InBatch is the body of a job of a batch.
func (c *Client) InBatch(body []byte, id string) []byte {
	return service.WithMember(body, "session_id", id)
}

// CloseBatch takes no more jobs into a batch, or a session; those in it are run.
func (c *Client) CloseBatch(ctx context.Context, id string) error {
	_, err := c.rest.Do(ctx, service.Call{Method: http.MethodPatch, Path: "sessions/" + url.PathEscape(id), Body: []byte(`{"accepting_jobs":false}`)})
	if service.StatusOf(err) == http.StatusNotFound { // it has ended
		return nil
	}
	return err
}
