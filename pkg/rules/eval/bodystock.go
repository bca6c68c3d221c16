package eval

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"winnow/pkg/message"
)

// stockWord is what labels end with in mail that praises a share: "Current Price: ".
var stockWord = regexp.MustCompile(`(^trad(?:e|ing)date|company(?:name)?|s\w?(?:t\w?o\w?c\w?k|y\w?m(?:\w?b\w?o\w?l)?)|t(?:arget|icker)|` +
	`(?:opening|current)p(?:rice)?|p(?:rojected|osition)|expectations|weeks?high|marketperformance|` +
	`(?:year|week|month|day|price)(?:target|estimates?)|sector|r(?:ecommendation|ating))$`)

// countStockWords counts the different stock words that the first text/plain part has as labels.
func countStockWords(m *message.Message) int {
	for _, p := range m.Parts() {
		if p.MediaType() != "text/plain" {
			continue
		}
		found := map[string]bool{}
		eachLabel(p.Rendered(), func(label string) {
			if word := stockWord.FindString(onlyLetters(label)); word != "" {
				found[word] = true
			}
		})
		return len(found)
	}
	return 0
}

// onlyLetters is label in small letters and without all else.
func onlyLetters(label string) string {
	return strings.Map(func(r rune) rune {
		if r = unicode.ToLower(r); 'a' <= r && r <= 'z' {
			return r
		}
		return -1
	}, label)
}

const (
	minLabel = 3  // characters of a label
	maxLabel = 30 // of which blanks at its end may be left out
)

// eachLabel goes through what stands at the beginning of a line, before a colon that something follows.
func eachLabel(text string, yield func(string)) {
	for text != "" {
		text = strings.TrimLeftFunc(text, isBlankRune)
		end := labelEnd(text)
		behind := strings.TrimLeftFunc(text[end:], isBlankRune)
		if end == 0 || behind == "" || behind[0] != ':' {
			text = nextLine(text)
			continue
		}
		behind = strings.TrimLeftFunc(behind[1:], isBlankRune)
		if behind == "" {
			return
		}
		yield(text[:end])
		text = nextLine(behind)
	}
}

// labelEnd returns where the label ends that text begins with, 0 if it begins with none.
func labelEnd(text string) int {
	if text == "" || text[0] == ':' {
		return 0
	}
	count, end := 0, 0
	for end < len(text) && count < maxLabel && text[end] != ':' && text[end] != '\n' {
		_, size := utf8.DecodeRuneInString(text[end:])
		end += size
		count++
	}
	if count < minLabel {
		return 0
	}
	return end
}

func nextLine(text string) string {
	_, rest, _ := strings.Cut(text, "\n")
	return rest
}
