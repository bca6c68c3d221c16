package dns

import (
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	wire "github.com/miekg/dns"
)

// Limits of an answer. A message cannot exceed 64 KB; these are for what is kept of it.
const (
	maxRecords = 512  // in the answer section, aliases included
	maxAliases = 16   // CNAMEs in a row
	maxText    = 4096 // octets of one TXT record
)

// readAnswer turns a message into an Answer. The message is the answer to our question, as exchange.answers saw to.
func readAnswer(packet []byte, t Type) (Answer, error) {
	records := int(binary.BigEndian.Uint16(packet[6:])) // ANCOUNT (RFC 1035, 4.1.1)
	if records > maxRecords {
		return Answer{}, fmt.Errorf("%w: more than %d records", ErrMalformed, maxRecords)
	}
	var msg wire.Msg
	if err := msg.Unpack(packet); err != nil {
		return Answer{}, ErrMalformed // the parser's own error may show names
	}
	if err := checkRcode(&msg); err != nil {
		return Answer{}, err
	}
	if len(msg.Question) != 1 || len(msg.Answer) != records { // the parser lets a section pass that ends early
		return Answer{}, fmt.Errorf("%w: it holds less than it says", ErrMalformed)
	}
	r := reader{msg: &msg, want: t, ttl: math.MaxUint32}
	if err := r.follow(msg.Question[0].Name); err != nil {
		return Answer{}, err
	}
	if r.finish(); r.Empty() || msg.Rcode == wire.RcodeNameError {
		return r.negative()
	}
	return r.Answer, nil
}

func checkRcode(msg *wire.Msg) error {
	switch msg.Rcode {
	case wire.RcodeSuccess, wire.RcodeNameError:
		return nil
	case wire.RcodeServerFailure:
		return withReason(ErrServFail, msg)
	case wire.RcodeRefused:
		return withReason(ErrRefused, msg)
	}
	if name, ok := wire.RcodeToString[msg.Rcode]; ok {
		return fmt.Errorf("%w: %s", ErrRcode, name)
	}
	return fmt.Errorf("%w: %d", ErrRcode, msg.Rcode)
}

// withReason adds the reason that a server gives for an error (RFC 8914). Its own words are left out: they may show
// the name.
func withReason(err error, msg *wire.Msg) error {
	opt := msg.IsEdns0()
	if opt == nil {
		return err
	}
	for _, o := range opt.Option {
		ede, ok := o.(*wire.EDNS0_EDE)
		if !ok {
			continue
		}
		if reason, ok := wire.ExtendedErrorCodeToString[ede.InfoCode]; ok {
			return fmt.Errorf("%w: %s", err, reason)
		}
	}
	return err
}

// A reader collects what one message says about one name.
type reader struct {
	Answer
	msg     *wire.Msg
	want    Type
	ttl     uint32 // the least of the records and aliases seen
	aliased bool
	mx      []*wire.MX
}

// follow collects the records of name, or those of the name that it is an alias of (RFC 1034, 3.6.2). The records of
// a chain may stand in any order.
func (r *reader) follow(name string) error {
	for range maxAliases + 1 {
		alias, err := r.collect(name)
		if err != nil || alias == "" {
			return err
		}
		name = alias
		r.aliased = true
	}
	return fmt.Errorf("%w: more than %d aliases in a row", ErrMalformed, maxAliases)
}

// collect takes the records of one name. Where it has none of the wanted type but is an alias, it returns of what.
func (r *reader) collect(name string) (alias string, err error) {
	var cname *wire.CNAME
	for _, rr := range r.msg.Answer {
		header := rr.Header()
		if header.Class != wire.ClassINET || !strings.EqualFold(header.Name, name) {
			continue
		}
		if c, ok := rr.(*wire.CNAME); ok {
			cname = c
			continue
		}
		if header.Rrtype != uint16(r.want) {
			continue
		}
		if err := r.add(rr); err != nil {
			return "", err
		}
		r.ttl = min(r.ttl, ttlOf(header))
	}
	if cname == nil || !r.Empty() || r.mx != nil {
		return "", nil
	}
	r.ttl = min(r.ttl, ttlOf(&cname.Hdr))
	if cname.Target == "" {
		return "", errEmptyRecord
	}
	return cname.Target, nil
}

var errEmptyRecord = fmt.Errorf("%w: a record without content", ErrMalformed)

// add takes one record of the wanted type.
func (r *reader) add(rr wire.RR) error {
	switch rr := rr.(type) {
	case *wire.A:
		return r.addAddr(rr.A)
	case *wire.AAAA:
		return r.addAddr(rr.AAAA)
	case *wire.TXT:
		return r.addText(rr.Txt)
	case *wire.PTR:
		return r.addName(rr.Ptr)
	case *wire.NS:
		return r.addName(rr.Ns)
	case *wire.SOA:
		return r.addName(rr.Ns)
	case *wire.MX:
		if rr.Mx == "" {
			return errEmptyRecord
		}
		r.mx = append(r.mx, rr)
	}
	return nil
}

func (r *reader) addAddr(ip net.IP) error {
	addr, ok := netip.AddrFromSlice(ip)
	if !ok {
		return errEmptyRecord
	}
	r.Addrs = append(r.Addrs, addr)
	return nil
}

func (r *reader) addName(name string) error {
	if name == "" {
		return errEmptyRecord
	}
	r.Names = append(r.Names, plainName(name))
	return nil
}

// addText joins the strings of a TXT record without anything between them (RFC 7208, 3.3).
func (r *reader) addText(strs []string) error {
	if len(strs) == 0 {
		return errEmptyRecord
	}
	text := unescape(strings.Join(strs, ""))
	if len(text) > maxText {
		return fmt.Errorf("%w: a text of more than %d octets", ErrMalformed, maxText)
	}
	r.Texts = append(r.Texts, text)
	return nil
}

// finish brings MX records into their order and sets the TTL, which is that of the record that goes first
// (RFC 2181, 5.2).
func (r *reader) finish() {
	slices.SortStableFunc(r.mx, func(a, b *wire.MX) int { return int(a.Preference) - int(b.Preference) })
	for _, mx := range r.mx {
		r.Names = append(r.Names, plainName(mx.Mx))
	}
	r.TTL = time.Duration(r.ttl) * time.Second
}

// negative returns the answer that there is none, which holds as long as the zone's SOA says (RFC 2308, 5), and no
// longer than the aliases that led here.
func (r *reader) negative() (Answer, error) {
	answer := Answer{NXDomain: r.msg.Rcode == wire.RcodeNameError}
	for _, rr := range r.msg.Ns {
		if soa, ok := rr.(*wire.SOA); ok {
			least := min(r.ttl, ttlOf(&soa.Hdr), soa.Minttl)
			answer.TTL = time.Duration(least) * time.Second
			return answer, nil
		}
	}
	// Neither an end of the search nor a promise to search: a referral (RFC 1034, 4.3.1), or an alias out of the zones
	// of a server that only serves its own. The name may well exist; this server cannot tell.
	if !r.msg.RecursionAvailable && !answer.NXDomain && (!r.msg.Authoritative || r.aliased) {
		return Answer{}, fmt.Errorf("%w: it sends us on to others and does not resolve", ErrRefused)
	}
	return answer, nil
}

// ttlOf reads a TTL; one with the sign bit counts as 0 (RFC 2181, 8).
func ttlOf(header *wire.RR_Header) uint32 {
	if header.Ttl > math.MaxInt32 {
		return 0
	}
	return header.Ttl
}

// plainName takes the last dot off, but not off the root, which a null MX names (RFC 7505).
func plainName(name string) string {
	if name == "." {
		return name
	}
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// unescape undoes the escapes that miekg/dns writes into texts as in a zone file: \DDD for an octet in decimal and
// \X for X (RFC 1035, 5.1).
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	plain := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			plain = append(plain, s[i])
			continue
		}
		i++
		if i+2 < len(s) && digits(s[i:i+3]) {
			plain = append(plain, (s[i]-'0')*100+(s[i+1]-'0')*10+(s[i+2]-'0'))
			i += 2
			continue
		}
		plain = append(plain, s[i])
	}
	return string(plain)
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
