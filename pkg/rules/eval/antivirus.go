package eval

var antiVirusFunctions = []Function{}
