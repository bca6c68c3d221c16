package eval

import (
	"strings"

	"winnow/pkg/message"
)

// registered returns the registered domain of a host, or its last two labels where no suffix is known.
func (f *Facts) registered(host string) string {
	host = strings.Trim(withoutDoubleDots(host), ".")
	if domain := message.Domain(host); domain != "" {
		return domain
	}
	if dot := strings.LastIndexByte(host, '.'); dot >= 0 {
		return host[strings.LastIndexByte(host[:dot], '.')+1:]
	}
	return host
}

// hasKnownSuffix tells whether a host is below a top-level domain that exists.
func (f *Facts) hasKnownSuffix(host string) bool { return message.HasKnownSuffix(host) }
