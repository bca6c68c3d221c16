package message

// Number returns what rules ask for by name: a number, or 1 for something that was found. It returns false for what was
// not, and for names that nobody knows.
func (h *HTML) Number(name string) (float64, bool) {
	switch name {
	case "html":
		return 1, true
	case "length":
		return float64(h.Length), true
	case "html_length":
		return float64(h.TextLength), true
	case "non_space_len":
		return float64(h.BlackLength), true
	case "ratio":
		return h.Ratio, true
	case "image_area":
		return h.ImageArea, true
	case "min_size":
		return float64(h.MinSize), true
	case "max_size":
		return float64(h.MaxSize), true
	case "backhair_count":
		return float64(h.Backhair), h.Backhair > 0
	}
	if value, known := h.share(name); known {
		return value, true
	}
	return 1, h.found(name)
}

// share returns numbers that are shares of all tags.
func (h *HTML) share(name string) (float64, bool) {
	switch {
	case h.tags == 0:
		return 0, false
	case name == "closed_extra_ratio":
		return float64(h.closedExtra) / float64(h.tags), true
	case name == "bad_tag_ratio" && h.elements > 0:
		return float64(h.tags-h.elements) / float64(h.tags), true
	case name == "non_element_ratio" && h.elementsSeen > 0:
		return float64(h.tagsSeen-h.elementsSeen) / float64(h.tagsSeen), true
	case name == "obfuscation_ratio" && h.Obfuscated > 0:
		return float64(h.Obfuscated) / float64(h.tags), true
	}
	return 0, false
}

// found tells whether something was found that is either there or not.
func (h *HTML) found(name string) bool {
	switch name {
	case "font_low_contrast":
		return h.LowContrast
	case "font_invalid_color":
		return h.InvalidColor
	case "font_face_bad":
		return h.BadFace
	case "form_action_mailto":
		return h.MailForm
	case "embeds":
		return h.Embeds
	case "uri_truncated":
		return h.Truncated
	}
	return false
}

// Texts returns the texts that rules ask for by name: nil where there is none, and for names that nobody knows.
func (h *HTML) Texts(name string) []string {
	switch name {
	case "anchor":
		return h.Anchors
	case "comment":
		return h.Comments
	case "script":
		return h.Scripts
	case "title":
		return h.Titles
	case "uri":
		var uris []string
		for _, u := range h.URIs {
			uris = append(uris, u.URI)
		}
		return uris
	}
	return nil
}
