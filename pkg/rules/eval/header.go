package eval

var headerFunctions = []Function{}
