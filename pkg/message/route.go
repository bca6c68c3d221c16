package message

import "strings"

// A Route is the way of a message as it is believed where something is decided by it: which host lists and SPF are asked
// about. It differs from Relays, which is what rules see and is as lenient as SpamAssassin: here a field that could have
// been made to say something else ends the belief in all that stand below it, for they may be the sender's invention.
type Route struct {
	Ours    []Relay // hosts of ours and hosts that we believe, newest first
	Outside []Relay // the others, newest first: the origin, then whoever was before it, as strangers tell

	known bool // a host that we believe told of the first of Outside
}

// LastExternal returns the host that the message came from: the newest that is neither ours nor believed. It returns false
// where nobody that we believe told of one.
func (r *Route) LastExternal() (Relay, bool) {
	if !r.known {
		return Relay{}, false
	}
	return r.Outside[0], true
}

// FirstHop returns the host where the message began, if the strangers on its way tell the truth.
func (r *Route) FirstHop() (Relay, bool) {
	for _, hops := range [...][]Relay{r.Outside, r.Ours} {
		if n := len(hops); n > 0 {
			return hops[n-1], true
		}
	}
	return Relay{}, false
}

// Origin is the host that the message came from, as lists and SPF are asked about it: the client, or who gave the message
// to a relay of ours that the client is. Its Addr is not valid where nobody knows: before there is a header, where a relay
// did not write it down in a way that cannot be forged, for mail of our own users, and behind a host that hides it.
func (m *Message) Origin() Client {
	switch {
	case m.Client.Blind: // the client talks to us through it: what it called itself is known
		return Client{Helo: m.Client.Helo}
	case !m.Client.Relay:
		return m.Client
	case m.asked:
		return Client{}
	}
	hop, known := m.Route().LastExternal()
	if !known {
		return Client{}
	}
	return Client{Addr: hop.Addr, Name: hop.Name, Helo: hop.said()}
}

// said is what a hop called itself. Of an address in brackets (RFC 5321, 4.1.3) rules see no brackets.
func (r *Relay) said() string {
	inner, begins := strings.CutPrefix(r.Helo, "!")
	inner, ends := strings.CutSuffix(inner, "!")
	if _, err := ParseAddr(inner); begins && ends && err == nil {
		return "[" + inner + "]"
	}
	return r.Helo
}

// Route returns the way of the message, by the operator's networks. It is shared: nobody may write to it. The content must
// be complete.
func (m *Message) Route() *Route { return m.derived.route.get(m.findRoute) }

func (m *Message) findRoute() *Route {
	r, fields := &Route{}, m.receivedFields()
	client := Relay{
		IP: m.Client.Addr.String(), Addr: m.Client.Addr, Name: m.Client.Name, Helo: m.Client.Helo, By: m.Receiver, Auth: m.User,
		Private: m.Client.Addr.IsValid() && IsPrivate(m.Client.Addr), Looked: true,
	}
	if m.Stored {
		client, fields = cutAtClient(client, fields)
	}
	switch {
	case !m.Client.Addr.IsValid(): // nobody connected, or nobody knows
	case m.Client.Relay:
		r.Ours = append(r.Ours, client)
		fields = r.follow(fields, m.Site)
	case m.Client.Own, m.Client.Blind, m.User != "":
		r.Ours = append(r.Ours, client)
	default:
		r.Outside, r.known = append(r.Outside, client), true
	}
	for _, field := range fields {
		if line, outcome := readReceived(field); outcome == relayRead {
			r.Outside = append(r.Outside, line.relay())
		}
	}
	return r
}

// receivedFields returns the values of the Received fields, newest first.
func (m *Message) receivedFields() []string {
	var fields []string
	for i := range m.Header {
		if len(fields) == MaxHops {
			break
		}
		if strings.EqualFold(m.Header[i].Name, "Received") {
			fields = append(fields, unfoldText(clip(m.Header[i].Value, MaxFieldValue)))
		}
	}
	return fields
}

// cutAtClient drops, of a message from a file, the fields down to the one that tells of its client.
func cutAtClient(client Relay, fields []string) (Relay, []string) {
	for i, field := range fields {
		if line, outcome := readReceived(field); outcome == relayRead {
			if hop := line.relay(); hop.Addr == client.Addr {
				return hop, fields[i+1:]
			}
		}
	}
	return client, fields
}

// follow reads fields that hosts wrote whom we believe, until one tells of a stranger or cannot be believed, and returns
// those below it.
func (r *Route) follow(fields []string, site *Site) []string {
	for i, field := range fields {
		hop, how := readHandover(field)
		switch {
		case how == handedLocally:
			continue
		case how == handedUnknown, hop.Auth != "": // and what lists say of our users' lines is not about mail
			return fields[i+1:]
		case hop.Addr.IsLoopback():
			r.Ours = append(r.Ours, hop)
			continue
		}
		switch place := site.Place(hop.Addr); {
		case place == OfRelays, place == OfTrusted:
			r.Ours = append(r.Ours, hop)
		case place == Outside && !hop.Private && !hop.Addr.IsPrivate():
			r.Outside, r.known = append(r.Outside, hop), true
			return fields[i+1:]
		default: // a machine of ours that the message began at, or that nobody told us about
			r.Ours = append(r.Ours, hop)
			return fields[i+1:]
		}
	}
	return nil
}

// FirstClient returns the host that was the client when a message from a file came in, by its Received fields: the relay that
// handed it on, where one of the operator's did, else the last external host as rules with those networks see it.
func (m *Message) FirstClient(networks *Networks) (Relay, bool) {
	way := m.Relays(networks)
	for i := range way.Internal {
		switch m.Site.Place(way.Internal[i].Addr) {
		case OfRelays, OfTrusted, OfBlind:
			return way.Internal[i], true
		}
	}
	return way.LastExternal()
}
