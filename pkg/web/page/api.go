package page

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A description is the API's, as people read it.
type description struct {
	Info       struct{ Title, Version, Summary, Description string }
	Paths      []apiPath
	Parameters []apiParameter
	Schemas    []apiSchema
}

type apiPath struct {
	Path, Summary, Answer, Link string
	Parameters                  []string
}

type apiParameter struct{ Name, Type, Description string }

type apiSchema struct {
	Name, Description string
	Fields            []apiField
}

type apiField struct {
	Name, Type, Link, Description string
	Required                      bool
}

// The parts of OpenAPI that our description uses.
type (
	openAPI struct {
		Info  struct{ Title, Version, Summary, Description string }
		Paths map[string]struct {
			Get struct {
				Summary    string
				Parameters []reference
				Responses  map[string]struct {
					Content map[string]struct{ Schema apiType }
				}
			}
		}
		Components struct {
			Parameters map[string]struct {
				Name, Description string
				Schema            apiType
			}
			Schemas map[string]apiType
		}
	}
	reference struct {
		Ref string `yaml:"$ref"`
	}
	apiType struct {
		Ref         string `yaml:"$ref"`
		Type        string
		Format      string
		Description string
		Required    []string
		Properties  map[string]apiType
		Items       *apiType
		OneOf       []apiType `yaml:"oneOf"`
	}
)

// readDescription reads what is built in, which a test holds to what is answered.
func readDescription(text []byte) *description {
	var api openAPI
	if err := yaml.Unmarshal(text, &api); err != nil {
		panic(err) // the program was built with a broken one
	}
	d := &description{Info: api.Info}
	for _, path := range slices.Sorted(maps.Keys(api.Paths)) {
		get := api.Paths[path].Get
		p := apiPath{Path: path, Summary: get.Summary}
		for _, ref := range get.Parameters {
			p.Parameters = append(p.Parameters, lastOf(ref.Ref))
		}
		for _, content := range get.Responses["200"].Content {
			p.Answer, p.Link = content.Schema.words()
		}
		d.Paths = append(d.Paths, p)
	}
	for _, name := range slices.Sorted(maps.Keys(api.Components.Parameters)) {
		p := api.Components.Parameters[name]
		word, _ := p.Schema.words()
		d.Parameters = append(d.Parameters, apiParameter{p.Name, word, p.Description})
	}
	for _, name := range slices.Sorted(maps.Keys(api.Components.Schemas)) {
		d.Schemas = append(d.Schemas, newSchema(name, api.Components.Schemas[name]))
	}
	return d
}

func newSchema(name string, t apiType) apiSchema {
	s := apiSchema{Name: name, Description: t.Description}
	for _, field := range slices.Sorted(maps.Keys(t.Properties)) {
		property := t.Properties[field]
		word, link := property.words()
		s.Fields = append(s.Fields, apiField{field, word, link, property.Description, slices.Contains(t.Required, field)})
	}
	return s
}

// words says what a type is, and which schema it leads to.
func (t *apiType) words() (word, schema string) {
	switch {
	case t.Ref != "":
		return lastOf(t.Ref), lastOf(t.Ref)
	case t.Items != nil:
		word, schema = t.Items.words()
		return "array of " + word, schema
	case len(t.OneOf) > 0:
		word, schema = t.OneOf[len(t.OneOf)-1].words()
		return word + " or null", schema
	case t.Format != "":
		return t.Type + ", " + t.Format, ""
	}
	return t.Type, ""
}

func lastOf(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// showAPI shows the API.
func (p *Pages) showAPI(r *http.Request) (shown, error) {
	s := shown{template: "api", frame: frame{Title: "API", Here: "api", Lead: p.api.Info.Description}, body: p.api}
	_, err := values(r)
	return s, err
}
