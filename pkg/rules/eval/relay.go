package eval

var relayFunctions = []Function{}
