package miltertest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// An Offer is what one side can do: protocol version, changes to a message (SMFIF), parts of the protocol (SMFIP).
type Offer struct{ Version, Actions, Protocol uint32 }

var (
	// Postfix is what Postfix 3.x offers.
	Postfix = Offer{6, 0x1ff, 0x1fffff}
	// Oldest is what the oldest MTA offers that there is any use in serving.
	Oldest = Offer{2, 0x3f, 0x7f}
)

// Chunk is how much of a body Postfix sends at a time.
const Chunk = 65535

// sendBuffer is how much Postfix keeps before it sends (VSTREAM_BUFSIZE).
const sendBuffer = 16 << 10

// maxReply is more than any reply has.
const maxReply = 1 << 20

// Flags of a negotiation: for each command the event that can be left out and the reply that can be.
var events = map[byte]struct{ no, silent uint32 }{
	'C': {1 << 0, 1 << 12},
	'H': {1 << 1, 1 << 13},
	'M': {1 << 2, 1 << 14},
	'R': {1 << 3, 1 << 15},
	'B': {1 << 4, 1 << 19},
	'L': {1 << 5, 1 << 7},
	'N': {1 << 6, 1 << 18},
	'U': {1 << 8, 1 << 17},
	'T': {1 << 9, 1 << 16},
	'E': {0, 0},
}

const leadingSpace = 1 << 20

// What a filter must have asked for to make that change.
var changes = map[byte]uint32{
	'h': 1 << 0, 'i': 1 << 0, 'b': 1 << 1, '+': 1 << 2, '-': 1 << 3, 'm': 1 << 4, 'q': 1 << 5, 'e': 1 << 6, '2': 1 << 7,
}

// A Reply is one frame of a filter.
type Reply struct {
	Code byte // 0 where no reply was due
	Data string
}

// String writes the reply as dialogues do.
func (r Reply) String() string {
	switch r.Code {
	case 0:
		return "none"
	case 'h':
		name, value, _ := strings.Cut(strings.TrimSuffix(r.Data, "\x00"), "\x00")
		return show("h " + name + ":" + value)
	case 'm', 'i':
		if len(r.Data) < 4 {
			break
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(r.Data[4:], "\x00"), "\x00")
		return show(fmt.Sprintf("%c %d %s:%s", r.Code, binary.BigEndian.Uint32([]byte(r.Data)), name, value))
	}
	return strings.TrimRight(show(string(r.Code)+" "+strings.TrimSuffix(r.Data, "\x00")), " ")
}

// show writes control characters as escapes.
func show(s string) string {
	quoted := strconv.Quote(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// Text returns the line of an SMTP reply ('y') as the client of the MTA sees it.
func (r Reply) Text() string {
	return strings.ReplaceAll(strings.TrimSuffix(r.Data, "\x00"), "%%", "%")
}

// A Client is an MTA's connection to a filter. It is for one goroutine.
type Client struct {
	// Timeout is how long the filter may take for a reply.
	Timeout time.Duration
	// Agreed is what the filter answered to the offer.
	Agreed Offer
	// Wanted is what the filter wants to be told of: macros by stage.
	Wanted map[uint32]string

	conn net.Conn
	in   *bufio.Reader
	out  *bufio.Writer
}

// Dial connects to a filter.
func Dial(network, address string) (*Client, error) {
	conn, err := net.Dial(network, address)
	if err != nil {
		return nil, err
	}
	return NewClient(conn), nil
}

// NewClient speaks over a connection.
func NewClient(conn net.Conn) *Client {
	return &Client{Timeout: 30 * time.Second, conn: conn, in: bufio.NewReader(conn), out: bufio.NewWriterSize(conn, sendBuffer)}
}

// Close goes away without a word.
func (c *Client) Close() error { return c.conn.Close() }

// Negotiate makes an offer and notes what the filter answers. It is an error to answer what was not offered.
func (c *Client) Negotiate(o Offer) error {
	data := binary.BigEndian.AppendUint32(nil, o.Version)
	data = binary.BigEndian.AppendUint32(data, o.Actions)
	data = binary.BigEndian.AppendUint32(data, o.Protocol)
	if err := c.Send('O', data); err != nil {
		return err
	}
	r, err := c.Receive()
	if err != nil {
		return err
	}
	if r.Code != 'O' || len(r.Data) < 12 {
		return fmt.Errorf("offer answered with %v", r)
	}
	answer := []byte(r.Data)
	c.Agreed = Offer{binary.BigEndian.Uint32(answer), binary.BigEndian.Uint32(answer[4:]), binary.BigEndian.Uint32(answer[8:])}
	switch a := c.Agreed; {
	case a.Version < 2 || a.Version > o.Version:
		return fmt.Errorf("version %d answered to %d", a.Version, o.Version)
	case a.Actions&^o.Actions != 0:
		return fmt.Errorf("actions %#x answered to %#x", a.Actions, o.Actions)
	case a.Protocol&^o.Protocol != 0:
		return fmt.Errorf("protocol %#x answered to %#x", a.Protocol, o.Protocol)
	}
	return c.readWanted(answer[12:])
}

func (c *Client) readWanted(data []byte) error {
	const setList = 1 << 8
	if len(data) > 0 && c.Agreed.Actions&setList == 0 {
		return errors.New("macros wanted by a filter that did not agree to name them")
	}
	c.Wanted = make(map[uint32]string)
	for len(data) > 0 {
		end := -1
		if len(data) >= 4 {
			end = bytes.IndexByte(data[4:], 0)
		}
		if end < 0 {
			return fmt.Errorf("list of macros breaks off: %q", data)
		}
		c.Wanted[binary.BigEndian.Uint32(data)] = string(data[4 : 4+end])
		data = data[4+end+1:]
	}
	return nil
}

// Macros tells the macros of a command, as name, value, name, value.
func (c *Client) Macros(command byte, pairs ...string) error {
	return c.Send('D', append([]byte{command}, strs(pairs...)...))
}

// Connect tells of a client: family 4, 6, L or U.
func (c *Client) Connect(name string, family byte, address string) (Reply, error) {
	data := append(strs(name), family)
	if family != 'U' {
		data = append(data, 0x04, 0xd2) // the client's port
		data = append(data, strs(address)...)
	}
	return c.event('C', data)
}

// Helo tells what the client calls itself.
func (c *Client) Helo(name string) (Reply, error) { return c.event('H', strs(name)) }

// Mail tells the sender, angle brackets included, and the arguments behind it.
func (c *Client) Mail(sender string, args ...string) (Reply, error) {
	return c.event('M', strs(append([]string{sender}, args...)...))
}

// Rcpt tells one recipient, angle brackets included, and the arguments behind it.
func (c *Client) Rcpt(recipient string, args ...string) (Reply, error) {
	return c.event('R', strs(append([]string{recipient}, args...)...))
}

// Data tells of the SMTP command.
func (c *Client) Data() (Reply, error) { return c.event('T', nil) }

// Unknown tells of an SMTP command that the MTA does not know.
func (c *Client) Unknown(command string) (Reply, error) { return c.event('U', strs(command)) }

// Header tells of a field; value is all that stands behind the colon, with LF for the line ends in it.
func (c *Client) Header(name, value string) (Reply, error) {
	if c.Agreed.Protocol&leadingSpace == 0 {
		value = strings.TrimPrefix(value, " ")
	}
	return c.event('L', strs(name, value))
}

// EndOfHeader tells that there are no more fields.
func (c *Client) EndOfHeader() (Reply, error) { return c.event('N', nil) }

// Body tells the body, in as many chunks as it takes.
func (c *Client) Body(body []byte) (Reply, error) {
	for {
		n := min(len(body), Chunk)
		r, err := c.event('B', body[:n])
		if body = body[n:]; len(body) == 0 || err != nil || r.Code != 0 && r.Code != 'c' {
			return r, err
		}
	}
}

// EndOfMessage tells that the message is complete; rest is a last piece of the body. It returns the changes that the
// filter wants made, and its reply.
func (c *Client) EndOfMessage(rest []byte) ([]Reply, Reply, error) {
	if err := c.Send('E', rest); err != nil {
		return nil, Reply{}, err
	}
	var wanted []Reply
	for {
		r, err := c.Receive()
		if err != nil {
			return wanted, r, err
		}
		flag, isChange := changes[r.Code]
		switch {
		case r.Code == 'p': // still at work
		case !isChange:
			return wanted, r, nil
		case c.Agreed.Actions&flag == 0:
			return wanted, r, fmt.Errorf("change that was not agreed on: %v", r)
		default:
			wanted = append(wanted, r)
		}
	}
}

// Abort ends the message.
func (c *Client) Abort() error { return c.Send('A', nil) }

// QuitNewClient ends the client; another one follows over the same connection.
func (c *Client) QuitNewClient() error { return c.Send('K', nil) }

// Quit ends the connection and waits until the filter has closed it.
func (c *Client) Quit() error {
	if err := c.Send('Q', nil); err != nil {
		return err
	}
	return c.AwaitClose()
}

// AwaitClose waits until the filter has closed the connection. Whatever else it says is an error.
func (c *Client) AwaitClose() error {
	r, err := c.Receive()
	switch {
	case err == nil:
		return fmt.Errorf("filter says %v where it should close", r)
	case errors.Is(err, io.EOF) || isReset(err):
		return nil
	}
	return err
}

// isReset tells whether the filter closed before it had read all that was sent.
func isReset(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && !op.Timeout()
}

// event sends a command unless the filter does not want it, and returns the reply if one is due.
func (c *Client) event(command byte, data []byte) (Reply, error) {
	flags := events[command]
	if c.Agreed.Protocol&flags.no != 0 {
		return Reply{}, nil
	}
	if err := c.Send(command, data); err != nil {
		return Reply{}, err
	}
	if c.Agreed.Protocol&flags.silent != 0 {
		return Reply{}, nil
	}
	return c.Receive()
}

// Send sends a frame, whatever it is, with what is sent next or with what is awaited next.
func (c *Client) Send(command byte, data []byte) error {
	head := binary.BigEndian.AppendUint32(nil, uint32(1+len(data)))
	if err := c.Raw(append(head, command)); err != nil {
		return err
	}
	return c.Raw(data)
}

// Raw sends octets, whatever they are.
func (c *Client) Raw(data []byte) error {
	_ = c.conn.SetWriteDeadline(time.Now().Add(c.Timeout)) // fails where writing does
	_, err := c.out.Write(data)
	return err
}

// Flush sends what was kept for later.
func (c *Client) Flush() error { return c.out.Flush() }

// Receive reads a frame of the filter.
func (c *Client) Receive() (Reply, error) {
	if err := c.Flush(); err != nil {
		return Reply{}, err
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(c.Timeout)) // fails where reading does
	var head [4]byte
	if _, err := io.ReadFull(c.in, head[:]); err != nil {
		return Reply{}, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n < 1 || n > maxReply {
		return Reply{}, fmt.Errorf("reply of %d octets", n)
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(c.in, data); err != nil {
		return Reply{}, fmt.Errorf("reply breaks off: %w", io.ErrUnexpectedEOF)
	}
	return Reply{Code: data[0], Data: string(data[1:])}, nil
}

// strs writes strings as they stand in a frame.
func strs(all ...string) []byte {
	var data []byte
	for _, s := range all {
		data = append(data, s...)
		data = append(data, 0)
	}
	return data
}
