package eval

import (
	"slices"
	"strings"
)

// recipients is how much the addresses of a message's recipients are alike: lists of them were often made by a program.
type recipients struct {
	sorted  bool
	similar float64 // hits per pair
}

// The numbers are SpamAssassin's: rules were tuned with them.
const (
	sortedRecipients  = 7 // so many must be in order
	similarRecipients = 5 // fewer are not compared
	similarLetters    = 2 // of local part and host that are compared
	maxRecipients     = 256
)

func (f *Facts) recipientsAlike() *recipients {
	if f.recipients == nil {
		list := f.namedRecipients()
		f.recipients = &recipients{
			sorted:  len(list) >= sortedRecipients && slices.IsSorted(list),
			similar: similarity(list),
		}
	}
	return f.recipients
}

// namedRecipients returns the addresses of To and Cc, with those of Bcc where they are few; one that stands twice in a row
// counts once.
func (f *Facts) namedRecipients() []string {
	all := f.addresses("ToCc", 0)
	if len(all) < similarRecipients {
		all = append(all[:len(all):len(all)], f.addresses("Bcc", 0)...)
	}
	var kept []string
	previous := ""
	for _, address := range all {
		if !strings.EqualFold(address, previous) {
			kept, previous = append(kept, address), address
			if len(kept) == maxRecipients {
				break
			}
		}
	}
	return kept
}

// similarity counts the pairs that begin alike before or behind the @, per pair.
func similarity(list []string) float64 {
	if len(list) < similarRecipients {
		return 0
	}
	hosts := make([]string, 0, len(list))
	for _, address := range list {
		if _, host, found := strings.Cut(address, "@"); found {
			hosts = append(hosts, host)
		}
	}
	found, pairs := 0, 0
	for i := range list {
		for j := i + 1; j < len(list); j++ {
			pairs++
			if beginning(list[i]) == beginning(list[j]) {
				found++
			}
			if j < len(hosts) && hosts[i] != hosts[j] && beginning(hosts[i]) == beginning(hosts[j]) {
				found++
			}
		}
	}
	return float64(found) / float64(pairs)
}

func beginning(s string) string { return s[:min(similarLetters, len(s))] }

func bindSimilarRecipients(args []string, _ *Settings) (Check, error) {
	w, err := windowOf(args)
	if err != nil {
		return nil, err
	}
	return func(f *Facts) int { return hits(w.holds(f.recipientsAlike().similar)) }, nil
}
