package daytest

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"winnow/pkg/milter/miltertest"
)

// hours is how much of the day's traffic each hour has: little at night, most in the morning.
var hours = [24]int{26, 23, 21, 20, 21, 24, 31, 42, 56, 62, 63, 60, 55, 57, 58, 56, 53, 49, 45, 43, 40, 37, 33, 29}

// A Visit is one connection of the day.
type Visit struct {
	Kind   *Kind
	At     time.Time
	Client netip.Addr
	n      int // of its kind
	seed   uint64
}

// Visits returns the connections in the order of time, as the seed shuffles them. They are made as they are asked for: a day
// takes no more memory at 1:1 than at 1:1000.
func (p *Plan) Visits(seed uint64) iter.Seq[Visit] {
	return func(yield func(Visit) bool) {
		g := p.generator(seed)
		midnight, _ := time.Parse(time.DateOnly, Today)
		for hour := range hours {
			if !g.hour(midnight.Add(time.Duration(hour)*time.Hour), g.of(hour), yield) {
				return
			}
		}
	}
}

// ByHour is how many connections the seed puts into each hour of the day.
func (p *Plan) ByHour(seed uint64) (sums [24]int) {
	g := p.generator(seed)
	for hour := range sums {
		for _, n := range g.of(hour) {
			sums[hour] += n
		}
	}
	return sums
}

type generator struct {
	kinds   []Kind
	random  *rand.Rand
	offsets []float64 // of each kind, where its hours are rounded
	given   []int     // of each kind, so far
}

func (p *Plan) generator(seed uint64) *generator {
	g := &generator{kinds: p.Kinds, random: rand.New(rand.NewPCG(seed, 1)), given: make([]int, len(p.Kinds))}
	for range p.Kinds {
		g.offsets = append(g.offsets, g.random.Float64())
	}
	return g
}

// of parts each kind's connections over the hours: what the day has until the end of this one less what it has until the
// beginning, each rounded at the kind's own offset. So all are given in the end, and rare ones are not all in the same hour.
func (g *generator) of(hour int) []int {
	before, all := 0, 0
	for i, weight := range hours {
		if i < hour {
			before += weight
		}
		all += weight
	}
	counts := make([]int, len(g.kinds))
	for i := range g.kinds {
		until := func(part int) int {
			return int(float64(g.kinds[i].Connections)*float64(part)/float64(all) + g.offsets[i])
		}
		counts[i] = until(before+hours[hour]) - until(before)
	}
	return counts
}

// hour yields the connections of an hour. Each is drawn from those that are left, so that every order is as likely as any.
func (g *generator) hour(start time.Time, left []int, yield func(Visit) bool) bool {
	sum := 0
	for _, n := range left {
		sum += n
	}
	step := float64(time.Hour) / float64(max(1, sum))
	for done := 0; done < sum; done++ {
		i, at := 0, g.random.IntN(sum-done)
		for at >= left[i] {
			at -= left[i]
			i++
		}
		left[i]--
		v := Visit{
			Kind: &g.kinds[i], n: g.given[i], seed: g.random.Uint64(),
			At: start.Add(time.Duration((float64(done) + g.random.Float64()) * step)),
		}
		v.Client = pick(v.Kind.client, v.seed)
		g.given[i]++
		if !yield(v) {
			return false
		}
	}
	return true
}

// pick returns an address of a network, by its last two octets; the first and the last of each 256 are left out.
func pick(network netip.Prefix, random uint64) netip.Addr {
	octets := network.Addr().As16()
	octets[15] = byte(1 + random%254)
	if free := 24 - network.Bits(); network.Addr().Is4() && free > 0 {
		octets[14] |= byte(random >> 8 & (1<<free - 1))
	}
	return netip.AddrFrom16(octets).Unmap()
}

const users = 1000 // at the site

// Mails are the messages of the connection.
func (v *Visit) Mails() []*miltertest.Mail {
	var mails []*miltertest.Mail
	for range v.Kind.Messages {
		mails = append(mails, v.mail())
	}
	return mails
}

func (v *Visit) mail() *miltertest.Mail {
	k := v.Kind
	m := &miltertest.Mail{Sender: k.sender, Recipients: []string{k.recipient}, QueueID: fmt.Sprintf("Q%X", v.seed>>24)}
	if m.Sender == "" {
		m.Sender = fmt.Sprintf("writer%d@sender.example.net", v.n)
	}
	if k.recipient == "" {
		m.Recipients[0] = fmt.Sprintf("user%d@our.example", v.seed>>16%users)
	}
	link := unlisted
	if k.link != "" {
		link = k.link
	}
	m.Header = [][2]string{{"From", " " + m.Sender}, {"To", " " + m.Recipients[0]}, {"Subject", " A letter"}}
	body := fmt.Sprintf("Hello,\r\n\r\nI am %s. See http://%s/page\r\n", k.text, host(link, v.n%sites))
	if k.large {
		const line = "a long line of a long letter that has a great many of them, all alike\r\n"
		body += strings.Repeat(line, SizeLimit/len(line))
	}
	m.Body = []byte(body)
	return m
}

// Before is what went out the day before, and taught whom Alice knows.
func Before() *miltertest.Mail {
	return &miltertest.Mail{Sender: alice, Recipients: []string{friend}, Header: [][2]string{{"From", " " + alice}}, QueueID: "Q"}
}
