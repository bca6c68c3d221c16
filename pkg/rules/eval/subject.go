package eval

type subjectSettings struct{}

var subjectFunctions = []Function{}

var subjectDirectives = map[string]Directive{}
