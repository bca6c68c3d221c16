package eval

type bounceSettings struct{}

var bounceFunctions = []Function{}

var bounceDirectives = map[string]Directive{}
