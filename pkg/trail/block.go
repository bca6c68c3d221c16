package trail

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
	"os"
	"path/filepath"
	"time"
)

// A past day is a gzip file of blocks: members of about a megabyte of whole records each. Every gzip program reads it as one
// text. The header of a member has an extra field of ours (RFC 1952, 2.3.1.1) by which a search passes over blocks
// without reading them:
//
//	version   1 octet
//	size      4 octets: of the whole member
//	plain     4 octets: of what it holds
//	records   4 octets
//	first     8 octets: when its earliest record was written, Unix milliseconds
//	last      8 octets: and its latest
//	probes    1 octet
//	bits      the rest: a Bloom filter over what the records can be found by
//
// Numbers are little-endian, as gzip's are. A Bloom filter never says no to what is there.
const (
	blockVersion  = 1
	blockFixed    = 1 + 4 + 4 + 4 + 8 + 8 + 1
	blockPlain    = 1 << 20 // octets from which on a block is closed
	maxBlockPlain = blockPlain + maxLine + 1
	maxBlockSize  = 2 * maxBlockPlain // of a member: what cannot be compressed grows by little
	gzipFixed     = 10 + 2            // of a header, and the length of its extra field
	subfield      = 2 + 2             // mark and length of a field in it
	gzipTrailer   = 8
	maxFilter     = 65535 - subfield - blockFixed // what fits into an extra field

	keyBits = 12 // of a filter for each key: of 300 blocks without it, one is read in vain
	probes  = 8
)

// gzipHead begins every member: magic, deflate, an extra field, no time, no system (RFC 1952, 2.3).
var gzipHead = [10]byte{0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255}

var subfieldMark = [2]byte{'W', 'T'}

// A block is what the header of a member says.
type block struct {
	at          int64 // in the file
	size        int64
	plain       int64
	records     int
	first, last time.Time
	filter      bloom
}

// A bloom tells of keys that they are not there.
type bloom struct {
	probes int
	bits   []byte
}

// digest is FNV-1a of a key, stirred so that all of its bits depend on all of the key's (the finalizer of SplitMix64).
func digest(key key) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := (uint64(offset) ^ uint64(key.field)) * prime
	for i := range len(key.value) {
		h = (h ^ uint64(key.value[i])) * prime
	}
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

func newBloom(keys map[uint64]struct{}) bloom {
	size := min(max(8, len(keys)*keyBits/8), maxFilter)
	b := bloom{probes, make([]byte, size)}
	for h := range keys {
		b.each(h, func(at uint64) bool {
			b.bits[at/8] |= 1 << (at % 8)
			return true
		})
	}
	return b
}

// each calls f for the places of a key, until it says no.
func (b *bloom) each(h uint64, f func(at uint64) bool) bool {
	size := uint64(len(b.bits)) * 8
	step := bits.RotateLeft64(h, 32) | 1
	for range b.probes {
		if !f(h % size) {
			return false
		}
		h += step
	}
	return true
}

// mayHave tells whether the key may be there.
func (b *bloom) mayHave(k key) bool {
	if len(b.bits) == 0 {
		return true
	}
	return b.each(digest(k), func(at uint64) bool { return b.bits[at/8]&(1<<(at%8)) != 0 })
}

// A packer makes blocks of lines.
type packer struct {
	out     io.Writer
	deflate *flate.Writer
	packed  bytes.Buffer
	plain   []byte
	keys    map[uint64]struct{}
	block   block // being made
}

func newPacker(out io.Writer) *packer {
	deflate, _ := flate.NewWriter(io.Discard, flate.DefaultCompression) // no other level can be wrong
	return &packer{out: out, deflate: deflate, keys: map[uint64]struct{}{}}
}

// add takes a line with its end.
func (p *packer) add(line []byte) error {
	if len(p.plain)+len(line) > maxBlockPlain {
		if err := p.close(); err != nil {
			return err
		}
	}
	p.plain = append(p.plain, line...)
	if f, err := findable(line); err == nil { // a torn line is kept as it is; whoever reads it passes over it
		p.block.records++
		if p.block.first.IsZero() || f.Time.Before(p.block.first) {
			p.block.first = f.Time
		}
		if f.Time.After(p.block.last) {
			p.block.last = f.Time
		}
		f.keys(func(k key) { p.keys[digest(k)] = struct{}{} })
	}
	if len(p.plain) >= blockPlain {
		return p.close()
	}
	return nil
}

// end writes the last block. A line that was cut short gets an end, so that it spoils no other.
func (p *packer) end() error {
	if n := len(p.plain); n > 0 && p.plain[n-1] != '\n' {
		p.plain = append(p.plain, '\n')
	}
	return p.close()
}

// close writes the block that was begun, if any was.
func (p *packer) close() error {
	if len(p.plain) == 0 {
		return nil
	}
	p.packed.Reset()
	p.deflate.Reset(&p.packed)
	if _, err := p.deflate.Write(p.plain); err != nil {
		return err
	}
	if err := p.deflate.Close(); err != nil {
		return err
	}
	p.block.filter = newBloom(p.keys)
	head := p.block.header(p.packed.Len(), len(p.plain))
	trailer := binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(p.plain))
	trailer = binary.LittleEndian.AppendUint32(trailer, uint32(len(p.plain)))
	for _, part := range [][]byte{head, p.packed.Bytes(), trailer} {
		if _, err := p.out.Write(part); err != nil {
			return err
		}
	}
	p.plain, p.block = p.plain[:0], block{}
	clear(p.keys)
	return nil
}

// header writes a member's header.
func (b *block) header(packed, plain int) []byte {
	extra := subfield + blockFixed + len(b.filter.bits)
	head := append(make([]byte, 0, gzipFixed+extra), gzipHead[:]...)
	head = binary.LittleEndian.AppendUint16(head, uint16(extra))
	head = append(head, subfieldMark[:]...)
	head = binary.LittleEndian.AppendUint16(head, uint16(extra-subfield))
	head = append(head, blockVersion)
	head = binary.LittleEndian.AppendUint32(head, uint32(gzipFixed+extra+packed+gzipTrailer))
	head = binary.LittleEndian.AppendUint32(head, uint32(plain))
	head = binary.LittleEndian.AppendUint32(head, uint32(b.records))
	head = binary.LittleEndian.AppendUint64(head, uint64(milliseconds(b.first)))
	head = binary.LittleEndian.AppendUint64(head, uint64(milliseconds(b.last)))
	head = append(head, byte(b.filter.probes))
	return append(head, b.filter.bits...)
}

func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// errBlock is the error of a member that is none of ours.
var errBlock = errors.New("not a block that winnow wrote")

// readBlock reads the header of the member at an offset; io.EOF where the file ends there. It trusts nothing of it.
func readBlock(r io.ReaderAt, at int64) (*block, error) {
	var fixed [gzipFixed + subfield + blockFixed]byte
	n, err := r.ReadAt(fixed[:], at)
	switch {
	case n == 0 && errors.Is(err, io.EOF):
		return nil, io.EOF
	case n < len(fixed) && errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%w: it is cut short", errBlock)
	case n < len(fixed):
		return nil, err
	}
	if !bytes.Equal(fixed[:len(gzipHead)], gzipHead[:]) || !bytes.Equal(fixed[gzipFixed:gzipFixed+2], subfieldMark[:]) {
		return nil, errBlock
	}
	extra := int(binary.LittleEndian.Uint16(fixed[len(gzipHead):]))
	field := int(binary.LittleEndian.Uint16(fixed[gzipFixed+2:]))
	said := fixed[gzipFixed+subfield:]
	b := &block{
		at:      at,
		size:    int64(binary.LittleEndian.Uint32(said[1:])),
		plain:   int64(binary.LittleEndian.Uint32(said[5:])),
		records: int(binary.LittleEndian.Uint32(said[9:])),
		first:   time.UnixMilli(int64(binary.LittleEndian.Uint64(said[13:]))),
		last:    time.UnixMilli(int64(binary.LittleEndian.Uint64(said[21:]))),
		filter:  bloom{probes: int(said[29])},
	}
	if said[0] != blockVersion || extra != field+subfield || field < blockFixed || b.plain > maxBlockPlain ||
		b.size > maxBlockSize || b.size < int64(gzipFixed+extra+gzipTrailer) {
		return nil, errBlock
	}
	b.filter.bits = make([]byte, field-blockFixed)
	if _, err := r.ReadAt(b.filter.bits, at+int64(len(fixed))); err != nil {
		return nil, fmt.Errorf("%w: it is cut short", errBlock)
	}
	return b, nil
}

// read returns what the block holds.
func (b *block) read(r io.ReaderAt) ([]byte, error) {
	head := int64(gzipFixed + subfield + blockFixed + len(b.filter.bits))
	packed := make([]byte, b.size-head)
	if _, err := r.ReadAt(packed, b.at+head); err != nil {
		return nil, fmt.Errorf("%w: it is cut short", errBlock)
	}
	body, trailer := packed[:len(packed)-gzipTrailer], packed[len(packed)-gzipTrailer:]
	plain := make([]byte, b.plain)
	inflate := flate.NewReader(bytes.NewReader(body))
	if _, err := io.ReadFull(inflate, plain); err != nil {
		return nil, fmt.Errorf("%w: %w", errBlock, err)
	}
	if binary.LittleEndian.Uint32(trailer) != crc32.ChecksumIEEE(plain) {
		return nil, fmt.Errorf("%w: its checksum does not fit", errBlock)
	}
	return plain, nil
}

// readFrom is read of a file, which an error names.
func (b *block) readFrom(f *os.File) ([]byte, error) {
	plain, err := b.read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: at octet %d: %w", filepath.Base(f.Name()), b.at, err)
	}
	return plain, nil
}
