package eval

// A plugin is a group of functions and directives that SpamAssassin knows by one name. Rule files ask for it with
// ifplugin, and its functions exist only where it is loaded.
type plugin struct {
	name       string // without Mail::SpamAssassin::Plugin::
	stock      bool   // loaded where nothing is said: what Debian's *.pre files load
	functions  []Function
	directives map[string]Directive
	features   []string // what can() and has() find in it: "has_check_body_length"
}

// plugins are all that are here. The first has what SpamAssassin has without plugins.
var plugins = []plugin{
	{name: "", stock: true, directives: coreDirectives},
	{name: "AntiVirus", functions: antiVirusFunctions},
	{name: "BodyEval", stock: true, functions: bodyFunctions},
	{name: "DecodeShortURLs", functions: shortURLFunctions, directives: shortURLDirectives},
	{name: "FreeMail", stock: true, functions: freeMailFunctions, directives: freeMailDirectives},
	{name: "FromNameSpoof", functions: fromNameFunctions, directives: fromNameDirectives},
	{name: "HTMLEval", stock: true, functions: htmlFunctions},
	{name: "HTTPSMismatch", stock: true, functions: httpsFunctions},
	{name: "HeaderEval", stock: true, functions: headerFunctions},
	{name: "ImageInfo", stock: true, functions: imageFunctions},
	{name: "MIMEEval", stock: true, functions: mimeFunctions},
	{name: "PDFInfo", functions: pdfFunctions},
	{name: "RelayEval", stock: true, functions: relayFunctions},
	{name: "TextCat", functions: textCatFunctions, directives: textCatDirectives},
	{name: "URIEval", stock: true, functions: uriFunctions},
	{name: "VBounce", stock: true, functions: bounceFunctions, directives: bounceDirectives},
	{name: "WLBLEval", stock: true, functions: listFunctions, directives: listDirectives},
	{name: "WelcomeListSubject", stock: true, functions: subjectFunctions, directives: subjectDirectives},
}
