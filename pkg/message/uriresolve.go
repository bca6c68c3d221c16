package message

import "strings"

// A relativeURI is a URI in its parts (RFC 3986, 3). The flags tell whether there is one, empty or not.
type relativeURI struct {
	scheme, authority, path, query, fragment string

	hasScheme, hasAuthority, hasQuery, hasFragment bool
}

// splitURI splits any text (RFC 3986, appendix B).
func splitURI(uri string) (u relativeURI) {
	if end := strings.IndexAny(uri, ":/?#"); end > 0 && uri[end] == ':' {
		u.scheme, u.hasScheme, uri = uri[:end], true, uri[end+1:]
	}
	if rest, found := strings.CutPrefix(uri, "//"); found {
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		u.authority, u.hasAuthority, uri = rest[:end], true, rest[end:]
	}
	uri, u.fragment, u.hasFragment = strings.Cut(uri, "#")
	u.fragment, _, _ = strings.Cut(u.fragment, "\n") // SpamAssassin's expression ends there
	u.path, u.query, u.hasQuery = strings.Cut(uri, "?")
	return u
}

// resolveURI makes an absolute URI of one that is relative to base (RFC 3986, 5.2), which may be "". As browsers do, and
// SpamAssassin, it takes one with the scheme of its base for relative.
func resolveURI(base, uri string) string {
	r, b := splitURI(uri), splitURI(base)
	if r.hasScheme && b.hasScheme && r.scheme == b.scheme {
		r.hasScheme = false
	}
	switch {
	case r.hasScheme, r.hasAuthority:
		r.path = removeDots(r.path)
	default:
		switch {
		case r.path == "":
			r.path = b.path
			if !r.hasQuery {
				r.query, r.hasQuery = b.query, b.hasQuery
			}
		case r.path[0] == '/':
			r.path = removeDots(r.path)
		case b.hasAuthority && b.path == "":
			r.path = removeDots("/" + r.path)
		default:
			r.path = removeDots(b.path[:strings.LastIndexByte(b.path, '/')+1] + r.path)
		}
		r.authority, r.hasAuthority = b.authority, b.hasAuthority
	}
	if !r.hasScheme {
		r.scheme = b.scheme
	}
	return r.join()
}

// join puts a URI together. One without a scheme has that which its host's name speaks for.
func (u *relativeURI) join() string {
	var out strings.Builder
	switch {
	case u.scheme != "" && u.scheme != "0":
		out.WriteString(u.scheme + ":")
	case u.hasAuthority && beginsHost(u.authority, "www"):
		out.WriteString("http:")
	case u.hasAuthority && beginsHost(u.authority, "ftp"):
		out.WriteString("ftp:")
	}
	if u.hasAuthority {
		out.WriteString("//" + u.authority)
	}
	out.WriteString(u.path)
	if u.hasQuery {
		out.WriteString("?" + u.query)
	}
	if u.hasFragment {
		out.WriteString("#" + u.fragment)
	}
	return out.String()
}

// beginsHost tells whether a host begins with a word, digits and a dot.
func beginsHost(host, word string) bool {
	if len(host) < len(word) || !strings.EqualFold(host[:len(word)], word) {
		return false
	}
	return strings.HasPrefix(strings.TrimLeft(host[len(word):], "0123456789"), ".")
}

// removeDots resolves "." and ".." in a path (RFC 3986, 5.2.4).
func removeDots(path string) string {
	if strings.IndexByte(path, '.') < 0 && path != "0" {
		return path
	}
	if rest, found := strings.CutPrefix(path, "../"); found {
		path = "/" + rest
	} else if rest, found := strings.CutPrefix(path, "./"); found {
		path = "/" + rest
	}
	out := make([]byte, 0, len(path))
	for path != "" && path != "0" {
		switch {
		case path == "/." || strings.HasPrefix(path, "/./"):
			path = "/" + strings.TrimPrefix(path[2:], "/")
		case path == "/.." || strings.HasPrefix(path, "/../"):
			path = "/" + strings.TrimPrefix(path[3:], "/")
			slash := len(out)
			for slash > 0 && out[slash-1] != '/' {
				slash--
			}
			out = out[:max(slash-1, 0)]
		default:
			end := strings.IndexByte(path[1:], '/') + 1
			if end == 0 {
				end = len(path)
			}
			if path[0] != '/' && end == 0 {
				end = len(path)
			}
			out, path = append(out, path[:end]...), path[end:]
		}
	}
	return string(out)
}
