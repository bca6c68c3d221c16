package store

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A URL says where the store is. It prints without what is secret in it; string(u) is the whole.
//
//	memory:                                                     in this process, gone with it
//	embedded:/var/lib/winnow/winnow.db                          in one file
//	redis://[[user]:password@]host[:port][/db]                  in a Redis
//	redis-unix://[[user]:password@]/run/redis/redis.sock[?db=2] in one behind a unix socket
//	redis-sentinel://[[user]:password@]host[:port][,host[:port]...]/master[/db]
//	redis-cluster://[[user]:password@]host[:port][,host[:port]...]
//
// rediss, rediss-sentinel and rediss-cluster are the same with TLS. Behind a question mark may stand
//
//	timeout=TIME                            how long Redis may take to connect and to answer, 200ms unless said; what a mail waits for has nearer limits
//	password_file=FILE                      the password, for those who keep it out of the configuration
//	sentinel_user, sentinel_password, sentinel_password_file   what the sentinels want
//	ca=FILE                                 who signed the server's certificate; else the system's authorities
//	cert=FILE, key=FILE                     ours, where the server asks for one
//
// In user and password the characters @ / : ? # % are written as %40 %2F %3A %3F %23 %25.
type URL string

const stars = "***"

// String returns the URL with *** for user, password and whatever else is secret. Of a URL that is wrong it shows only
// the scheme: there is no telling which part of it was meant to be the password.
func (u URL) String() string {
	if u == "" {
		return ""
	}
	p, err := parse(string(u))
	if err != nil {
		if scheme, _, _ := strings.Cut(string(u), ":"); schemes[scheme].form != "" {
			return scheme + ":" + stars
		}
		return stars
	}
	if p.kind == memory || p.kind == embedded {
		return string(u)
	}
	head, query, _ := strings.Cut(string(u), "?")
	if i := strings.LastIndexByte(head, '@'); i >= 0 {
		head = head[:strings.Index(head, "://")+3] + stars + head[i:]
	}
	if query == "" {
		return head
	}
	params := strings.Split(query, "&")
	for i, param := range params {
		name, _, _ := strings.Cut(param, "=")
		if plain, err := url.QueryUnescape(name); err != nil || plain == "sentinel_password" {
			params[i] = name + "=" + stars
		}
	}
	return head + "?" + strings.Join(params, "&")
}

// GoString returns what String returns, so that %#v tells no more.
func (u URL) GoString() string { return strconv.Quote(u.String()) }

// MarshalText returns what String returns.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText takes the URL as it stands; Validate tells what is wrong with it.
func (u *URL) UnmarshalText(text []byte) error {
	*u = URL(text)
	return nil
}

// Validate returns what is wrong with the URL.
func (u URL) Validate() []error {
	if _, err := parse(string(u)); err != nil {
		return []error{err}
	}
	return nil
}

type kind int

const (
	memory kind = iota
	embedded
	single
	unixSocket
	sentinel
	cluster
)

var schemes = map[string]struct {
	kind kind
	tls  bool
	form string
}{
	"memory":          {memory, false, "memory:"},
	"embedded":        {embedded, false, "embedded:/path/to/file.db"},
	"redis":           {single, false, "redis://[[user]:password@]host[:port][/db]"},
	"rediss":          {single, true, "rediss://[[user]:password@]host[:port][/db]"},
	"redis-unix":      {unixSocket, false, "redis-unix://[[user]:password@]/path/to/redis.sock[?db=N]"},
	"redis-sentinel":  {sentinel, false, "redis-sentinel://[[user]:password@]host[:port][,host[:port]...]/master[/db]"},
	"rediss-sentinel": {sentinel, true, "rediss-sentinel://[[user]:password@]host[:port][,host[:port]...]/master[/db]"},
	"redis-cluster":   {cluster, false, "redis-cluster://[[user]:password@]host[:port][,host[:port]...]"},
	"rediss-cluster":  {cluster, true, "rediss-cluster://[[user]:password@]host[:port][,host[:port]...]"},
}

// place is a URL taken apart.
type place struct {
	kind           kind
	tls            bool
	path           string // the file or the socket
	hosts          []string
	user, password string
	master         string
	db             int
	timeout        time.Duration // 0 where nothing is said
	params         url.Values
}

// Limits of a timeout.
const (
	leastTimeout = 10 * time.Millisecond
	mostTimeout  = 10 * time.Second
)

// parse takes a URL apart. Its errors never quote what they are about: it may be part of a password that was not
// written as it should be. net/url cannot be used: several hosts are no authority to it, and its errors quote.
func parse(s string) (*place, error) {
	scheme, rest, _ := strings.Cut(s, ":")
	form, known := schemes[scheme]
	if !known {
		return nil, errors.New("store: want memory:, embedded:/path/to/file.db or redis://host:port (or rediss, redis-unix, redis-sentinel, redis-cluster)")
	}
	p := &place{kind: form.kind, tls: form.tls}
	if err := p.parse(rest); err != nil {
		return nil, fmt.Errorf("store: %s URL: %w; want %s", scheme, err, form.form)
	}
	return p, nil
}

func (p *place) parse(rest string) error {
	switch p.kind {
	case memory:
		if rest != "" {
			return errors.New("nothing may follow the colon")
		}
		return nil
	case embedded:
		p.path = strings.TrimPrefix(rest, "//") // embedded:///path is what some will write
		if p.path == "" || strings.ContainsRune(p.path, 0) {
			return errors.New("names no file")
		}
		return nil
	}
	rest, ok := strings.CutPrefix(rest, "//")
	if !ok {
		return errors.New("no // behind the colon")
	}
	rest, query, _ := strings.Cut(rest, "?")
	if err := p.parseParams(query); err != nil {
		return err
	}
	authority, path, _ := strings.Cut(rest, "/")
	if strings.Contains(path, "@") {
		return errors.New("a / in user or password is written as %2F")
	}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		if err := p.parseUser(authority[:i]); err != nil {
			return err
		}
		authority = authority[i+1:]
	}
	if p.kind == unixSocket {
		return p.parseSocket(authority, path)
	}
	if err := p.parseHosts(authority); err != nil {
		return err
	}
	return p.parsePath(path)
}

func (p *place) parseUser(info string) error {
	user, password, found := strings.Cut(info, ":")
	if !found {
		return errors.New("a password stands behind a colon, also without a user")
	}
	var err, err2 error
	p.user, err = url.PathUnescape(user)
	p.password, err2 = url.PathUnescape(password)
	if err != nil || err2 != nil {
		return errors.New("a % in user or password is written as %25")
	}
	return nil
}

func (p *place) parseSocket(authority, path string) error {
	if authority != "" || path == "" {
		return errors.New("names no absolute path of a socket")
	}
	p.path = "/" + path
	return p.parseDB(p.params.Get("db"))
}

func (p *place) parseHosts(authority string) error {
	for i, host := range strings.Split(authority, ",") {
		addr, ok := hostPort(host, map[bool]string{false: "6379", true: "26379"}[p.kind == sentinel])
		if !ok {
			return fmt.Errorf("host %d is not host:port", i+1)
		}
		p.hosts = append(p.hosts, addr)
	}
	if p.kind == single && len(p.hosts) > 1 {
		return errors.New("one host only; several are a redis-cluster or a redis-sentinel")
	}
	return nil
}

// hostPort adds the port that is meant where none is written.
func hostPort(s, port string) (string, bool) {
	if !strings.Contains(s, ":") || strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		s += ":" + port
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" || strings.ContainsAny(host, " \t%#?") {
		return "", false
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", false
	}
	return net.JoinHostPort(host, port), true
}

// parsePath reads what stands behind the hosts: a database, with sentinels the master's name before it.
func (p *place) parsePath(path string) error {
	if p.kind == sentinel {
		if p.master, path, _ = strings.Cut(path, "/"); p.master == "" {
			return errors.New("the master's name is missing")
		}
	}
	if p.kind == cluster && path != "" {
		return errors.New("a cluster has one database only")
	}
	return p.parseDB(path)
}

func (p *place) parseDB(s string) error {
	if s == "" {
		return nil
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return errors.New("the database is not a number")
	}
	p.db = int(n)
	return nil
}

func (p *place) parseParams(query string) error {
	var err error
	if p.params, err = url.ParseQuery(query); err != nil {
		return errors.New("what stands behind the question mark is not name=value")
	}
	for name := range p.params {
		switch name {
		case "password_file":
		case "timeout":
			if p.timeout, err = time.ParseDuration(p.params.Get(name)); err != nil || p.timeout < leastTimeout || p.timeout > mostTimeout {
				return fmt.Errorf("timeout must be a time from %v to %v, like 500ms", leastTimeout, mostTimeout)
			}
		case "sentinel_user", "sentinel_password", "sentinel_password_file":
			if p.kind != sentinel {
				return fmt.Errorf("%s is for redis-sentinel only", name)
			}
		case "ca", "cert", "key":
			if !p.tls {
				return fmt.Errorf("%s is for TLS (rediss) only", name)
			}
		case "db":
			if p.kind != unixSocket {
				return errors.New("the database is written behind the host, as /2")
			}
		default:
			return errors.New("unknown parameter: it may be timeout, password_file, sentinel_user, sentinel_password, sentinel_password_file, ca, cert, key or (with redis-unix) db")
		}
	}
	if (p.params.Get("cert") == "") != (p.params.Get("key") == "") {
		return errors.New("cert and key go together")
	}
	return nil
}
