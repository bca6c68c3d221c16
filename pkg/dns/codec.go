package dns

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"time"
)

// The value of an answer in the shared cache:
//
//	version   1 octet
//	flags     1 octet: 1 for a name that does not exist
//	expires   8 octets: Unix milliseconds
//	count     2 octets, then for each record
//	length    2 octets, and that many octets: 4 or 16 of an address, a text, or a name
//
// Numbers are big-endian. What the records are follows from the type that was asked for. Nodes of different versions
// share a cache during an upgrade: a value of another version is a miss, and is written anew.
const (
	codecVersion = 1
	flagNXDomain = 1
	codecHeader  = 1 + 1 + 8 + 2
)

// errValue is the error of a value that is not one of ours. It is the same for all: nobody can do more than ask anew.
var errValue = errors.New("not a value of this version")

// encode writes an answer that holds until expires; nil where it exceeds what a Client returns and decode takes.
func encode(a *Answer, expires time.Time) []byte {
	size := codecHeader + len(a.Addrs)*(2+16)
	for _, list := range [][]string{a.Texts, a.Names} {
		for _, s := range list {
			if len(s) > maxText {
				return nil
			}
			size += 2 + len(s)
		}
	}
	if len(a.Addrs)+len(a.Texts)+len(a.Names) > maxRecords {
		return nil
	}
	flags := byte(0)
	if a.NXDomain {
		flags = flagNXDomain
	}
	value := append(make([]byte, 0, size), codecVersion, flags)
	value = binary.BigEndian.AppendUint64(value, uint64(expires.UnixMilli()))
	value = binary.BigEndian.AppendUint16(value, uint16(len(a.Addrs)+len(a.Texts)+len(a.Names)))
	for _, addr := range a.Addrs {
		value = appendRecord(value, addr.AsSlice())
	}
	for _, list := range [][]string{a.Texts, a.Names} {
		for _, s := range list {
			value = appendRecord(value, s)
		}
	}
	return value
}

func appendRecord[T []byte | string](value []byte, record T) []byte {
	return append(binary.BigEndian.AppendUint16(value, uint16(len(record))), record...)
}

// decode reads the answer to a question of type t. The value comes from outside: it is taken only if all of it is as
// encode writes it.
func decode(value []byte, t Type) (a Answer, expires time.Time, err error) {
	if len(value) < codecHeader || value[0] != codecVersion || value[1]&^flagNXDomain != 0 {
		return Answer{}, time.Time{}, errValue
	}
	a.NXDomain = value[1] == flagNXDomain
	expires = time.UnixMilli(int64(binary.BigEndian.Uint64(value[2:])))
	count := int(binary.BigEndian.Uint16(value[10:]))
	rest := value[codecHeader:]
	if count > maxRecords || count > 0 && a.NXDomain {
		return Answer{}, time.Time{}, errValue
	}
	for range count {
		if len(rest) < 2 || len(rest)-2 < int(binary.BigEndian.Uint16(rest)) {
			return Answer{}, time.Time{}, errValue
		}
		end := 2 + int(binary.BigEndian.Uint16(rest))
		if !a.take(rest[2:end], t) {
			return Answer{}, time.Time{}, errValue
		}
		rest = rest[end:]
	}
	if len(rest) > 0 {
		return Answer{}, time.Time{}, errValue
	}
	return a, expires, nil
}

// take adds a record, if it can be one of type t.
func (a *Answer) take(record []byte, t Type) bool {
	switch t {
	case A, AAAA:
		addr, ok := netip.AddrFromSlice(record)
		a.Addrs = append(a.Addrs, addr)
		return ok && addr.Is4() == (t == A)
	case TXT:
		a.Texts = append(a.Texts, string(record))
		return len(record) <= maxText
	default:
		a.Names = append(a.Names, string(record))
		return len(record) > 0 && len(record) <= maxEscapedName
	}
}

// maxEscapedName is the longest name as an Answer holds it: each octet may have been escaped as \DDD.
const maxEscapedName = 4 * maxName
