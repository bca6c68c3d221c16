package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"syscall"
)

// ErrNotRunning is the error of a Client whose daemon does not serve its socket.
var ErrNotRunning = errors.New("winnow is not running")

// maxAnswer bounds what a client reads of an answer, in octets.
const maxAnswer = 256 << 20

// A Client asks a running winnow through its control socket.
type Client struct{ http *http.Client }

// NewClient returns a client of the socket at path; nothing is asked yet.
func NewClient(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}
	return &Client{&http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
}

// Lists reads the state of each list into the slice that into points to.
func (c *Client) Lists(ctx context.Context, into any) error {
	return c.do(ctx, http.MethodGet, "lists", nil, nil, into)
}

// Rules reads the state of the content rules into what into points to.
func (c *Client) Rules(ctx context.Context, into any) error {
	return c.do(ctx, http.MethodGet, "rules", nil, nil, into)
}

// Forget takes a learned pair back and tells whether there was one.
func (c *Client) Forget(ctx context.Context, local, remote string) (bool, error) {
	var found bool
	err := c.do(ctx, http.MethodDelete, "correspondents", url.Values{"local": {local}, "remote": {remote}}, nil, &found)
	return found, err
}

// NotSpam reports the message of a record of the trail as not spam, and reads what that changed into what into points to.
func (c *Client) NotSpam(ctx context.Context, record []byte, into any) error {
	return c.do(ctx, http.MethodPost, "not-spam", nil, bytes.NewReader(record), into)
}

func (c *Client) do(ctx context.Context, method, what string, values url.Values, body io.Reader, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, "http://winnow/v1/"+what+"?"+values.Encode(), body)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return ErrNotRunning
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("control socket: %w; run this as root, or as the user that winnow runs as", fs.ErrPermission)
	case err != nil:
		return fmt.Errorf("control socket: %w", err)
	}
	defer response.Body.Close()
	answer := json.NewDecoder(io.LimitReader(response.Body, maxAnswer))
	if response.StatusCode != http.StatusOK {
		var p problem
		if err := answer.Decode(&p); err != nil || p.Error == "" {
			return fmt.Errorf("control socket: %s", response.Status)
		}
		return errors.New(p.Error)
	}
	if err := answer.Decode(into); err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	return nil
}
