// Package test holds what the demo and the end-to-end tests play: sample mails, each with its envelope and what winnow is
// expected to make of it, and zones for rbldnsd in which the lists' answers about their clients and links stand.
//
// All of it is written for the project. Clients are of the ranges for documentation (RFC 5737, RFC 3849), domains end in
// .example or are example.org and its like (RFC 2606), and our.example is the site that winnow stands before.
package test

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/netip"
	"path"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"
)

// Domain is the one that the samples' local recipients are in.
const Domain = "our.example"

var (
	//go:embed zones
	zoneFiles embed.FS

	//go:embed mail
	mailFiles embed.FS
)

// A Sample is one mail, the envelope it comes in and what is expected of winnow. Samples are sent in order: an earlier one
// may teach what a later one shows.
type Sample struct {
	Name       string // of its file: "03-zen"
	Title      string // what it is, in a line
	Client     netip.Addr
	ClientName string // its verified host name, "" for none
	Helo       string
	Login      string // whom it authenticated as, "" for nobody
	Sender     string // "" for the null sender
	Recipients []string
	Message    []byte // header and body, with line ends LF
	Expect     Expect
}

// Expect is what the world shall see of a verdict.
type Expect struct {
	Code   int    // of the last SMTP reply: 250 or 550
	Action string // "accept", "tag", "reject"
	Reason string // what the verdict names: a class, a list, the beginning of a symbol
}

// Zones are the zone files, each called after its zone and its type: "zen.spamhaus.org.ip4set".
func Zones() fs.FS {
	return compiledIn(fs.Sub(zoneFiles, "zones"))
}

// Text returns a file that the samples presuppose: "whitelist", "blacklist" or "enabled".
func Text(name string) []byte {
	return compiledIn(mailFiles.ReadFile("mail/" + name))
}

// Mails returns the sample mails in order.
func Mails() []Sample {
	var mails []Sample
	for _, name := range compiledIn(fs.Glob(mailFiles, "mail/*.txtar")) {
		s, err := parseSample(compiledIn(mailFiles.ReadFile(name)))
		if err != nil {
			panic(fmt.Sprintf("%s: %v", name, err))
		}
		s.Name = strings.TrimSuffix(path.Base(name), ".txtar")
		mails = append(mails, s)
	}
	return mails
}

// compiledIn is for what is compiled in: a fault there is a fault of the program.
func compiledIn[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// parseSample reads a sample: a txtar archive of the two files "envelope" and "message".
func parseSample(data []byte) (Sample, error) {
	a := txtar.Parse(data)
	if len(a.Files) != 2 || a.Files[0].Name != "envelope" || a.Files[1].Name != "message" {
		return Sample{}, errors.New("want the two files envelope and message")
	}
	s := Sample{Message: a.Files[1].Data}
	for line := range strings.Lines(string(a.Files[0].Data)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if err := s.set(key, value); err != nil {
			return s, fmt.Errorf("%s: %w", key, err)
		}
	}
	s.Helo = cmp.Or(s.Helo, s.ClientName)
	if s.Title == "" || !s.Client.IsValid() || s.Helo == "" || len(s.Recipients) == 0 || s.Expect.Code == 0 {
		return s, errors.New("want a title, a client with a name or a helo, a recipient and what to expect")
	}
	return s, nil
}

// set takes one line of an envelope.
func (s *Sample) set(key, value string) (err error) {
	switch key {
	case "title":
		s.Title = value
	case "client": // its address, and its name if it has one
		addr, name, _ := strings.Cut(value, " ")
		s.ClientName = name
		s.Client, err = netip.ParseAddr(addr)
	case "helo":
		s.Helo = value
	case "login":
		s.Login = value
	case "sender":
		s.Sender = strings.Trim(value, "<>")
	case "recipient":
		s.Recipients = append(s.Recipients, value)
	case "attachment": // so many octets, in place of a line "[attachment]" of the message
		size, err := strconv.Atoi(value)
		s.Message = bytes.Replace(s.Message, []byte("[attachment]\n"), attachment(size), 1)
		return err
	case "expect": // code, action and reason
		words := strings.SplitN(value, " ", 3)
		if len(words) != 3 {
			return errors.New("want a code, an action and a reason")
		}
		s.Expect = Expect{Action: words[1], Reason: words[2]}
		s.Expect.Code, err = strconv.Atoi(words[0])
	default:
		return errors.New("no such line in an envelope")
	}
	return err
}

// attachment makes octets that look like a picture's, in base64: the same ones every time.
func attachment(size int) []byte {
	const lineLength = 76 // RFC 2045, 6.8
	data := make([]byte, size)
	rand.NewChaCha8([32]byte{}).Read(data)
	text := base64.StdEncoding.EncodeToString(data)
	var b bytes.Buffer
	for len(text) > lineLength {
		b.WriteString(text[:lineLength] + "\n")
		text = text[lineLength:]
	}
	b.WriteString(text + "\n")
	return b.Bytes()
}
