package message

// derived is what has been derived from a message's content so far.
type derived struct{}
