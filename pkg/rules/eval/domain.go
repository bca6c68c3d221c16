package eval

// registered returns the registered domain of a host, or its last two labels where no suffix is known.
func (f *Facts) registered(host string) string { return f.Settings.URIRules().Domain(host) }

// hasKnownSuffix tells whether a host is below a top-level domain that exists.
func (f *Facts) hasKnownSuffix(host string) bool { return f.Settings.URIRules().IsValidDomain(host) }
