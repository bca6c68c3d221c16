package eval

// Callers is the type of rules that may call a function. SpamAssassin never runs a rule of another.
type Callers string

const (
	HeaderRules Callers = "header"
	BodyRules   Callers = "body" // and rawbody
	FullRules   Callers = "full"
	AnyRules    Callers = "any"
)

// May tells whether rules of a type, as a rule file writes it, are among them.
func (c Callers) May(kind string) bool {
	return c == AnyRules || kind == string(c) || c == BodyRules && kind == "rawbody"
}

// calledBy sets who may call the functions, where they do not say that themselves.
func calledBy(rules Callers, functions []Function) []Function {
	for i := range functions {
		if functions[i].Rules == "" {
			functions[i].Rules = rules
		}
	}
	return functions
}
