package dns

import "time"

// Idle returns how many sockets c keeps for its first server.
func Idle(c *Client) int {
	c.servers[0].idle.mu.Lock()
	defer c.servers[0].idle.mu.Unlock()
	return len(c.servers[0].idle.stock)
}

// AsRemote lets c take its servers, which are on this host, for remote ones: each question gets a socket of its own.
func AsRemote(c *Client) {
	for _, s := range c.servers {
		s.idle = nil
	}
}

// Silence notes n attempts without an answer against c's first server.
func Silence(c *Client, n int) {
	for range n {
		c.servers[0].failed(time.Now(), false)
	}
}
