package message

import (
	"slices"
	"sync"
	"sync/atomic"
)

// derived is what has been derived from a message's content so far. Each layer is made when a stage first asks for it;
// stages that ask at the same time wait for the one that makes it. The content must be complete by then.
type derived struct {
	structure lazy[*structure]
	parts     lazy[[]*Part]
	subject   lazy[string]
	body      lazy[[]string]
	raw       lazy[[]string]
	full      lazy[[]byte]
	uris      lazy[[]URI]
	html      lazy[[]*HTML]
	details   keptDetails
	headers   headerTexts
	names     lazy[*nameSet]
	stamped   lazy[Header]
	relays    atomic.Pointer[keptRelays]
	route     lazy[*Route]
	envelope  lazy[*finding[EnvelopeIdentity]]
	identity  lazy[*finding[Identity]]
}

// lazy is a value that is made when it is first wanted, and shared from then on.
type lazy[T any] struct {
	once  sync.Once
	value T
}

func (l *lazy[T]) get(build func() T) T {
	l.once.Do(func() { l.value = build() })
	return l.value
}

// Entities returns every MIME entity in the order they stood in, the message itself first and multiparts before what
// they hold. There is always one. They are shared: nobody may write to them.
func (m *Message) Entities() []*Part { return m.structure().entities }

// Parts returns the MIME leaves in the order they stood in: what is no multipart and no attached message itself. A
// message that is neither is its own and only part; a multipart without a body has none. They are shared: nobody may write to them.
func (m *Message) Parts() []*Part {
	return m.derived.parts.get(func() []*Part {
		var leaves []*Part
		for _, p := range m.Entities() {
			if p.leaf {
				leaves = append(leaves, p)
			}
		}
		return leaves
	})
}

// Subject returns the decoded Subject, the last one where there are several, "" for none.
func (m *Message) Subject() string {
	return m.derived.subject.get(func() string {
		if value, found := m.Header.last("Subject"); found {
			return decodeField("Subject", clip(value, MaxFieldValue))
		}
		return ""
	})
}

// BodyLines returns what body rules are matched against: the decoded Subject in line 0, then the paragraphs of all text
// parts as a reader sees them, HTML rendered, white space folded, in UTF-8. A paragraph ends with "\n"; one longer than
// MaxLine is cut behind a space. They are shared: nobody may write to them.
func (m *Message) BodyLines() []string {
	return m.derived.body.get(func() []string { return bodyLines(m.Subject(), m.Parts()) })
}

// RawBody returns what rawbody rules are matched against: text and message parts, transfer-decoded only, a long part
// cut into pieces of MaxLine to twice MaxLine octets. They are shared: nobody may write to them.
func (m *Message) RawBody() []string {
	return m.derived.raw.get(func() []string { return rawBody(m.Parts()) })
}

// Full returns what full rules are matched against: header and body as they came, with LF line ends; or as the file has
// them. It is shared: nobody may write to it.
func (m *Message) Full() []byte {
	if m.source != nil && m.Stored {
		return m.source.text
	}
	return m.derived.full.get(func() []byte { return full(m.stamped(), m.Body) })
}

// URIs returns at most MaxURIs URIs of the message, none twice: links first, then guesses, then mail addresses; of each
// kind those from attributes of HTML before those from the Subject and from text, and else in the order they stood in.
// They are shared: nobody may write to them.
func (m *Message) URIs() []URI {
	return m.derived.uris.get(func() []URI { return collectURIs(m.Subject(), slices.Concat(m.Parts(), m.leavesAside())) })
}

// leavesAside returns the leaves that rules do not see.
func (m *Message) leavesAside() []*Part {
	var leaves []*Part
	for _, p := range m.structure().aside {
		if p.leaf {
			leaves = append(leaves, p)
		}
	}
	return leaves
}
