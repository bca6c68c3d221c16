package rules

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// replacing is what files say about tags in patterns: /<V><I>agra/ stands for a pattern in which every tag is replaced with
// what it stands for, such as all ways to write a V. <pre NAME>, <inter NAME> and <post NAME> put something before, between
// and behind the tags of one pattern.
type replacing struct {
	start, end            string
	tag, pre, inter, post map[string]string
	rules                 []replaced // in the order of lines, none twice
	named                 map[string]bool
	full                  bool // there were too many
}

// replaced is a rule that is to have its tags replaced.
type replaced struct {
	name string
	at   place
}

func newReplacing() replacing {
	return replacing{start: "<", end: ">", tag: map[string]string{}, pre: map[string]string{}, inter: map[string]string{}, post: map[string]string{}, named: map[string]bool{}}
}

// replacement reads what a tag, or one of its companions, stands for.
func (r *reader) replacement(l line) {
	name, text := cutWord(l.value)
	if text == "" {
		r.fault(l, "", l.key+": no text", "write: "+l.key+" NAME pattern")
		return
	}
	switch l.key {
	case "replace_tag":
		r.replace.tag[name] = text
	case "replace_pre":
		r.replace.pre[name] = text
	case "replace_inter":
		r.replace.inter[name] = text
	case "replace_post":
		r.replace.post[name] = text
	}
}

// replaceMark reads what a tag begins or ends with.
func (r *reader) replaceMark(l line) {
	switch {
	case l.value == "":
		r.fault(l, "", l.key+": nothing behind it", "write: "+l.key+" <")
	case l.key == "replace_start":
		r.replace.start = l.value
	default:
		r.replace.end = l.value
	}
}

// replaceRules reads which rules are to have their tags replaced.
func (r *reader) replaceRules(l line) {
	if l.value == "" {
		r.fault(l, "", "replace_rules: no rules", "write: replace_rules NAME NAME2")
	}
	for name := range strings.FieldsSeq(l.value) {
		switch {
		case r.replace.full:
			return
		case r.replace.named[name]:
			continue
		case !validName(name):
			r.fault(l, "", fmt.Sprintf("replace_rules: %.*q is no name of a rule", maxNameLength, name), "write: replace_rules NAME NAME2")
			return
		case len(r.replace.named) >= maxNamed:
			r.fault(l, "", fmt.Sprintf("replace_rules: there are more than %d: this one and all others are left out", maxNamed), "")
			r.replace.full = true
			return
		}
		r.replace.named[name] = true
		r.replace.rules = append(r.replace.rules, replaced{name, l.at})
	}
}

// replaceTags replaces the tags in the patterns of the rules that ask for it. One that is no good then keeps its pattern as
// it is written.
func (p *parser) replaceTags(s *Set) {
	for _, each := range p.replace.rules {
		i, found := s.byName[each.name]
		if !found {
			continue
		}
		rule := s.rules[i]
		if rule.pattern == nil || rule.Type > Full {
			p.faults.add(each.at, Warning, each.name, "replace_rules: a "+rule.kind()+" rule has no tags", "")
			continue
		}
		if err := p.replaceIn(rule); err != nil {
			p.faults.add(place{rule.File, rule.Line}, Broken, rule.Name, "with its tags replaced: "+err.Error(), "")
		}
	}
}

// replaceIn replaces the tags in one pattern, if there is room for what comes of it.
func (p *parser) replaceIn(rule *Rule) error {
	if p.expanded > maxExpansions {
		return errors.New(tooLarge)
	}
	text, err := p.replace.expand(rule.regex.source)
	if p.expanded += len(text); err != nil {
		p.expanded += maxExpansions / 8 // a few may fail; it takes long until they do
	}
	if err != nil || text == rule.regex.source {
		return err
	}
	kept := *rule
	if p.octets += len(text); p.octets > maxDefinitions {
		p.octets -= len(text)
		return errors.New(tooLarge)
	}
	rule.regex.expanded = text
	if err = rule.compileRegex(text); err != nil {
		*rule = kept
		return err
	}
	if p.patterns += rule.size() - kept.size(); p.patterns > maxPatterns {
		p.patterns -= rule.size() - kept.size()
		*rule = kept
		return errors.New(tooLarge)
	}
	return nil
}

// element is where SpamAssassin cuts a pattern up, whatever replace_start and replace_end say.
var element = regexp.MustCompile(`<[^<>]+>`)

// again is what makes for another pass.
var again = regexp.MustCompile(`<[^>]+>`)

// find finds the first tag in a text: where it begins and ends, and its name, which has at least one character.
func (r *replacing) find(text, word string) (from, to int, name string, found bool) {
	start := r.start + word
	from = strings.Index(text, start)
	if from < 0 {
		return 0, 0, "", false
	}
	inner := from + len(start)
	if inner >= len(text) {
		return 0, 0, "", false
	}
	length := strings.Index(text[inner+1:], r.end)
	if length < 0 {
		return 0, 0, "", false
	}
	name = text[inner : inner+1+length]
	return from, inner + len(name) + len(r.end), name, true
}

// maxPasses is how often tags are replaced in what tags stand for: SpamAssassin's own.
const maxPasses = 6

// expand replaces the tags of a pattern.
func (r *replacing) expand(text string) (string, error) {
	for range maxPasses {
		pre := r.companion(&text, "pre ", r.pre)
		post := r.companion(&text, "post ", r.post)
		inter := r.companion(&text, "inter ", r.inter)
		pieces, repeat, size := r.pieces(text), false, 0
		for i, piece := range pieces {
			if pre != "" {
				if from, _, _, found := r.find(piece, ""); found {
					piece = piece[:from] + pre + piece[from:]
				}
			}
			if post != "" {
				piece = r.behindTags(piece, post)
			}
			if piece == "" && i > 0 {
				piece = inter
			}
			var more bool
			pieces[i], more = r.replaceTag(piece)
			repeat = repeat || more
			if size += len(pieces[i]); size > maxExpanded {
				return "", fmt.Errorf("the pattern has more than %d octets", maxExpanded)
			}
		}
		if text = strings.Join(pieces, ""); !repeat {
			break
		}
	}
	return text, nil
}

// companion takes the first <pre NAME> or the like out of a pattern, and returns what it stands for.
func (r *replacing) companion(text *string, word string, meanings map[string]string) string {
	from, to, name, found := r.find(*text, word)
	if !found {
		return ""
	}
	*text = (*text)[:from] + (*text)[to:]
	return meanings[name]
}

// pieces cuts a pattern into tags and what is between them. Between two adjacent tags is an empty piece, and before a first
// one that the pattern begins with; the latter is none in SpamAssassin, where flags precede it.
func (r *replacing) pieces(text string) []string {
	var all []string
	last := 0
	for _, at := range element.FindAllStringIndex(text, -1) {
		all = append(all, text[last:at[0]], text[at[0]:at[1]])
		last = at[1]
	}
	if last < len(text) {
		all = append(all, text[last:])
	}
	return all
}

// behindTags puts something behind every tag.
func (r *replacing) behindTags(piece, post string) string {
	var b strings.Builder
	for {
		_, to, _, found := r.find(piece, "")
		if !found {
			return b.String() + piece
		}
		b.WriteString(piece[:to])
		if piece = piece[to:]; b.Len() <= maxExpanded { // what is longer is refused anyway
			b.WriteString(post)
		}
	}
}

// replaceTag replaces the first tag of a piece wherever it stands in it, and tells whether there may be tags in what came of
// it.
func (r *replacing) replaceTag(piece string) (text string, more bool) {
	from, to, name, found := r.find(piece, "")
	if !found || r.tag[name] == "" {
		return piece, false
	}
	meaning, tag := r.tag[name], piece[from:to]
	if room := maxExpanded/len(meaning) + 1; strings.Count(piece, tag) > room { // as many are too long already
		return strings.Replace(piece, tag, meaning, room), false
	}
	return strings.ReplaceAll(piece, tag, meaning), again.MatchString(meaning)
}
