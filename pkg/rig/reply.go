package rig

import (
	"bufio"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A Reply is what an SMTP server answers to a command.
type Reply struct {
	Code     int    // 250, 451, 550; 0 where nothing was asked
	Enhanced string // "5.7.1" (RFC 3463), "" where the reply has none
	Text     string // without the codes, a reply's lines separated by "\n"
}

// OK tells whether the server did as it was told (RFC 5321, 4.2.1: 2yz).
func (r Reply) OK() bool { return r.Code/100 == 2 }

// Refused tells whether the server said no, for now (4yz) or for good (5yz).
func (r Reply) Refused() bool { return r.Code >= 400 }

// String returns the reply on one line: "550 5.7.1 No".
func (r Reply) String() string {
	if r.Code == 0 {
		return "no reply"
	}
	words := []string{strconv.Itoa(r.Code)}
	if r.Enhanced != "" {
		words = append(words, r.Enhanced)
	}
	if r.Text != "" {
		words = append(words, strings.ReplaceAll(r.Text, "\n", " "))
	}
	return strings.Join(words, " ")
}

// Limits of a reply.
const (
	maxReplyLine  = 4096 // octets; RFC 5321, 4.5.3.1.5, grants 512
	maxReplyLines = 100
)

var errReply = errors.New("the server does not answer as SMTP servers do")

// enhanced finds an enhanced status code at the beginning of a line (RFC 2034, 4).
var enhanced = regexp.MustCompile(`^([245]\.\d{1,3}\.\d{1,3})(?: |$)`)

// readReply reads one reply (RFC 5321, 4.2): lines "550-text" and at last "550 text".
func readReply(r *bufio.Reader) (Reply, error) {
	var reply Reply
	var texts []string
	for range maxReplyLines {
		line, err := readLine(r, maxReplyLine)
		if err != nil {
			return reply, err
		}
		code, text, last, err := splitReply(line)
		if err != nil || reply.Code != 0 && code != reply.Code {
			return reply, fmt.Errorf("%w: %q", errReply, line)
		}
		reply.Code = code
		if m := enhanced.FindStringSubmatch(text); m != nil {
			reply.Enhanced, text = m[1], text[len(m[0]):]
		}
		texts = append(texts, text)
		if last {
			reply.Text = strings.Join(texts, "\n")
			return reply, nil
		}
	}
	return reply, fmt.Errorf("%w: a reply of more than %d lines", errReply, maxReplyLines)
}

// splitReply splits one line of a reply.
func splitReply(line string) (code int, text string, last bool, err error) {
	if len(line) < 3 || line[0] < '2' || line[0] > '5' {
		return 0, "", false, errReply
	}
	code, err = strconv.Atoi(line[:3])
	switch {
	case err != nil:
		return 0, "", false, errReply
	case len(line) == 3: // the blank may be missing where there is no text (RFC 5321, 4.2.1)
		return code, "", true, nil
	case line[3] == ' ' || line[3] == '-':
		return code, line[4:], line[3] == ' ', nil
	}
	return 0, "", false, errReply
}

// readLine reads a line of at most limit octets and returns it without its end.
func readLine(r *bufio.Reader, limit int) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > limit {
			return "", fmt.Errorf("a line of more than %d octets", limit)
		}
		if err == nil {
			return strings.TrimRight(string(line), "\r\n"), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return "", err
		}
	}
}
