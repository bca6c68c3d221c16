package eval

import (
	"fmt"
	"strconv"
	"strings"

	"winnow/pkg/message"
)

// number reads an argument as Perl does: the number that it begins with, 0 where it begins with none.
func number(arg string) float64 {
	arg = strings.TrimLeft(arg, " \t\n\r\f\v")
	end, digits := 0, false
	for end < len(arg) {
		switch c := arg[end]; {
		case '0' <= c && c <= '9':
			digits = true
		case (c == '-' || c == '+') && (end == 0 || arg[end-1]|0x20 == 'e'):
		case c == '.' && !strings.ContainsAny(arg[:end], ".eE"):
		case c|0x20 == 'e' && digits && !strings.ContainsAny(arg[:end], "eE"):
		default:
			return prefixNumber(arg[:end])
		}
		end++
	}
	return prefixNumber(arg)
}

// prefixNumber is the longest number that text begins with.
func prefixNumber(text string) float64 {
	for ; text != ""; text = text[:len(text)-1] {
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return n
		}
	}
	return 0
}

// A span is a minimum and, where there is one, a maximum.
type span struct {
	min, max float64
	open     bool // no maximum
}

// spanOf reads a minimum and a maximum that may be left out.
func spanOf(args []string) (span, error) {
	if len(args) == 0 {
		return span{}, fmt.Errorf("wants a minimum and, if need be, a maximum")
	}
	s := span{min: number(args[0]), open: true}
	if len(args) > 1 {
		s.max, s.open = number(args[1]), false
	}
	return s, nil
}

// closedSpan reads a minimum and a maximum.
func closedSpan(args []string) (span, error) {
	if len(args) < 2 {
		return span{}, fmt.Errorf("wants a minimum and a maximum")
	}
	return spanOf(args)
}

// holds tells whether n is neither below nor above.
func (s span) holds(n float64) bool { return n >= s.min && (s.open || n <= s.max) }

// hits is what a check answers that finds at most one thing.
func hits(found bool) int {
	if found {
		return 1
	}
	return 0
}

// simple is a function that wants no arguments.
func simple(name string, found func(*Facts) bool) Function {
	return Function{Name: name, Bind: func([]string, *Settings) (Check, error) {
		return func(f *Facts) int { return hits(found(f)) }, nil
	}}
}

// spanned is a function that asks whether a number lies in a span, read by read.
func spanned(name string, read func([]string) (span, error), found func(*Facts, span) bool) Function {
	return Function{Name: name, Bind: func(args []string, _ *Settings) (Check, error) {
		s, err := read(args)
		if err != nil {
			return nil, err
		}
		return func(f *Facts) int { return hits(found(f, s)) }, nil
	}}
}

// A linesOf says which lines of a message a function looks at.
type linesOf func(*message.Message) []string

// lined is a function that looks at lines of text: those of the body, or those of the raw body where a rawbody rule asks.
func lined(name string, bind func(args []string, lines linesOf) (Check, error)) Function {
	return Function{
		Name:    name,
		Bind:    func(args []string, _ *Settings) (Check, error) { return bind(args, (*message.Message).BodyLines) },
		BindRaw: func(args []string, _ *Settings) (Check, error) { return bind(args, (*message.Message).RawBody) },
	}
}
