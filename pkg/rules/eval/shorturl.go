package eval

type shortURLSettings struct{}

var shortURLFunctions = []Function{}

var shortURLDirectives = map[string]Directive{}
