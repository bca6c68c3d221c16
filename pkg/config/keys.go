package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"
)

// parse notes where each key of the file stands and finds those that no field of the struct type has.
func parse(name string, data []byte, t reflect.Type) (*File, []error) {
	file := &File{name: name, lines: map[string]int{}}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return file, []error{fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))}
	}
	if len(doc.Content) == 0 {
		return file, nil
	}
	return file, file.walk(doc.Content[0], t, "")
}

// walk compares a mapping of the file with a struct.
func (f *File) walk(node *yaml.Node, t reflect.Type, path string) []error {
	if node.Kind == yaml.AliasNode {
		node = node.Alias // an alias to itself ends with the struct's depth
	}
	if node.Kind != yaml.MappingNode {
		if path == "" || node.Tag == "!!null" {
			return f.emptyOr(node, path)
		}
		return []error{fmt.Errorf("%s:%d: %s: takes keys and values, not %s", f.name, node.Line, path, kindName(node))}
	}
	var faults []error
	known := fields(t)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		full := join(path, key.Value, ".")
		if first := f.lines[full]; first > 0 {
			faults = append(faults, fmt.Errorf("%s:%d: %s: stands twice, first on line %d; keep one", f.name, key.Line, full, first))
			continue
		}
		f.lines[full] = key.Line
		field, ok := find(known, key.Value)
		switch {
		case !ok:
			faults = append(faults, fmt.Errorf("%s:%d: %s: no such setting%s", f.name, key.Line, full, suggest(known, key.Value)))
		case isSection(field.typ):
			faults = append(faults, f.walk(value, field.typ, full)...)
		case isEntries(field.typ):
			faults = append(faults, f.walkEntries(value, field.typ.Elem(), full)...)
		}
	}
	return faults
}

// walkEntries compares each mapping of a list with the struct that its entries are.
func (f *File) walkEntries(node *yaml.Node, t reflect.Type, path string) []error {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node.Tag == "!!null" {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		return []error{fmt.Errorf("%s:%d: %s: takes a list of entries, each `- name: ...`", f.name, node.Line, path)}
	}
	var faults []error
	for i, entry := range node.Content {
		faults = append(faults, f.walk(entry, t, fmt.Sprintf("%s[%d]", path, i))...)
	}
	return faults
}

func (f *File) emptyOr(node *yaml.Node, path string) []error {
	if node.Tag == "!!null" {
		return nil
	}
	return []error{fmt.Errorf("%s:%d: takes keys and values (such as `dns:`), not %s", f.name, node.Line, kindName(node))}
}

func kindName(node *yaml.Node) string {
	if node.Kind == yaml.SequenceNode {
		return "a list"
	}
	return "a single value"
}

// A field is a setting or a section of a struct.
type field struct {
	name string
	typ  reflect.Type
}

// fields lists the settings of a struct by their names in the file.
func fields(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			all = append(all, field{name, t.Field(i).Type})
		}
	}
	return all
}

// Keys lists every setting of the struct that of points to, as "dns.servers", in its order.
func Keys(of any) []string { return keys(reflect.TypeOf(of).Elem(), "") }

func keys(t reflect.Type, path string) []string {
	var all []string
	for _, f := range fields(t) {
		full := join(path, f.name, ".")
		if isSection(f.typ) {
			all = append(all, keys(f.typ, full)...)
			continue
		}
		all = append(all, full)
	}
	return all
}

// isSection tells a struct of settings from a struct that is one value, such as a URL.
func isSection(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// isEntries tells a list of structs of settings.
func isEntries(t reflect.Type) bool { return t.Kind() == reflect.Slice && isSection(t.Elem()) }

func find(known []field, name string) (field, bool) {
	for _, f := range known {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

// suggest names the setting that was probably meant, or all there are.
func suggest(known []field, name string) string {
	names := make([]string, len(known))
	best, at := 3, "" // more than two letters off is another word
	for i, f := range known {
		names[i] = f.name
		if d := levenshtein.ComputeDistance(name, f.name); d < best {
			best, at = d, f.name
		}
	}
	if at != "" {
		return fmt.Sprintf("; did you mean %s?", at)
	}
	return "; there are: " + strings.Join(names, ", ")
}
