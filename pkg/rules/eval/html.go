package eval

var htmlFunctions = []Function{}
