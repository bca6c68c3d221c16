package app

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"winnow/pkg/dnslist"
	"winnow/pkg/rules"
	"winnow/pkg/stats"
	"winnow/pkg/web"
)

func newToken() web.Secret { return web.NewSecret(watchToken) }

// The description of the API that is served.
type description struct {
	OpenAPI    string
	Paths      map[string]map[string]operation
	Components struct {
		Parameters map[string]parameter
		Schemas    map[string]*schema
	}
}

type operation struct {
	Parameters []struct {
		Ref string `yaml:"$ref"`
	}
	Responses map[string]struct {
		Content map[string]struct{ Schema *schema }
	}
}

type parameter struct {
	Name     string
	In       string
	Required bool
	Schema   schema
}

type schema struct {
	Ref        string `yaml:"$ref"`
	Type       string
	Format     string
	Required   []string
	Closed     *bool `yaml:"additionalProperties"`
	Properties map[string]*schema
	Items      *schema
	OneOf      []*schema `yaml:"oneOf"`
}

func readDescription(t *testing.T, text string) *description {
	t.Helper()
	d := &description{}
	if err := yaml.Unmarshal([]byte(text), d); err != nil {
		t.Fatal(err)
	}
	return d
}

// resolve follows a reference.
func (d *description) resolve(s *schema) *schema {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return d.Components.Schemas[name]
	}
	return s
}

// check holds an answer to its schema, field by field in both directions but for those that may be missing.
func (d *description) check(at string, value any, s *schema) []string {
	if s = d.resolve(s); s == nil {
		return []string{at + ": no schema"}
	}
	if len(s.OneOf) > 0 {
		if value == nil {
			return nil
		}
		return d.check(at, value, s.OneOf[len(s.OneOf)-1])
	}
	switch v := value.(type) {
	case map[string]any:
		return d.checkObject(at, v, s)
	case []any:
		if s.Type != "array" {
			return []string{fmt.Sprintf("%s: an array, described as %s", at, s.Type)}
		}
		var faults []string
		for i, item := range v {
			faults = append(faults, d.check(fmt.Sprintf("%s[%d]", at, i), item, s.Items)...)
		}
		return faults
	}
	return checkLeaf(at, value, s)
}

func (d *description) checkObject(at string, value map[string]any, s *schema) (faults []string) {
	if s.Type != "object" || s.Closed == nil || *s.Closed {
		faults = append(faults, at+": not described as a closed object")
	}
	for name, field := range value {
		if s.Properties[name] == nil {
			faults = append(faults, fmt.Sprintf("%s.%s: not described: add it to pkg/web/openapi.yaml", at, name))
			continue
		}
		faults = append(faults, d.check(at+"."+name, field, s.Properties[name])...)
	}
	for _, name := range s.Required {
		if _, ok := value[name]; !ok {
			faults = append(faults, fmt.Sprintf("%s.%s: required, and missing", at, name))
		}
		if s.Properties[name] == nil {
			faults = append(faults, fmt.Sprintf("%s.%s: required, and not described", at, name))
		}
	}
	return faults
}

func checkLeaf(at string, value any, s *schema) []string {
	is := "null"
	switch v := value.(type) {
	case string:
		is = "string"
		if _, err := time.Parse(time.RFC3339, v); s.Format == "date-time" && err != nil {
			return []string{at + ": " + err.Error()}
		}
	case bool:
		is = "boolean"
	case json.Number:
		is = "number"
		if s.Type == "integer" && !strings.ContainsAny(v.String(), ".eE") {
			is = "integer"
		}
	}
	if is != s.Type {
		return []string{fmt.Sprintf("%s: %s, described as %s", at, is, s.Type)}
	}
	return nil
}

// unseen holds the description to an answer that has everything: each property is there.
func (d *description) unseen(at string, value any, s *schema) (faults []string) {
	s = d.resolve(s)
	if len(s.OneOf) > 0 {
		s = d.resolve(s.OneOf[len(s.OneOf)-1])
	}
	switch v := value.(type) {
	case []any:
		if len(v) == 0 {
			return []string{at + ": nothing to look at"}
		}
		return d.unseen(at, v[0], s.Items)
	case map[string]any:
		for name, p := range s.Properties {
			if field, ok := v[name]; ok {
				faults = append(faults, d.unseen(at+"."+name, field, p)...)
			} else {
				faults = append(faults, fmt.Sprintf("%s.%s: described in pkg/web/openapi.yaml, and no answer ever has it", at, name))
			}
		}
	}
	return faults
}

func decode(t *testing.T, body string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return value
}

// fill puts something into every field that v has, so that none is left out of its JSON.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1e9, 0).UTC()))
			return
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i))
			}
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Float64:
		v.SetFloat(1.5)
	case reflect.Bool:
		v.SetBool(true)
	}
}

// answers is what each path answers with, whole.
var answers = map[string]any{
	"/api/v1/version":      new(VersionInfo),
	"/api/v1/lists":        new([]dnslist.State),
	"/api/v1/rules":        new(rules.State),
	"/api/v1/report":       new([]stats.Report),
	"/api/v1/rules/report": new([]stats.RuleReport),
	"/api/v1/sets":         new([]stats.SetReport),
	"/api/v1/lists/report": new([]stats.ListReport),
	"/api/v1/hours":        new([]stats.HourReport),
}

const describes = "/api/v1/openapi.yaml"

// TestOpenAPI holds the description of the API to what is answered: real answers have no field that is not described and
// all that are required; whole ones have every field that is described; and so it is with paths and parameters.
func TestOpenAPI(t *testing.T) {
	_, s, url := watched(t, nil)
	count(t, s, 1)
	status, text := ask(t, url+describes, "")
	onDisk, err := os.ReadFile("../web/openapi.yaml")
	if err != nil || status != 200 || text != string(onDisk) {
		t.Fatalf("got %d, %v: what is served is not pkg/web/openapi.yaml", status, err)
	}
	d := readDescription(t, text)
	if !strings.HasPrefix(d.OpenAPI, "3.1.") {
		t.Errorf("got OpenAPI %s, want 3.1", d.OpenAPI)
	}
	for path := range answers {
		if d.Paths[path] == nil {
			t.Errorf("%s: not described", path)
		}
	}
	for path, operations := range d.Paths {
		get, ok := operations["get"]
		if !ok || len(operations) != 1 {
			t.Errorf("%s: want GET and nothing else", path)
		}
		checkParameters(t, d, url+path, get)
		if path == describes {
			continue
		}
		real := get.Responses["200"].Content["application/json"].Schema
		if answers[path] == nil || real == nil {
			t.Errorf("%s: described, but this test knows no answer", path)
			continue
		}
		status, body := ask(t, url+path+"?"+d.required(get), "")
		if status != 200 {
			t.Errorf("%s: got %d %s", path, status, body)
			continue
		}
		faults := d.check(path, decode(t, body), real)
		whole := reflect.New(reflect.TypeOf(answers[path]).Elem())
		fill(whole.Elem())
		all, err := json.Marshal(whole.Interface())
		if err != nil {
			t.Fatal(err)
		}
		value := decode(t, string(all))
		faults = append(faults, d.check(path, value, real)...)
		faults = append(faults, d.unseen(path, value, real)...)
		slices.Sort(faults)
		for _, fault := range slices.Compact(faults) {
			t.Error(fault)
		}
	}
}

// values are questions with each parameter that is known anywhere.
var values = map[string]string{"day": "day=today", "from": "from=today", "to": "from=today&to=today", "per_day": "per_day=true", "list": "list=rules"}

// parameter resolves a reference to one.
func (d *description) parameter(ref string) parameter {
	return d.Components.Parameters[strings.TrimPrefix(ref, "#/components/parameters/")]
}

// required is what must be in a question.
func (d *description) required(get operation) string {
	var all []string
	for _, p := range get.Parameters {
		if p := d.parameter(p.Ref); p.Required {
			all = append(all, values[p.Name])
		}
	}
	return strings.Join(all, "&")
}

// checkParameters asks with each parameter: those described are taken, all others refused, and those required are missed.
func checkParameters(t *testing.T, d *description, url string, get operation) {
	t.Helper()
	described, required := map[string]bool{}, d.required(get)
	for _, p := range get.Parameters {
		described[d.parameter(p.Ref).Name] = true
	}
	known := map[string]bool{}
	for name, p := range d.Components.Parameters {
		if known[p.Name] = true; p.In != "query" || values[p.Name] == "" {
			t.Errorf("parameter %s: got %+v", name, p)
		}
	}
	for name, question := range values {
		if !known[name] {
			t.Errorf("parameter %s is not described", name)
		}
		want := 400
		if described[name] {
			want = 200
		}
		if required != "" && question != required {
			if status, body := ask(t, url+"?"+question, ""); status != 400 {
				t.Errorf("%s?%s: got %d %s, want 400 without %s", url, question, status, body, required)
			}
			question += "&" + required
		}
		if status, body := ask(t, url+"?"+question, ""); status != want {
			t.Errorf("%s?%s: got %d %s, want %d", url, question, status, body, want)
		}
	}
	status, body := ask(t, url+"?nothing=1", "")
	if faults := d.check("400", decode(t, body), d.Components.Schemas["Problem"]); status != 400 || len(faults) > 0 {
		t.Errorf("%s: got %d %s, %q", url, status, body, faults)
	}
}
