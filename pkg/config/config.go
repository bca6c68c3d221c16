// Package config reads the operator's settings into plain structs. It is strict: an unknown key, a value of the wrong
// type or a fault that a section finds in itself is reported with file, line and what to do, all of them at once.
//
// It knows no section by name. The caller hands in a pointer to a struct that already holds the defaults; fields carry
// `yaml:"name"` tags; types that read themselves implement encoding.TextUnmarshaler. Every leaf can be set by the
// environment too, which wins over the file: WINNOW_DNS_SERVERS is dns.servers. Print writes the values in force the
// same way round; secrets print as what their MarshalText says, which is ***.
package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"
)

// EnvPrefix begins the name of every environment variable that is a setting.
const EnvPrefix = "WINNOW"

// maxSize bounds the file, in octets; a configuration is a few kilobytes.
const maxSize = 1 << 20

// delimiter parts keys inside viper; no setting's name holds it.
const delimiter = "::"

// A File is a configuration file that was read: it knows on which line each key stands. The zero File, and nil, are one
// that was not there.
type File struct {
	name  string
	lines map[string]int // "milter.reject_at" -> 12
}

// Load reads the file at path into the struct that into points to, over the defaults it holds, and the environment
// over that. An empty path means no file. The error joins every fault; the File can name the lines of further ones.
func Load(path string, into any) (*File, error) {
	v := viper.NewWithOptions(viper.KeyDelimiter(delimiter))
	v.SetConfigType("yaml")
	file := &File{}
	var faults []error
	if path != "" {
		data, err := read(path)
		if err != nil {
			return nil, err
		}
		if file, faults = parse(path, data, reflect.TypeOf(into).Elem()); len(faults) > 0 {
			return file, errors.Join(faults...)
		}
		if err := v.ReadConfig(strings.NewReader(string(data))); err != nil {
			return file, fmt.Errorf("%s: %w", path, err)
		}
	}
	bindEnv(v, reflect.TypeOf(into).Elem(), "")
	for _, err := range flatten(v.UnmarshalExact(into, decoding)) {
		faults = append(faults, file.decodeFault(err))
	}
	return file, errors.Join(faults...)
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err == nil && len(data) > maxSize {
		err = fmt.Errorf("larger than %d octets: is it the right file?", maxSize)
	}
	if err != nil {
		return nil, fmt.Errorf("configuration: %s: %w", path, err)
	}
	return data, nil
}

// bindEnv tells viper which variables to look at: one for every leaf of the struct.
func bindEnv(v *viper.Viper, t reflect.Type, path string) {
	for _, f := range fields(t) {
		key := join(path, f.name, delimiter)
		if isSection(f.typ) {
			bindEnv(v, f.typ, key)
			continue
		}
		name := EnvPrefix + "_" + strings.ToUpper(strings.ReplaceAll(key, delimiter, "_"))
		_ = v.BindEnv(key, name) // fails only without a key
	}
}

// flatten takes joined errors apart, so that each is a line of its own.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	if named, ok := err.(*mapstructure.DecodeError); ok {
		if _, joined := named.Unwrap().(interface{ Unwrap() []error }); !joined {
			return []error{named}
		}
	}
	switch wrapped := err.(type) {
	case interface{ Unwrap() []error }:
		var all []error
		for _, e := range wrapped.Unwrap() {
			all = append(all, flatten(e)...)
		}
		return all
	case interface{ Unwrap() error }:
		if inner := wrapped.Unwrap(); inner != nil {
			return flatten(inner)
		}
	}
	return []error{err}
}

// decodeFault says where a value that could not be read stands. mapstructure names it as 'milter.reject_at'.
func (f *File) decodeFault(err error) error {
	var named *mapstructure.DecodeError
	if !errors.As(err, &named) {
		return err
	}
	return f.Fault("", fmt.Errorf("%s: %w", strings.ReplaceAll(named.Name(), delimiter, "."), named.Unwrap()))
}

// Fault puts file and line before a fault that a section found in itself: "limits.connect: must be above 0" of the
// section "policy" becomes "winnow.yaml:31: policy.limits.connect: must be above 0". Where the file does not hold the
// key, the line of the nearest section above it stands, or none.
func (f *File) Fault(section string, fault error) error {
	if f == nil {
		f = &File{}
	}
	key, text, found := strings.Cut(fault.Error(), ": ")
	if !found || strings.ContainsAny(key, " \t") {
		key, text = "", fault.Error()
	}
	full := join(section, key, ".")
	for at := full; ; at = at[:strings.LastIndexByte(at, '.')] {
		if line := f.lines[at]; line > 0 {
			return fmt.Errorf("%s:%d: %s: %s", f.name, line, full, text)
		}
		if !strings.Contains(at, ".") {
			break
		}
	}
	if f.name != "" {
		return fmt.Errorf("%s: %s: %s", f.name, full, text)
	}
	return fmt.Errorf("%s: %s", full, text)
}

// Print writes the values in force as YAML.
func Print(w io.Writer, from any) error {
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(from); err != nil {
		return err
	}
	return enc.Close()
}

func join(path, name, by string) string {
	switch {
	case path == "":
		return name
	case name == "":
		return path
	}
	return path + by + name
}
