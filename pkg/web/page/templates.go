package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"winnow/pkg/stats"
)

//go:embed templates assets
var files embed.FS

// templates are the pages by name, each with the frame around it.
type templates map[string]*template.Template

var functions = template.FuncMap{
	"count":     func(n any) string { return stats.Number(integer(n)) },
	"share":     stats.Percents,
	"part":      func(n, of any) string { return stats.PercentOf(integer(n), integer(of)) },
	"decimal":   func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) },
	"cell":      func(s string) string { return harmless(s, maxCell) },
	"text":      func(s string) string { return harmless(s, maxText) },
	"style":     func() template.CSS { return template.CSS(asset("style.css")) },
	"stylehash": styleHash,
	"bar":       func(n, of any) bar { return newBar(integer(n), integer(of)) },
	"join":      strings.Join,
	"plural":    plural,
	"asset":     func(name string) string { return "/assets/" + name + "?v=" + fingerprint(name) },
	"entry":     func(name, url, key, here string) choice { return choice{name, url, key == here} },
	"told":      func(title string, lines []string, class string) told { return told{title, class, lines} },
	"kept":      func(of string, k stats.Kept) kept { return kept{k, of} },
	"dayrow":    func(row, sum stats.Row) dayRow { return dayRow{row, sum} },
}

// told is a heading and what is said below it.
type told struct {
	Title, Class string
	Lines        []string
}

// kept is a choice of lists, and of what.
type kept struct {
	stats.Kept
	Of string
}

// dayRow is a line of a list's page; columns whose sum is 0 are left out.
type dayRow struct{ Row, Sum stats.Row }

// styleHash names the style sheet in a policy that allows no other.
func styleHash() string {
	sum := sha256.Sum256(asset("style.css"))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// integer is a whole number of whichever type.
func integer(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	}
	return 0
}

func plural(n any, one, many string) string {
	if integer(n) == 1 {
		return "1 " + one
	}
	return stats.Number(integer(n)) + " " + many
}

// A bar is a part of a whole as a line of that length.
type bar struct{ Width string }

func newBar(n, of int64) bar {
	if of <= 0 || n <= 0 {
		return bar{}
	}
	return bar{fmt.Sprintf("%.2f", min(100, max(0.5, 100*float64(n)/float64(of))))}
}

// parseTemplates reads the templates that are built in; they cannot be at fault at run time.
func parseTemplates() templates {
	common := template.Must(template.New("").Funcs(functions).ParseFS(files, "templates/frame/*.html"))
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		panic(err)
	}
	all := templates{}
	for _, name := range names {
		t := template.Must(template.Must(common.Clone()).ParseFS(files, name))
		all[strings.TrimSuffix(path.Base(name), ".html")] = t
	}
	return all
}

// page makes a page whole, so that a fault shows before anything is sent.
func (t templates) page(s shown) ([]byte, error) {
	var b bytes.Buffer
	err := t[s.template].ExecuteTemplate(&b, "frame", struct {
		frame
		Body any
	}{s.frame, s.body})
	return b.Bytes(), err
}

func asset(name string) []byte {
	data, err := files.ReadFile("assets/" + name)
	if err != nil {
		return nil
	}
	return data
}

// fingerprint changes with what is in a file, so that browsers may keep it for long.
func fingerprint(name string) string {
	sum := sha256.Sum256(asset(name))
	return hex.EncodeToString(sum[:6])
}

// Asset serves what every page is made with.
func (p *Pages) Asset(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/assets/")
	data := asset(name)
	if data == nil {
		http.Error(w, "there is no such file", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	w.Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d, immutable", 30*24*60*60))
	_, _ = w.Write(data) // the asker went away: nobody is left to tell
}
