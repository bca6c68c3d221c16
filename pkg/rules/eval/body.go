package eval

var bodyFunctions = []Function{}
