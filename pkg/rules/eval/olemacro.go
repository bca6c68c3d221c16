package eval

import (
	"errors"
	"fmt"
	"strings"

	"winnow/pkg/rules/pattern"
)

// oleMacroSettings says which attachments are looked at for macros, and how far.
type oleMacroSettings struct {
	maxParts    int  // attachments that are looked at
	maxMembers  int  // files in a zip that are; 0 for no zips
	maxDepth    int  // of a zip in a zip
	maxSize     int  // octets of an attachment
	renamed     bool // look for documents under other names, too
	disposition bool // of two names Content-Disposition's is the better

	documents, macros, skipped, zips *pattern.Pattern // by the end of file names
	skippedTypes                     *pattern.Pattern
	downloads                        *pattern.Pattern // what a document fetches programs with
}

func newOLEMacroSettings() oleMacroSettings {
	return oleMacroSettings{
		maxParts: 5, maxMembers: 8, maxDepth: 2, maxSize: 1_024_000, disposition: true,
		documents:    pattern.MustCompile(`(?:doc|docx|dot|pot|ppa|pps|ppt|rtf|sldm|xl|xla|xls|xlsx|xlt|xltx|xslb)$`, ""),
		macros:       pattern.MustCompile(`(?:docm|dotm|ppam|potm|ppst|ppsm|pptm|sldm|xlm|xlam|xlsb|xlsm|xltm|xps)$`, ""),
		skipped:      pattern.MustCompile(`(?:dotx|potx|ppsx|pptx|sldx)$`, ""),
		zips:         pattern.MustCompile(`(?:zip)$`, ""),
		skippedTypes: pattern.MustCompile(`^(?:text/)`, ""),
		downloads:    pattern.MustCompile(`(?:cmd(?:\.exe)? /c ms\^h\^ta ht\^tps?:/\^/)`, ""),
	}
}

var oleMacroFunctions = calledBy(BodyRules, []Function{
	simple("check_olemacro", func(f *Facts) bool { return f.office().macro }),
	simple("check_oleobject", func(f *Facts) bool { return f.office().object }),
	simple("check_olertfobject", func(f *Facts) bool { return f.office().rtfObject }),
	simple("check_olemacro_csv", func(f *Facts) bool { return f.office().csv }),
	simple("check_olemacro_malice", func(f *Facts) bool { return f.office().malice }),
	simple("check_olemacro_renamed", func(f *Facts) bool { return f.office().renamed }),
	simple("check_olemacro_encrypted", func(f *Facts) bool { return f.office().encrypted }),
	simple("check_olemacro_zip_password", func(f *Facts) bool { return f.office().password }),
	simple("check_olemacro_download_exe", func(f *Facts) bool { return f.office().download }),
	simple("check_olemacro_redirect_uri", func(f *Facts) bool { return f.office().redirect }),
	simple("check_olemacro_mhtml_uri", func(f *Facts) bool { return f.office().mhtml }),
})

var oleMacroDirectives = map[string]Directive{
	"olemacro_num_mime":                  countDirective(func(s *Settings) *int { return &s.oleMacro.maxParts }),
	"olemacro_num_zip":                   countDirective(func(s *Settings) *int { return &s.oleMacro.maxMembers }),
	"olemacro_zip_depth":                 countDirective(func(s *Settings) *int { return &s.oleMacro.maxDepth }),
	"olemacro_max_file":                  countDirective(func(s *Settings) *int { return &s.oleMacro.maxSize }),
	"olemacro_extended_scan":             boolDirective(func(s *Settings) *bool { return &s.oleMacro.renamed }),
	"olemacro_prefer_contentdisposition": boolDirective(func(s *Settings) *bool { return &s.oleMacro.disposition }),
	"olemacro_exts":                      regexDirective(func(s *Settings) **pattern.Pattern { return &s.oleMacro.documents }),
	"olemacro_macro_exts":                regexDirective(func(s *Settings) **pattern.Pattern { return &s.oleMacro.macros }),
	"olemacro_skip_exts":                 regexDirective(func(s *Settings) **pattern.Pattern { return &s.oleMacro.skipped }),
	"olemacro_skip_ctypes":               regexDirective(func(s *Settings) **pattern.Pattern { return &s.oleMacro.skippedTypes }),
	"olemacro_zips":                      regexDirective(func(s *Settings) **pattern.Pattern { return &s.oleMacro.zips }),
	"olemacro_download_marker":           regexDirective(func(s *Settings) **pattern.Pattern { return &s.oleMacro.downloads }),
}

// boolDirective sets 1 or 0, yes or no.
func boolDirective(field func(*Settings) *bool) Directive {
	return func(s *Settings, value string) error {
		switch strings.ToLower(strings.TrimSpace(value)) {
		case "1", "yes":
			*field(s) = true
		case "0", "no":
			*field(s) = false
		default:
			return fmt.Errorf("wants 1 or 0, not %q", value)
		}
		return nil
	}
}

// regexDirective sets a pattern without delimiters.
func regexDirective(field func(*Settings) **pattern.Pattern) Directive {
	return func(s *Settings, value string) error {
		if value == "" {
			return errors.New("wants a pattern without delimiters")
		}
		re, err := s.bareRegex(value, "")
		if err == nil {
			*field(s) = re
		}
		return err
	}
}
