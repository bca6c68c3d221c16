package message

// Limits for what is read from a message. Mail from people stays far below each of them; mail beyond them was made to
// wear filters out. What is beyond a limit is cut off or taken as plain text, never refused.
const (
	MaxHeaderBytes = 1 << 20 // of a header, where the message comes from a file; Postfix has its own header_size_limit
	MaxFields      = 5_000   // of one header: further fields are dropped
	MaxFieldName   = 256     // octets of a field's name that rules see
	MaxFieldValue  = 8_192   // octets of a field's value that rules see, and that is searched for parameters and addresses
	MaxAllHeaders  = 65_536  // octets of the pseudo header ALL
	MaxParams      = 64      // parameters of one Content-Type or Content-Disposition
	MaxAddresses   = 1_000   // mail addresses in one field
	MaxBrackets    = 64      // angle brackets that are tried as the end of one address
	MaxHops        = 100     // Received fields that a Route is read from: who handed it on is told by the first few

	MaxDepth    = 20    // nesting of multiparts and attached messages: what is deeper is one part of plain text
	MaxParts    = 1_000 // of one multipart: what follows is searched for URIs, as plain text
	MaxEntities = 5_000 // of one message: the same

	MaxBodyPart   = 50_000  // characters of one part that body rules see, more or less: it is cut at the end of a line
	MaxRawPart    = 500_000 // octets of one part that rawbody rules see, cut in the same way
	MaxParagraphs = 20_000  // lines that body rules see
	MaxLine       = 2_048   // octets of a line that body rules see; half of the most that rawbody rules see at once
	MaxBlankLines = 20      // in a row, in a text: the others are dropped

	MaxHTML       = 1_000_000 // octets of one part that are read as HTML
	MaxHTMLTokens = 200_000   // tags and texts of one part: the rest is not read
	MaxHTMLAttrs  = 100       // attributes of one tag that are looked at
	MaxHTMLDepth  = 10_000    // open elements whose style is remembered
	MaxSections   = 100       // open marked sections
	MaxHTMLNames  = 1_000     // different names of elements
	MaxHTMLClosed = 1_000     // style and script elements that are closed at the end

	MaxURIs       = 1_000   // of one message; links go first, then guesses, then mail addresses
	MaxURILength  = 8_192   // octets of one URI
	MaxURIText    = 500_000 // octets of one part's rendered text that are searched for URIs
	MaxURIGrowth  = 16      // octets of relative URIs, made absolute, for each character of a page: each is longer than its base
	MaxURIBytes   = 4 << 20 // octets of all spellings of the URIs of one message, as rules see them
	MaxCandidates = 20_000  // strings of one message that are looked at as if they were a URI
	MaxRedirects  = 100     // URIs that lead on from one another, as rules see them
	MaxDetails    = 5_000   // of one message, as rules see them
	MaxAnchors    = 1_000   // different texts of the links to one URI
	MaxReference  = 64      // octets of a numeric reference in a URI
	MaxTargets    = 4       // further URIs taken out of one URI: http://redirect.example/?to=http://...
)
