package message

// ParseFlags tells what was wrong with a message's structure. Rules ask for it under SpamAssassin's names.
type ParseFlags struct {
	NoSeparator     bool // missing_head_body_separator: no empty line behind the header
	TruncatedHeader bool // truncated_header: a name, a value or the whole header is longer than rules see
	NoPartSeparator bool // missing_mime_head_body_separator: no empty line behind the header of a part
	NoPartHeader    bool // missing_mime_headers: what stands behind a boundary is no header field
	Epilogue        bool // mime_epilogue_exists: text behind the end of the parts
	TooManyParts    bool // mimepart_limit_exceeded: more than MaxParts in one multipart

	UnclosedBoundary bool // a multipart that begins and does not end, or ends more often; for check_for_mime
}

// ParseFlags returns what was wrong with the message's structure.
func (m *Message) ParseFlags() ParseFlags {
	flags := m.structure().flags
	if m.source != nil {
		flags.NoSeparator, flags.TruncatedHeader = m.source.missing, m.source.truncated
	}
	size := 0
	for _, f := range m.Header {
		size += len(f.Name) + len(f.Value) + len(": \n")
		if len(f.Name) > MaxFieldName || len(f.Value) >= MaxFieldValue {
			flags.TruncatedHeader = true
		}
	}
	if size > MaxAllHeaders {
		_, cut := m.allDecoded()
		flags.TruncatedHeader = flags.TruncatedHeader || cut
	}
	return flags
}
