package eval

var uriFunctions = []Function{}
