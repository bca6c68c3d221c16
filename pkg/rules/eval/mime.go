package eval

var mimeFunctions = []Function{}
