package eval

import (
	"fmt"
	"slices"
	"strings"

	"winnow/pkg/message"
)

var imageFunctions = calledBy(BodyRules, []Function{
	{Name: "image_count", Bind: bindImageCount},
	{Name: "pixel_coverage", Bind: bindPixels},
	{Name: "image_size_exact", Bind: bindImageExact},
	{Name: "image_size_range", Bind: bindImageRange},
	{Name: "image_named", Bind: bindImageNamed},
	{Name: "image_name_regex", Bind: bindImageName},
	lined("image_to_text_ratio", bindImageRatio),
})

// An imageKind is the images of one kind that a message has attached.
type imageKind struct {
	count  int
	pixels float64
	sizes  []size
}

// images is all images of a message: by kind, and under "all".
type images struct {
	kinds map[string]*imageKind
	names []string // of those whose size is known
}

// images looks at the images when it is first asked.
func (f *Facts) images() *images {
	if f.imageSet == nil {
		f.imageSet = findImages(f.Message)
	}
	return f.imageSet
}

func findImages(m *message.Message) *images {
	found := &images{kinds: map[string]*imageKind{"all": {}, "gif": {}, "png": {}, "jpeg": {}}}
	for _, p := range m.Parts() {
		kind, isImage := strings.CutPrefix(p.MediaType(), "image/")
		if kind == "jpg" {
			kind = "jpeg"
		}
		if !isImage || found.kinds[kind] == nil || kind == "all" || !strings.EqualFold(p.Field("Content-Transfer-Encoding"), "base64") {
			continue
		}
		s := imageSize(kind, p.Data)
		found.kinds[kind].add(s)
		found.kinds["all"].add(s)
		if name := p.Name(); name != "" && s != (size{}) {
			found.names = append(found.names, name)
		}
	}
	return found
}

func (k *imageKind) add(s size) {
	k.count++
	if s != (size{}) {
		k.pixels += s.area()
		k.sizes = append(k.sizes, s)
	}
}

// imageKindOf checks a kind that a rule names.
func imageKindOf(args []string) (string, error) {
	if len(args) == 0 || !slices.Contains([]string{"all", "gif", "png", "jpeg"}, args[0]) {
		return "", fmt.Errorf("wants a kind of image first: gif, png, jpeg or all")
	}
	return args[0], nil
}

// kindAndSpan reads the kind of image, a minimum and, where there is one, a maximum.
func kindAndSpan(args []string) (string, span, error) {
	kind, err := imageKindOf(args)
	if err != nil {
		return "", span{}, err
	}
	s, err := spanOf(args[1:])
	return kind, s, err
}

func bindImageCount(args []string, _ *Settings) (Check, error) {
	kind, s, err := kindAndSpan(args)
	if err != nil {
		return nil, err
	}
	return func(f *Facts) int { return hits(s.holds(float64(f.images().kinds[kind].count))) }, nil
}

func bindPixels(args []string, _ *Settings) (Check, error) {
	kind, s, err := kindAndSpan(args)
	if err != nil {
		return nil, err
	}
	return func(f *Facts) int { return hits(s.holds(f.images().kinds[kind].pixels)) }, nil
}

func bindImageRatio(args []string, lines linesOf) (Check, error) {
	kind, s, err := kindAndSpan(args)
	if err != nil {
		return nil, err
	}
	if s.open {
		return nil, fmt.Errorf("wants a maximum, too")
	}
	return func(f *Facts) int {
		return hits(s.holdsRatio(lines(f.Message), f.images().kinds[kind].pixels))
	}, nil
}

// holdsRatio tells whether the octets of text by pixels are in the span. Its maximum is not in it.
func (s span) holdsRatio(lines []string, pixels float64) bool {
	size := 0
	for _, line := range lines {
		size += len(line)
	}
	if size == 0 || pixels <= 0 {
		return false
	}
	ratio := float64(size) / pixels
	return s.holds(ratio) && ratio != s.max
}

func bindImageExact(args []string, _ *Settings) (Check, error) {
	kind, err := imageKindOf(args)
	if err != nil {
		return nil, err
	}
	area, err := exactArea(args[1:])
	if err != nil {
		return nil, err
	}
	return func(f *Facts) int { return hits(slices.ContainsFunc(f.images().kinds[kind].sizes, area.holds)) }, nil
}

func bindImageRange(args []string, _ *Settings) (Check, error) {
	kind, err := imageKindOf(args)
	if err != nil {
		return nil, err
	}
	area, err := areaOf(args[1:])
	if err != nil {
		return nil, err
	}
	return func(f *Facts) int { return hits(slices.ContainsFunc(f.images().kinds[kind].sizes, area.holds)) }, nil
}

func bindImageNamed(args []string, _ *Settings) (Check, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("wants a file name")
	}
	return func(f *Facts) int { return hits(slices.Contains(f.images().names, args[0])) }, nil
}

func bindImageName(args []string, s *Settings) (Check, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("wants a pattern without delimiters")
	}
	re, err := s.bareRegex(args[0], "")
	if err != nil {
		return nil, err
	}
	return func(f *Facts) int { return hits(f.matchAny(re, f.images().names)) }, nil
}

// An area is a span of heights and one of widths.
type area struct{ height, width span }

// areaOf reads least height and width, and then, where they are there, greatest height and width.
func areaOf(args []string) (area, error) {
	if len(args) < 2 {
		return area{}, fmt.Errorf("wants least height, least width, and if need be greatest height and width")
	}
	a := area{height: span{min: number(args[0]), open: true}, width: span{min: number(args[1]), open: true}}
	if len(args) > 2 {
		a.height.max, a.height.open = number(args[2]), false
	}
	if len(args) > 3 {
		a.width.max, a.width.open = number(args[3]), false
	}
	return a, nil
}

// exactArea reads height and width.
func exactArea(args []string) (area, error) {
	if len(args) < 2 {
		return area{}, fmt.Errorf("wants height and width")
	}
	return areaOf([]string{args[0], args[1], args[0], args[1]})
}

func (a area) holds(s size) bool {
	return a.height.holds(float64(s.height)) && a.width.holds(float64(s.width))
}
