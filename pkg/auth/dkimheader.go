package auth

import (
	"crypto/sha256"

	"winnow/pkg/message"
)

// A fieldIndex finds the fields that signatures name. It is made once for all signatures of a message, and holds only
// names that are wanted: a message can have many fields, and a signature many names.
type fieldIndex struct {
	header message.Header
	names  map[string]int // place in fields
	fields [][]int        // places in the header of the fields of one name, the undermost first (RFC 6376, 5.4.2)
}

// want notes the names of fields, in lower case.
func (x *fieldIndex) want(names []string) {
	if x.names == nil {
		x.names = make(map[string]int, len(names))
	}
	for _, name := range names {
		if _, found := x.names[name]; !found && name != "" {
			x.names[name] = len(x.names)
		}
	}
}

// read finds the fields that are wanted.
func (x *fieldIndex) read(h message.Header) {
	x.header, x.fields = h, make([][]int, len(x.names))
	var buffer [message.MaxFieldName]byte
	for place := len(h) - 1; place >= 0; place-- {
		name := h[place].Name
		if len(name) > len(buffer) {
			continue
		}
		for i := range len(name) {
			buffer[i] = lower(name[i])
		}
		if i, found := x.names[string(buffer[:len(name)])]; found {
			x.fields[i] = append(x.fields[i], place)
		}
	}
}

// count is how many fields of a name there are.
func (x *fieldIndex) count(name string) int {
	if i, found := x.names[name]; found {
		return len(x.fields[i])
	}
	return 0
}

// hash returns the hash of the fields that a signature names, and of its own. A name that stands n times stands for the n
// undermost fields of that name; those that do not exist count for nothing (RFC 6376, 3.5, 5.4.2). Its own field is the
// last one, and no other.
func (x *fieldIndex) hash(s *signature) (sum [sha256.Size]byte) {
	hash, buffer := sha256.New(), make([]byte, 0, hashBuffer)
	taken := make([]int, len(x.fields))
	for _, name := range s.names {
		i, found := x.names[name]
		if !found {
			continue
		}
		places := x.fields[i][taken[i]:]
		if len(places) > 0 && places[0] == s.place {
			places = places[1:]
			taken[i]++
		}
		if len(places) == 0 {
			continue
		}
		taken[i]++
		field := &x.header[places[0]]
		buffer = append(s.header.appendField(buffer, field.Name, field.Value), "\r\n"...)
		if len(buffer) >= hashBuffer/2 {
			hash.Write(buffer)
			buffer = buffer[:0]
		}
	}
	hash.Write(s.appendUnsigned(buffer, s.header))
	hash.Sum(sum[:0])
	return sum
}
