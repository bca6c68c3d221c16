package auth

import (
	"crypto/sha256"
	"hash"
	"strconv"
	"strings"

	"winnow/pkg/message"
)

// maxARCSets is how long a chain may be (RFC 8617, 4.2.1).
const maxARCSets = 50

// The fields of a set, in the order that a seal signs them in (RFC 8617, 5.1.1).
const (
	arcResults   = iota // ARC-Authentication-Results: what who handed it on has seen
	arcSignature        // ARC-Message-Signature: the message as it was handed on
	arcSeal             // ARC-Seal: over all sets so far
	arcFields
)

var arcNames = [arcFields]string{"ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal"}

// An arcSet is what one who handed the message on has added.
type arcSet struct {
	places [arcFields]int // in the header, noField where it is missing
	seal   signature
	claims string // what its ARC-Authentication-Results say
}

const noField = -1

// An arcChain is the sets of a message, the oldest first.
type arcChain struct {
	sets   []arcSet
	author bool // the newest signature signs all From fields
}

func (a *arcChain) newest() *arcSet { return &a.sets[len(a.sets)-1] }

// sealer is the domain of the newest seal, "" where it could not be read.
func (a *arcChain) sealer() string {
	if len(a.sets) == 0 {
		return ""
	}
	return a.newest().seal.domain
}

// read finds the sets of a header and judges what can be judged without keys (RFC 8617, 5.2, steps 1 to 3).
func (a *arcChain) read(h message.Header) *failure {
	fields := 0
	for place := range h {
		kind := arcKind(h[place].Name)
		if kind == arcFields {
			continue
		}
		if fields++; fields > arcFields*maxARCSets {
			return broken("more than %d sets", maxARCSets)
		}
		if f := a.add(h, place, kind); f != nil {
			return f
		}
	}
	for i := range a.sets {
		for kind, place := range a.sets[i].places {
			if place == noField {
				return broken("set %d: there is no %s", i+1, arcNames[kind])
			}
		}
		if f := a.sets[i].parseSeal(h); f != nil {
			return inSet(i+1, f)
		}
	}
	return a.judgeWords()
}

// arcKind tells which field of a set a field is, arcFields where it is none.
func arcKind(name string) int {
	const prefix = "ARC-" // most fields are told by their first letters
	if len(name) <= len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) {
		return arcFields
	}
	for kind, known := range arcNames {
		if strings.EqualFold(name, known) {
			return kind
		}
	}
	return arcFields
}

// add puts a field into its set.
func (a *arcChain) add(h message.Header, place, kind int) *failure {
	value := h[place].Value
	if len(value) > maxSignature {
		return broken("a field %s of more than %d octets", arcNames[kind], maxSignature)
	}
	number, claims := "", ""
	if kind == arcResults {
		number, claims = cutResults(value)
	} else {
		tags, f := parseTags(value, false)
		if f != nil {
			return f
		}
		number = tags.value("i")
	}
	instance, err := strconv.Atoi(number)
	if err != nil || !isDigits(number) || instance < 1 || instance > maxARCSets {
		return broken("a field %s that belongs to no set", arcNames[kind])
	}
	for len(a.sets) < instance {
		a.sets = append(a.sets, arcSet{places: [arcFields]int{noField, noField, noField}})
	}
	set := &a.sets[instance-1]
	if set.places[kind] != noField {
		return broken("set %d: there is more than one %s", instance, arcNames[kind])
	}
	set.places[kind] = place
	if kind == arcResults {
		set.claims = claims
	}
	return nil
}

// cutResults takes ARC-Authentication-Results apart (RFC 8617, 4.1.1): "i=1; mx.example.org; spf=pass ...".
func cutResults(value string) (instance, claims string) {
	first, rest, found := strings.Cut(message.Unfold(value), ";")
	name, instance, equal := strings.Cut(first, "=")
	if !found || !equal || trimBlanks(name) != "i" {
		return "", ""
	}
	_, claims, _ = strings.Cut(rest, ";")
	return trimBlanks(instance), trimBlanks(claims)
}

// parseSeal reads a set's ARC-Seal. One that says what it signs signs something else (RFC 8617, 4.1.3).
func (s *arcSet) parseSeal(h message.Header) *failure {
	if f := s.seal.parse(h, s.places[arcSeal]); f != nil {
		return f
	}
	for _, name := range []string{"h", "bh"} {
		if s.seal.tags.has(name) {
			return broken("a seal must not have %s=", name)
		}
	}
	return nil
}

// judgeWords judges by what those that sealed it found: the first one no chain, each other one that the chain was good.
func (a *arcChain) judgeWords() *failure {
	for i := len(a.sets) - 1; i >= 0; i-- {
		want := "pass"
		if i == 0 {
			want = "none"
		}
		switch cv := a.sets[i].seal.tags.value("cv"); cv {
		case want:
		case "fail":
			return broken("set %d: who sealed it found the chain broken", i+1)
		default:
			return broken("set %d: cv= is not %s", i+1, want)
		}
	}
	return nil
}

// sums returns what each seal signs: the fields of its set and of all older ones, in relaxed form, the seal itself with an
// empty b= (RFC 8617, 5.1.1). The fields are hashed once, however long the chain.
func (a *arcChain) sums(h message.Header) [][sha256.Size]byte {
	sums := make([][sha256.Size]byte, len(a.sets))
	sealed, buffer := sha256.New(), make([]byte, 0, hashBuffer)
	for i := range a.sets {
		set := &a.sets[i]
		buffer = buffer[:0]
		for _, kind := range []int{arcResults, arcSignature} {
			field := &h[set.places[kind]]
			buffer = append(appendRelaxed(buffer, field.Name, field.Value), "\r\n"...)
		}
		sealed.Write(buffer)
		own := clone(sealed)
		own.Write(set.seal.appendUnsigned(buffer[:0], relaxed))
		own.Sum(sums[i][:0])
		buffer = append(appendRelaxed(buffer[:0], set.seal.field.Name, set.seal.field.Value), "\r\n"...)
		sealed.Write(buffer)
	}
	return sums
}

// clone returns a hash of what h has hashed so far.
func clone(h hash.Hash) hash.Hash {
	other, err := h.(hash.Cloner).Clone()
	if err != nil {
		panic("sha256 cannot be cloned: " + err.Error()) // never; a panic fails this chain only
	}
	return other
}

// parseARC reads an ARC-Message-Signature. It is like a DKIM-Signature, but has no v=, and i= is its place in the chain
// (RFC 8617, 4.1.2). l= would leave a part of the body to whoever likes.
func (k *check) parseARC(m *message.Message, place int, now int64) *failure {
	if f := k.parse(m.Header, place); f != nil {
		return f
	}
	k.header, k.body = relaxed, relaxed // the validation suite takes these for what is not said
	if f := k.parseContent(); f != nil {
		return f
	}
	switch {
	case contains(k.names, "arc-seal"):
		return broken("an ARC-Message-Signature must not sign seals")
	case k.tags.has("l"):
		return broken("l= leaves a part of the body unsigned")
	case k.expired(now):
		return broken("expired")
	}
	return nil
}
