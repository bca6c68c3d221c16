package eval

import (
	"errors"
	"strings"
)

// subjectSettings are texts, in lower case, by whose standing in a Subject mail is welcome or not.
type subjectSettings struct {
	welcome, block []glob
}

var subjectFunctions = calledBy(HeaderRules, []Function{
	simple("check_subject_in_welcomelist", func(f *Facts) bool { return f.subjectHas(f.Settings.subjects.welcome) }),
	simple("check_subject_in_whitelist", func(f *Facts) bool { return f.subjectHas(f.Settings.subjects.welcome) }),
	simple("check_subject_in_blocklist", func(f *Facts) bool { return f.subjectHas(f.Settings.subjects.block) }),
	simple("check_subject_in_blacklist", func(f *Facts) bool { return f.subjectHas(f.Settings.subjects.block) }),
})

var subjectDirectives = map[string]Directive{
	"welcomelist_subject": listSubject(func(s *subjectSettings) *[]glob { return &s.welcome }),
	"whitelist_subject":   listSubject(func(s *subjectSettings) *[]glob { return &s.welcome }),
	"blocklist_subject":   listSubject(func(s *subjectSettings) *[]glob { return &s.block }),
	"blacklist_subject":   listSubject(func(s *subjectSettings) *[]glob { return &s.block }),
}

// listSubject reads one text; blanks in it count.
func listSubject(list func(*subjectSettings) *[]glob) Directive {
	return func(s *Settings, value string) error {
		if value == "" {
			return errors.New("wants a text that stands in a Subject; * and ? are wildcards in it")
		}
		globs := list(&s.subjects)
		*globs = append(*globs, glob("*"+strings.ToLower(value)+"*"))
		return nil
	}
}

// subjectHas tells whether any of the texts stands anywhere in the Subject.
func (f *Facts) subjectHas(globs []glob) bool {
	if len(globs) == 0 {
		return false
	}
	for _, line := range strings.Split(strings.ToLower(f.field("Subject", 0)), "\n") {
		for _, g := range globs {
			if line != "" && g.match(line) {
				return true
			}
		}
	}
	return false
}
