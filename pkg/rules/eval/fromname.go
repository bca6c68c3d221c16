package eval

type fromNameSettings struct{}

var fromNameFunctions = []Function{}

var fromNameDirectives = map[string]Directive{}
