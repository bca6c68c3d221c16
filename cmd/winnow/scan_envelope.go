package main

import (
	"io/fs"
	"math"
	"net/mail"
	"path/filepath"

	"winnow/pkg/message"
)

// An envelope is what the command line says of how the mails came, with what is left open taken from each mail.
type envelope struct {
	client, helo, sender string
	recipients           []string
}

// parse returns the client.
func (e *envelope) parse() (message.Client, error) {
	client := message.Client{Helo: e.helo}
	if e.client != "" {
		addr, err := message.ParseAddr(e.client)
		if err != nil {
			return client, usagef("--client: %q is no IP address", e.client)
		}
		client.Addr = addr
	}
	return client, nil
}

// someone stands for a recipient that neither the command line nor the mail names.
const someone = "recipient@localhost"

// fill gives the message a sender where the command line names none, and returns its recipients. What is guessed is for
// lists and whitelists; rules are told that it is a guess.
func (e *envelope) fill(m *message.Message, networks *message.Networks) []string {
	if !m.SenderKnown {
		sender, known := m.EnvelopeFrom(networks)
		if !known || sender == "" && !m.Stored {
			sender = firstAddress(m.Header, "From")
		}
		m.Sender = sender
	}
	if len(e.recipients) > 0 {
		return e.recipients
	}
	if to := firstAddress(m.Header, "Delivered-To", "X-Original-To", "To"); to != "" {
		return []string{to}
	}
	return []string{someone}
}

// firstAddress returns the first address of the first of the fields that has any.
func firstAddress(h message.Header, names ...string) string {
	for _, name := range names {
		if list, err := mail.ParseAddressList(h.Get(name)); err == nil && len(list) > 0 {
			return list[0].Address
		}
	}
	return ""
}

// filesIn lists the regular files below a folder, in the order of their names. The folder itself may be a link, which is
// followed with a slash behind it only.
func filesIn(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir+string(filepath.Separator), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	return files, err
}

// rounded takes the noise of binary fractions from a sum of decimal scores.
func rounded(total float64) float64 { return math.Round(total*1000) / 1000 }
