package eval

type listSettings struct{}

var listFunctions = []Function{}

var listDirectives = map[string]Directive{}
