package eval

var imageFunctions = []Function{}
