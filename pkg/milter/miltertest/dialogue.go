package miltertest

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A Dialogue is a file of what an MTA sends and what it must be told; the package comment tells its form.
type Dialogue struct {
	Name     string
	Settings [][2]string // of the filter
	Told     []Line      // what the Account must have been told at the end
	steps    []step
}

// A Line is a line of a dialogue.
type Line struct {
	Number int
	Text   string
}

// A step is one command and what must be answered.
type step struct {
	Line
	verb, rest string
	want       []string
}

// ReadDialogue reads a file.
func ReadDialogue(path string) (*Dialogue, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d := &Dialogue{Name: filepath.Base(path)}
	for i, text := range strings.Split(string(data), "\n") {
		line := Line{Number: i + 1, Text: strings.TrimSpace(text)}
		verb, rest, _ := strings.Cut(line.Text, " ")
		switch {
		case line.Text == "" || verb[0] == '#':
		case verb == "set":
			key, value, _ := strings.Cut(rest, " ")
			d.Settings = append(d.Settings, [2]string{key, value})
		case verb == "told":
			d.Told = append(d.Told, Line{line.Number, rest})
		case verb == "<" && len(d.steps) == 0:
			return nil, d.fault(line, "a reply before any command")
		case verb == "<":
			last := &d.steps[len(d.steps)-1]
			last.want = append(last.want, rest)
		case verbs[verb] == nil:
			return nil, d.fault(line, "unknown command")
		default:
			d.steps = append(d.steps, step{Line: line, verb: verb, rest: rest})
		}
	}
	return d, nil
}

func (d *Dialogue) fault(l Line, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s: %s", d.Name, l.Number, l.Text, fmt.Sprintf(format, args...))
}

// Play speaks the MTA's part.
func (d *Dialogue) Play(c *Client) error {
	for i := range d.steps {
		s := &d.steps[i]
		got, err := verbs[s.verb](c, s.rest)
		for err == nil && (s.verb == "frame" || s.verb == "raw") && len(got) < len(s.want) {
			var r Reply // only the file knows whether one is due
			r, err = c.Receive()
			got = append(got, r)
		}
		if err != nil {
			return d.fault(s.Line, "%v", err)
		}
		want := s.want
		if len(want) == 0 {
			want = s.usual(got)
		}
		if !slices.EqualFunc(got, want, func(got Reply, want string) bool { return Match(want, got.String()) }) {
			return d.fault(s.Line, "got %q, want %q", got, want)
		}
	}
	return nil
}

// usual is what must be answered where the file says nothing.
func (s *step) usual(got []Reply) []string {
	switch {
	case s.verb == "eom":
		return []string{"a"}
	case len(got) == 0:
		return nil
	}
	return []string{"c"}
}

// CheckTold compares what an Account was told with what it must have been told.
func (d *Dialogue) CheckTold(got []string) error {
	for i, want := range d.Told {
		if i >= len(got) {
			return d.fault(want, "nothing of that was told; all there is:\n%s", strings.Join(got, "\n"))
		}
		if !Match(want.Text, got[i]) {
			return d.fault(want, "told %q", got[i])
		}
	}
	if len(got) > len(d.Told) {
		return fmt.Errorf("%s: told more than the dialogue says:\n%s", d.Name, strings.Join(got[len(d.Told):], "\n"))
	}
	return nil
}

// Match tells whether text has the form of a pattern, in which * stands for anything.
func Match(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(text, parts[0])
	if len(parts) == 1 || !ok {
		return ok && rest == ""
	}
	last := parts[len(parts)-1]
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(rest, part)
		if at < 0 {
			return false
		}
		rest = rest[at+len(part):]
	}
	return strings.HasSuffix(rest, last)
}

// verbs are the commands of a dialogue. Each returns what the filter answered, none where no answer is due.
var verbs = map[string]func(c *Client, rest string) ([]Reply, error){
	"offer":  offer,
	"agreed": agreed,
	"macros": func(c *Client, rest string) ([]Reply, error) {
		words := strings.Fields(rest)
		var pairs []string
		for _, w := range words[1:] {
			name, value, _ := strings.Cut(w, "=")
			pairs = append(pairs, name, value)
		}
		return nil, c.Macros(words[0][0], pairs...)
	},
	"connect": func(c *Client, rest string) ([]Reply, error) {
		words := append(strings.Fields(rest), "", "", "")
		return one(c.Connect(words[0], (words[1] + "U")[0], words[2]))
	},
	"helo": func(c *Client, rest string) ([]Reply, error) { return one(c.Helo(rest)) },
	"mail": func(c *Client, rest string) ([]Reply, error) {
		words := strings.Fields(rest)
		return one(c.Mail(words[0], words[1:]...))
	},
	"rcpt": func(c *Client, rest string) ([]Reply, error) {
		words := strings.Fields(rest)
		return one(c.Rcpt(words[0], words[1:]...))
	},
	"data":    func(c *Client, _ string) ([]Reply, error) { return one(c.Data()) },
	"unknown": func(c *Client, rest string) ([]Reply, error) { return one(c.Unknown(rest)) },
	"header": func(c *Client, rest string) ([]Reply, error) {
		name, value, _ := strings.Cut(rest, ":")
		text, err := unescape(value)
		if err != nil {
			return nil, err
		}
		return one(c.Header(name, text))
	},
	"eoh": func(c *Client, _ string) ([]Reply, error) { return one(c.EndOfHeader()) },
	"body": func(c *Client, rest string) ([]Reply, error) {
		text, err := unescape(rest)
		if err != nil {
			return nil, err
		}
		return one(c.Body([]byte(text)))
	},
	"fields": fields,
	"fill":   fill,
	"eom": func(c *Client, rest string) ([]Reply, error) {
		text, err := unescape(rest)
		if err != nil {
			return nil, err
		}
		changes, reply, err := c.EndOfMessage([]byte(text))
		return append(changes, reply), err
	},
	"abort":  func(c *Client, _ string) ([]Reply, error) { return nil, c.Abort() },
	"quitnc": func(c *Client, _ string) ([]Reply, error) { return nil, c.QuitNewClient() },
	"quit":   func(c *Client, _ string) ([]Reply, error) { return nil, c.Quit() },
	"frame": func(c *Client, rest string) ([]Reply, error) {
		command, data, _ := strings.Cut(rest, " ")
		text, err := unescape(data)
		if err != nil {
			return nil, err
		}
		return nil, c.Send(command[0], []byte(text))
	},
	"raw": func(c *Client, rest string) ([]Reply, error) {
		data, err := hex.DecodeString(strings.ReplaceAll(rest, " ", ""))
		if err != nil {
			return nil, err
		}
		return nil, c.Raw(data)
	},
	"hangup": func(c *Client, _ string) ([]Reply, error) {
		if err := c.Flush(); err != nil {
			return nil, err
		}
		return nil, c.Close()
	},
	"closed": func(c *Client, _ string) ([]Reply, error) { return nil, c.AwaitClose() },
}

// one is a reply as a list of the replies that were due.
func one(r Reply, err error) ([]Reply, error) {
	if err != nil || r.Code == 0 {
		return nil, err
	}
	return []Reply{r}, nil
}

func offer(c *Client, rest string) ([]Reply, error) {
	switch rest {
	case "postfix":
		return nil, c.Negotiate(Postfix)
	case "oldest":
		return nil, c.Negotiate(Oldest)
	}
	n, err := numbers(rest, 3)
	if err != nil {
		return nil, err
	}
	return nil, c.Negotiate(Offer{n[0], n[1], n[2]})
}

func agreed(c *Client, rest string) ([]Reply, error) {
	n, err := numbers(rest, 2)
	if err == nil && (c.Agreed.Actions != n[0] || c.Agreed.Protocol != n[1]) {
		err = fmt.Errorf("got actions %x and protocol %x", c.Agreed.Actions, c.Agreed.Protocol)
	}
	return nil, err
}

// numbers reads so many hexadecimal numbers.
func numbers(text string, count int) ([]uint32, error) {
	words := strings.Fields(text)
	if len(words) != count {
		return nil, fmt.Errorf("%d numbers, want %d", len(words), count)
	}
	all := make([]uint32, count)
	for i, w := range words {
		n, err := strconv.ParseUint(w, 16, 32)
		if err != nil {
			return nil, err
		}
		all[i] = uint32(n)
	}
	return all, nil
}

// fields sends so many header fields.
func fields(c *Client, rest string) ([]Reply, error) {
	n, err := strconv.Atoi(rest)
	if err != nil {
		return nil, err
	}
	var last []Reply
	for range n {
		if last, err = one(c.Header("X-Filler", " x")); err != nil {
			return last, err
		}
	}
	return last, nil
}

// fill sends lines of text, so many octets in all.
func fill(c *Client, rest string) ([]Reply, error) {
	octets, err := strconv.Atoi(rest)
	if err != nil {
		return nil, err
	}
	const line = "The quick brown fox jumps over the lazy dog, and the lazy dog does not care.\r\n"
	chunk := []byte(strings.Repeat(line, Chunk/len(line)+1))[:Chunk]
	var last []Reply
	for octets > 0 {
		n := min(octets, Chunk)
		if last, err = one(c.Body(chunk[:n])); err != nil {
			return last, err
		}
		octets -= n
	}
	return last, nil
}

func unescape(text string) (string, error) {
	return strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
}
