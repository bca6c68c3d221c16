package eval

type textCatSettings struct{}

var textCatFunctions = []Function{}

var textCatDirectives = map[string]Directive{}
