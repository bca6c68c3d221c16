package eval

var httpsFunctions = []Function{}
