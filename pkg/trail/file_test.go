package trail

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A busy day is packed in parts while it goes on: everything is found once, whatever has become of it, and a crash between
// packing and removing leaves nothing twice.
func TestParts(t *testing.T) {
	b := newBench(t, nil)
	b.file.part = 5000
	check := func(when string, n int) {
		t.Helper()
		if r := b.search(t, "alice@our.example"); len(r.Records) != n || len(r.Notes) != 0 {
			t.Errorf("%s: found %d records, want %d; %q", when, len(r.Records), n, r.Notes)
		}
	}
	const n = 40
	for i := range n {
		b.tell(fmt.Sprintf("aaaa-%04d", i))
		b.Flush(t.Context())
		check("while it is written", i+1)
	}
	if err := b.keeper.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := names(t, b.dir); !strings.HasPrefix(got, "2026-11-26.jsonl") || !strings.HasSuffix(got, "2026-11-26.jsonl.gz") {
		t.Errorf("got %s", got)
	}
	check("kept", n)
	all, _, err := days(Dir(b.dir))
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	// What the last part held stands in a file again, as after a crash.
	f, err := os.Open(all[0].packed)
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := readBlocks(f)
	if err != nil || len(blocks) == 0 { // how many there are is up to the keeper
		t.Fatalf("%d blocks, %v", len(blocks), err)
	}
	plain, err := blocks[len(blocks)-1].read(f)
	part := filepath.Join(Dir(b.dir), "2026-11-26.part.jsonl")
	b.keeper.keeping.Lock() // nobody packs while the crash is played
	err = errors.Join(err, f.Close(), os.WriteFile(part, plain, 0o600))
	b.keeper.keeping.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	check("after a crash", n)
	if err := b.keeper.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(part); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the part is still there: %v", err)
	}
	check("after the next start", n)
	b.set(noon.AddDate(0, 0, 1))
	if err := b.keeper.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("the day after", n)
	got, end := names(t, b.dir), time.Now().Add(10*time.Second)
	for got != "2026-11-26.jsonl.gz" && time.Now().Before(end) { // the keeper may be at it by itself, too
		time.Sleep(10 * time.Millisecond)
		got = names(t, b.dir)
	}
	if got != "2026-11-26.jsonl.gz" {
		t.Errorf("got %s", got)
	}
}

// However a file is cut into pieces, each line is in exactly one of them.
func TestPieces(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.StringMatching(`[a-c]{0,9}`), 0, 20).Draw(t, "lines"), "\n")
		if rapid.Bool().Draw(t, "ended") {
			text += "\n"
		}
		size := int64(rapid.IntRange(1, 30).Draw(t, "size"))
		name := filepath.Join(dir, "lines")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var all []byte
		for at := int64(0); at < int64(len(text)); at += size {
			piece, err := readLines(f, at, min(at+size, int64(len(text))))
			if err != nil {
				t.Fatal(err)
			}
			if at+size < int64(len(text)) && len(piece) > 0 && piece[len(piece)-1] != '\n' && !strings.HasSuffix(text, string(piece)) {
				t.Errorf("at %d: %q is cut", at, piece)
			}
			all = append(all, piece...)
		}
		if string(all) != text {
			t.Errorf("in pieces of %d: got %q, want %q", size, all, text)
		}
	})
}

// What was packed comes out as it went in, and a filter says no to nothing that is there.
func TestBlocks(t *testing.T) {
	m := letter("w7k2-9fqx")
	line := string(recordOf(&plainly, m, decide(m, []string{"alice@our.example"})).line())
	var in, out bytes.Buffer
	for i := range 6000 {
		in.WriteString(strings.ReplaceAll(line, "w7k2-9fqx", fmt.Sprintf("%04d-9fqx", i)))
		if i%100 == 0 {
			in.WriteString("torn\n")
		}
	}
	if err := packLines(t.Context(), bytes.NewReader(in.Bytes()), &out); err != nil {
		t.Fatal(err)
	}
	packed := bytes.NewReader(out.Bytes())
	blocks, err := readBlocks(packed)
	if err != nil || len(blocks) == 0 { // how many there are is up to the keeper
		t.Fatalf("%d blocks, %v", len(blocks), err)
	}
	var all []byte
	records, falsely := 0, 0
	for _, b := range blocks {
		plain, err := b.read(packed)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, plain...)
		records += b.records
		for line := range bytes.Lines(plain) {
			f, err := findable(line)
			if err != nil {
				continue
			}
			f.keys(func(k key) {
				if !b.filter.mayHave(k) {
					t.Errorf("%v is said not to be there", k)
				}
			})
		}
		for i := range 1000 {
			if b.filter.mayHave(key{byID, fmt.Sprintf("none-%d", i)}) {
				falsely++
			}
		}
	}
	if !bytes.Equal(all, in.Bytes()) || records != 6000 {
		t.Errorf("%d records of %d octets came out, want 6000 of %d", records, len(all), in.Len())
	}
	if falsely > 1000*len(blocks)/50 {
		t.Errorf("%d of %d keys that are not there may be there", falsely, 1000*len(blocks))
	}
}

// A block that was damaged is told of, and never more is believed than is there.
func FuzzBlocks(f *testing.F) {
	m := letter("w7k2-9fqx")
	var out bytes.Buffer
	if err := packLines(f.Context(), bytes.NewReader(recordOf(&plainly, m, decide(m, []string{"alice@our.example"})).line()), &out); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add(out.Bytes()[:out.Len()-5])
	f.Add(append(bytes.Clone(out.Bytes()), "more"...))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		blocks, _ := readBlocks(r)
		for _, b := range blocks {
			b.filter.mayHave(key{byID, "w7k2-9fqx"})
			if plain, err := b.read(r); err == nil && int64(len(plain)) != b.plain {
				t.Errorf("%d octets of %d", len(plain), b.plain)
			}
		}
	})
}

func FuzzWords(f *testing.F) {
	for _, word := range []string{"w7k2-9fqx", "<>", "192.0.2.0/24", "2001:db8::/200", "a@b", "[", "::ffff:192.0.2.4", "<1@x>"} {
		f.Add(word)
	}
	m := letter("w7k2-9fqx")
	line := recordOf(&plainly, m, decide(m, []string{"alice@our.example"})).line()
	f.Fuzz(func(t *testing.T, word string) {
		terms, err := newTerms([]string{word}, make([]byte, keySize))
		if err != nil {
			return
		}
		s := &search{query: Query{Limit: 1, Since: time.Time{}}, terms: terms}
		s.compile()
		p := &piece{read: func() ([]byte, error) { return line, nil }}
		s.piece(p)
		found, err := findable(line)
		if err != nil {
			t.Fatal(err)
		}
		if has := terms[0].has(found); has != (len(p.matches) == 1) {
			t.Errorf("%q: has %v, found %d", word, has, len(p.matches))
		}
	})
}

func TestHasRoom(t *testing.T) {
	if dir := t.TempDir(); !hasRoom(dir, 0) || hasRoom(dir, 1<<60) {
		t.Error("no room for nothing, or room for more than any disk has")
	}
	if !hasRoom("/does/not/exist", 1<<60) {
		t.Error("a disk that cannot be asked keeps nobody from trying")
	}
}
