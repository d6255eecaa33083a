package azure

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"qgan/backends/service"
)

// The blobs of a job.
const (
	inputBlob  = "inputData"
	outputBlob = "rawOutputData"
)

// containerOf is the container of a job, as Microsoft's client names it.
func containerOf(id string) string { return "job-" + id }

// placeOf is the container and the blob of an address: the last two parts of its path.
func placeOf(link string) (container, blob string, err error) {
	u, err := url.Parse(link)
	if err == nil {
		parts := strings.Split(strings.Trim(u.Path, "/"), "/")
		if n := len(parts); n >= 2 && parts[n-2] != "" && parts[n-1] != "" {
			return parts[n-2], parts[n-1], nil
		}
	}
	return "", "", fmt.Errorf("Azure Quantum: the result is said to be at %.80q, which is no blob", service.Shown(link))
}

// signedURL is the address of a container or of a blob that lets its holder in (SAS). It is
// as secret as a key: no message tells it.
type signedURL struct{ *url.URL }

// blob is the address of a blob of the container, without what lets in.
func (s signedURL) blob(name string) string {
	u := *s.URL
	u.RawQuery = ""
	return u.String() + "/" + name
}

// signed asks for the address of a container or one of its blobs. What the service names is
// taken where it is Azure's storage, or on this machine where the service is.
func (c *Client) signed(ctx context.Context, container, blob string) (signedURL, error) {
	ask := map[string]string{"containerName": container}
	if blob != "" {
		ask["blobName"] = blob
	}
	var answer struct {
		URI string `json:"sasUri"`
	}
	if err := c.call(ctx, http.MethodPost, "storage/sasUri", ask, false, &answer); err != nil {
		return signedURL{}, err
	}
	u, err := url.Parse(answer.URI)
	switch {
	case err != nil || u.Host == "" || u.User != nil || len(u.Path) < 2:
		return signedURL{}, errors.New("Azure Quantum: the answer holds no address of the storage")
	case c.Local() && service.Loopback(u):
	case u.Scheme != "https" || u.Port() != "" || !strings.HasSuffix(u.Hostname(), ".blob.core.windows.net"):
		return signedURL{}, fmt.Errorf("Azure Quantum: the storage is said to be at %.80q, which is not Azure's: nothing is sent there", u.Host)
	}
	return signedURL{u}, nil
}

// store is the client of an address's host, which gets no credentials but the address.
func (c *Client) store(s signedURL) (*service.REST, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	base := s.Scheme + "://" + s.Host
	if r := c.stores[base]; r != nil {
		return r, nil
	}
	o := c.storage
	o.Header = http.Header{"X-Ms-Version": {"2023-11-03"}, "X-Ms-Blob-Type": {"BlockBlob"}}
	r, err := service.NewREST("Azure's storage", base, o)
	if err != nil {
		return nil, err
	}
	if c.stores == nil {
		c.stores = map[string]*service.REST{}
	}
	c.stores[base] = r
	return r, nil
}

// upload writes the input of a job into its container; the same again is the same.
func (c *Client) upload(ctx context.Context, container signedURL, b submission) error {
	store, err := c.store(container)
	if err != nil {
		return err
	}
	_, err = store.Do(ctx, service.Call{Method: http.MethodPut, Path: container.EscapedPath() + "/" + inputBlob + "?" + container.RawQuery, Body: []byte(b.Input), Type: b.Type})
	return err
}

// download reads a blob.
func (c *Client) download(ctx context.Context, from signedURL, most int64) ([]byte, error) {
	store, err := c.store(from)
	if err != nil {
		return nil, err
	}
	a, err := store.Do(ctx, service.Call{Method: http.MethodGet, Path: from.EscapedPath() + "?" + from.RawQuery, Most: most})
	if err != nil {
		return nil, err
	}
	return a.Body, nil
}

// problemXML reads the error bodies of the storage.
func problemXML(a *service.Answer) error {
	var e struct{ Code, Message string }
	if xml.Unmarshal(a.Body, &e) != nil || e.Code == "" {
		return nil
	}
	first, _, _ := strings.Cut(e.Message, "\n") // behind it are ids of the request
	return errors.New(service.WithCode(first, e.Code))
}
