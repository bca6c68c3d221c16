package message

// RelayText returns what rules on the pseudo headers of a message's way are matched against: X-Spam-Relays-Trusted and
// its kin, ALL-TRUSTED and its kin. It returns false for any other name.
func (m *Message) RelayText(name string, networks *Networks) (string, bool) { return "", false }
