package rules

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"winnow/pkg/rules/eval"
)

// A Folder holds rule files.
type Folder struct {
	Name string // what faults call it
	FS   fs.FS
	dir  string // of the machine, where it is one
}

// Dir is a folder of the machine.
func Dir(dir string) Folder { return Folder{Name: dir, FS: os.DirFS(dir), dir: dir} }

// Load reads the *.pre files of each folder and then the *.cf files, sorted by name, one folder after the other: a rule that
// is defined again replaces the one before. It returns the set of all good rules, which is never nil, and whatever is wrong.
func Load(folders []Folder, config Config) (*Set, []Fault) {
	p := &parser{config: config, book: newBook(), plugins: eval.StockPlugins(), settings: eval.NewSettings(), compat: stockCompat(), replace: newReplacing(), circuits: newCircuits(), said: sha256.New()}
	for _, suffix := range []string{".pre", ".cf"} { // which plugins are loaded decides what the others mean
		for i, folder := range folders {
			p.folder(i, folder, suffix)
		}
	}
	if config.Overrides != "" {
		p.overrides(len(folders), config.Overrides)
	}
	if p.plugins.Loaded(eval.TextCat) {
		p.languages(folders)
	}
	p.settings.UseDocuments(p.plugins)
	set := p.compile()
	set.applyFiles(config.Files, &p.faults)
	set.required = p.required
	return set, p.faults.all()
}

// A parser reads rule files into a book.
type parser struct {
	config      Config
	book        *book
	plugins     *eval.Plugins   // that are loaded
	settings    *eval.Settings  // of eval functions
	compat      map[string]bool // capabilities that the files themselves declare
	replace     replacing
	circuits    circuits
	faults      ledger
	sources     []string  // files that were read, in order
	read        int       // octets of them
	defined     int       // rules, also those that are no good
	octets      int       // of definitions, those of patterns with their tags replaced
	expanded    int       // octets of patterns with their tags replaced, good or not
	words       int       // of metas
	patterns    int       // octets that their patterns take
	folderIndex int       // of the folder being read
	required    required  // what the last file asks for
	said        hash.Hash // what stands in files beside rules
}

// folder reads the files of one folder that end in suffix. Its own files may be symbolic links to anywhere, which is the operator's word; what a file
// includes must be within the folder, wherever links lead.
func (p *parser) folder(index int, folder Folder, suffix string) {
	p.folderIndex = index
	here := place{file: folder.Name}
	entries, err := fs.ReadDir(folder.FS, ".")
	if err != nil {
		if suffix == ".cf" { // to say it once
			p.faults.add(here, Broken, "", "cannot read the folder: "+plain(err), "create it, or take it out of the configuration")
		}
		return
	}
	inside := folder.FS
	if folder.dir != "" {
		root, err := os.OpenRoot(folder.dir)
		if err != nil {
			p.faults.add(here, Broken, "", "cannot open the folder: "+plain(err), "")
			return
		}
		defer root.Close()
		inside = root.FS()
	}
	for _, entry := range entries {
		if name := entry.Name(); strings.HasSuffix(name, suffix) && !strings.HasPrefix(name, ".") && !entry.IsDir() {
			p.file(&reader{parser: p, fs: inside, folder: folder.Name, path: name}, folder.FS, here)
		}
	}
}

// file reads one file through from.
func (p *parser) file(r *reader, from fs.FS, asked place) {
	r.name = path.Join(r.folder, r.path)
	if len(p.sources) >= maxFiles {
		p.faults.add(asked, Broken, "", fmt.Sprintf("more than %d files: %s is not read", maxFiles, r.name), "does a file include itself?")
		return
	}
	text, err := readFile(from, r.path)
	if err != nil {
		if asked.line == 0 {
			asked = place{file: r.name}
		}
		p.faults.add(asked, Broken, "", "cannot read "+r.path+": "+plain(err), "")
		return
	}
	if p.read += len(text); p.read > maxAllFiles {
		p.faults.add(asked, Broken, "", fmt.Sprintf("all files together are larger than %d octets: %s is not read", maxAllFiles, r.name), "is a large file included many times?")
		return
	}
	r.source = len(p.sources)
	p.sources = append(p.sources, p.sourceName(r))
	eachLine(r.name, text, &p.faults, r.line)
	for _, c := range r.conditions {
		p.faults.add(c.at, Broken, "", c.key+" without endif: it ends with the file", "")
	}
}

// sourceName is what the account calls a file: its name, or, where another folder has one of that name, its path.
func (p *parser) sourceName(r *reader) string {
	name := path.Base(r.path)
	for _, other := range p.sources {
		if other == name {
			return r.name
		}
	}
	return name
}

func readFile(from fs.FS, name string) (string, error) {
	file, err := from.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", errors.Join(err, errors.New("not a regular file"))
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFileSize+1))
	if len(text) > maxFileSize {
		return "", fmt.Errorf("larger than %d octets", maxFileSize)
	}
	return string(text), err
}

// plain is an error without the operation and path that a *fs.PathError repeats.
func plain(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}
