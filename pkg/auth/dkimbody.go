package auth

import (
	"crypto/sha256"
	"hash"
	"slices"
)

// wholeBody is the length of a body of which all is signed: there is no l=.
const wholeBody = -1

// bodyHashes are the hashes of one body. It is read and hashed at most once in each form, however many signatures there
// are and however many lengths they name.
type bodyHashes struct {
	body    []byte
	cut     bool // body is not all of it
	wanted  [forms][]int64
	results [forms]*prefixHash // nil before it is asked for
}

// want says that the hash of the first octets will be asked for. All of them are said before the first one is asked for.
func (b *bodyHashes) want(f form, length int64) {
	if length != wholeBody && !slices.Contains(b.wanted[f], length) {
		b.wanted[f] = append(b.wanted[f], length)
	}
}

// sum returns the hash of the first octets of the body in its form, and whether there is more of it.
func (b *bodyHashes) sum(f form, length int64) (sum [sha256.Size]byte, partial bool, failed *failure) {
	h := b.results[f]
	if h == nil {
		h = newPrefixHash(b.wanted[f])
		f.writeBody(h, b.body, b.cut)
		b.results[f] = h
	}
	switch {
	case length == wholeBody && !b.cut:
		h.hash.Sum(sum[:0])
		return sum, false, nil
	case length != wholeBody && length <= h.written:
		return h.sums[length], b.cut || length < h.written, nil
	case b.cut:
		return sum, false, neutral("the message is too large to verify")
	}
	return sum, false, permanent("l= is more than the length of the body") // RFC 6376, 3.5
}

// A prefixHash hashes a text, and keeps the hashes of some of its beginnings.
type prefixHash struct {
	hash    hash.Hash
	written int64
	lengths []int64 // those to come, in order
	sums    map[int64][sha256.Size]byte
	buffer  []byte // of add
}

// hashBuffer is how much is gathered before it is hashed: many short writes are slow.
const hashBuffer = 4 << 10

func newPrefixHash(lengths []int64) *prefixHash {
	h := &prefixHash{hash: sha256.New(), lengths: slices.Sorted(slices.Values(lengths))}
	if len(lengths) > 0 {
		h.sums = make(map[int64][sha256.Size]byte, len(lengths))
	}
	h.note()
	return h
}

// note keeps the hash of what is written where it was asked for.
func (h *prefixHash) note() {
	if len(h.lengths) > 0 && h.lengths[0] == h.written {
		h.sums[h.written] = [sha256.Size]byte(h.hash.Sum(nil))
		h.lengths = h.lengths[1:]
	}
}

func (h *prefixHash) write(text []byte) {
	for len(h.lengths) > 0 && h.lengths[0] <= h.written+int64(len(text)) {
		n := h.lengths[0] - h.written
		h.hash.Write(text[:n])
		h.written += n
		text = text[n:]
		h.note()
	}
	h.hash.Write(text)
	h.written += int64(len(text))
}

// add is write, some time before flush.
func (h *prefixHash) add(text []byte) {
	h.reserve(len(text))
	if len(text) >= hashBuffer {
		h.write(text)
		return
	}
	h.buffer = append(h.buffer, text...)
}

// addShort is add for a few octets that need no memory of their own.
func (h *prefixHash) addShort(text string) {
	h.reserve(len(text))
	h.buffer = append(h.buffer, text...)
}

// reserve makes room in the buffer.
func (h *prefixHash) reserve(n int) {
	if h.buffer == nil {
		h.buffer = make([]byte, 0, hashBuffer)
	}
	if len(h.buffer)+n > hashBuffer {
		h.flush()
	}
}

func (h *prefixHash) flush() {
	h.write(h.buffer)
	h.buffer = h.buffer[:0]
}
