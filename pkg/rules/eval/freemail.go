package eval

type freeMailSettings struct{}

var freeMailFunctions = []Function{}

var freeMailDirectives = map[string]Directive{}
