package rules

import (
	"errors"
	"io/fs"
	"path"

	"winnow/pkg/rules/eval"
)

// languages reads the models of languages that TextCat wants, which stand beside the rules. Those of the last folder that
// has any hold.
func (p *parser) languages(folders []Folder) {
	for _, folder := range folders {
		switch text, err := readFile(folder.FS, eval.LanguagesFile); {
		case err == nil:
			p.settings.SetLanguages(text)
		case !errors.Is(err, fs.ErrNotExist):
			p.faults.add(place{file: path.Join(folder.Name, eval.LanguagesFile)}, Broken, "", "cannot read it: "+plain(err), "")
		}
	}
}
