package eval

var pdfFunctions = []Function{}
