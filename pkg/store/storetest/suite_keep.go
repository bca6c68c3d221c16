package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"winnow/pkg/store"
)

func (s *suite) answers() {
	_, ok, err := s.Get(s.ctx, "a 2.0.0.127.zen.example")
	if ok || err != nil {
		s.Errorf("before set: got %v %v, want nothing", ok, err)
	}
	value := []byte{0, 1, 2, 255}
	s.must(s.Set(s.ctx, "a 2.0.0.127.zen.example", value, time.Minute))
	s.must(s.Set(s.ctx, "empty", nil, time.Minute))
	s.must(s.Set(s.ctx, "no time", value, 0))
	value[0] = 9 // the store has its own
	for key, want := range map[string]string{"a 2.0.0.127.zen.example": "\x00\x01\x02\xff", "empty": ""} {
		got, ok, err := s.Get(s.ctx, key)
		if string(got) != want && !s.NoAnswers || ok == s.NoAnswers || err != nil {
			s.Errorf("%s: got %q %v %v, want %q", key, got, ok, err, want)
		}
	}
	for _, key := range []string{"no time", "txt 2.0.0.127.zen.example", ""} {
		if _, ok, err := s.Get(s.ctx, key); ok || err != nil {
			s.Errorf("%q: got %v %v, want nothing", key, ok, err)
		}
	}
}

func (s *suite) answersExpire() {
	if s.NoAnswers || s.ForeignDays {
		s.Skip("not by a clock of ours")
	}
	s.must(s.Set(s.ctx, "k", []byte("1"), time.Minute))
	s.must(s.Set(s.ctx, "long", []byte("1"), time.Hour))
	s.advance(time.Minute)
	if _, ok, err := s.Get(s.ctx, "k"); ok || err != nil {
		s.Errorf("after its time: got %v %v, want nothing", ok, err)
	}
	if _, ok, err := s.Get(s.ctx, "long"); !ok || err != nil {
		s.Errorf("within its time: got %v %v, want it", ok, err)
	}
}

func (s *suite) correspondents() {
	s.wantRemotes("ann@example.org", map[string]time.Time{})
	s.remember("ann@example.org", "bob@example.net", "cid@example.com", "bob@example.net")
	s.remember("ann@example.or", "dan@example.net")
	s.remember("bea@example.org")
	s.wantWritten("ann@example.org", "bob@example.net", true)
	s.wantWritten("ann@example.org", "dan@example.net", false)
	s.wantWritten("bea@example.org", "bob@example.net", false)
	s.wantWritten("ann@example.or", "gbob@example.net", false)
	s.wantRemotes("ann@example.org", map[string]time.Time{"bob@example.net": Start, "cid@example.com": Start})
	s.wantLocals("ann@example.or", "ann@example.org")
}

func (s *suite) correspondentsExpire() {
	s.remember("ann@example.org", "bob@example.net")
	s.advance(ttl / 2)
	s.remember("ann@example.org", "cid@example.com")
	s.remember("bea@example.org", "cid@example.com")
	s.advance(ttl/2 - time.Millisecond)
	s.wantWritten("ann@example.org", "bob@example.net", true)
	s.advance(time.Millisecond)
	s.wantWritten("ann@example.org", "bob@example.net", false)
	s.wantRemotes("ann@example.org", map[string]time.Time{"cid@example.com": Start.Add(ttl / 2)})
	if found, err := s.Forget(s.ctx, "ann@example.org", "bob@example.net"); found || err != nil {
		s.Errorf("forget what expired: got %v %v, want not found", found, err)
	}
	if found, err := s.Forget(s.ctx, "bea@example.org", "cid@example.com"); !found || err != nil {
		s.Errorf("forget: got %v %v, want found", found, err)
	}
	s.wantLocals("ann@example.org")
	s.advance(ttl / 2)
	s.wantLocals()
	s.wantRemotes("ann@example.org", map[string]time.Time{})
	s.must(s.Remember(s.ctx, "ann@example.org", []string{"old@example.net"}, Start, ttl, 10)) // expired when it came
	s.wantWritten("ann@example.org", "old@example.net", false)
	s.wantLocals()
	hourAgo, twoHoursAgo := s.clock.Now().Add(-time.Hour), s.clock.Now().Add(-2*time.Hour)
	s.must(s.Remember(s.ctx, "ann@example.org", []string{"eve@example.net"}, hourAgo, time.Hour+time.Minute, 10))
	s.advance(time.Minute)
	s.must(s.Remember(s.ctx, "ann@example.org", []string{"eve@example.net"}, twoHoursAgo, 3*time.Hour, 10)) // a later one, but it expired
	s.wantRemotes("ann@example.org", map[string]time.Time{"eve@example.net": twoHoursAgo})
}

func (s *suite) refreshed() {
	s.remember("ann@example.org", "bob@example.net")
	s.advance(ttl - time.Hour)
	now := s.clock.Now()
	s.remember("ann@example.org", "bob@example.net")
	s.must(s.Remember(s.ctx, "ann@example.org", []string{"bob@example.net"}, Start, ttl, 10)) // late: changes nothing
	s.wantRemotes("ann@example.org", map[string]time.Time{"bob@example.net": now})
	s.advance(2 * time.Hour)
	s.wantWritten("ann@example.org", "bob@example.net", true)
	s.wantLocals("ann@example.org")
}

func (s *suite) oldestGo() {
	const most = 3
	want := map[string]time.Time{}
	for i := range 6 {
		remote := fmt.Sprintf("r%d@example.net", 9-i) // the order of names is not that of time
		s.must(s.Remember(s.ctx, "ann@example.org", []string{remote}, s.clock.Now(), ttl, most))
		if i >= 6-most {
			want[remote] = s.clock.Now()
		}
		s.advance(time.Minute)
	}
	s.wantRemotes("ann@example.org", want)
	var many []string
	for i := range 10 {
		many = append(many, fmt.Sprintf("m%d@example.net", i))
	}
	s.must(s.Remember(s.ctx, "ann@example.org", many, s.clock.Now(), ttl, most))
	got, err := s.Correspondents(s.ctx, "ann@example.org")
	s.must(err)
	for remote := range got {
		if !strings.HasPrefix(remote, "m") {
			s.Errorf("%s is still there, written to before all others", remote)
		}
	}
	if len(got) != most {
		s.Errorf("got %d correspondents, want %d", len(got), most)
	}
}

func (s *suite) forgotten() {
	s.remember("ann@example.org", "bob@example.net", "cid@example.com")
	for _, test := range []struct {
		local, remote string
		want          bool
	}{
		{"ann@example.org", "dan@example.net", false},
		{"bea@example.org", "bob@example.net", false},
		{"ann@example.org", "bob@example.net", true},
		{"ann@example.org", "bob@example.net", false},
	} {
		if got, err := s.Forget(s.ctx, test.local, test.remote); got != test.want || err != nil {
			s.Errorf("forget %s %s: got %v %v, want %v", test.local, test.remote, got, err, test.want)
		}
	}
	s.wantRemotes("ann@example.org", map[string]time.Time{"cid@example.com": Start})
	s.wantLocals("ann@example.org")
	_, err := s.Forget(s.ctx, "ann@example.org", "cid@example.com")
	s.must(err)
	s.wantLocals()
}

// badNames are what no address is: they are never kept, and looking for them finds nothing, without an error that a
// hostile sender could fill a log with.
func (s *suite) badNames() {
	bad := []string{"", "a\x00b@example.net", "a\nb@example.net", strings.Repeat("a", store.MaxName+1)}
	s.remember("ann@example.org", append(bad, "bob@example.net", "{curly}@example.net", "sp ace@example.net", "ü@example.net")...)
	s.wantRemotes("ann@example.org", map[string]time.Time{
		"bob@example.net": Start, "{curly}@example.net": Start, "sp ace@example.net": Start, "ü@example.net": Start,
	})
	for _, name := range bad {
		s.wantWritten("ann@example.org", name, false)
		s.wantWritten(name, "bob@example.net", false)
		if _, err := s.Forget(s.ctx, name, name); err != nil {
			s.Errorf("forget %.10q: %v", name, err)
		}
		if err := s.Remember(s.ctx, name, []string{"bob@example.net"}, Start, ttl, 10); err == nil {
			s.Errorf("remember for %.10q: got no error", name)
		}
		if ok, err := s.IsMember(s.ctx, "enabled", name); ok || err != nil {
			s.Errorf("%.10q in a set: got %v %v, want not", name, ok, err)
		}
		if err := s.AddMembers(s.ctx, "enabled", name); err == nil {
			s.Errorf("adding %.10q to a set: got no error", name)
		}
	}
	for _, test := range []struct {
		ttl  time.Duration
		most int
	}{{0, 10}, {-1, 10}, {ttl, 0}} {
		if err := s.Remember(s.ctx, "ann@example.org", []string{"x@example.net"}, Start, test.ttl, test.most); err == nil {
			s.Errorf("remember with %v: got no error", test)
		}
	}
}

func (s *suite) manyLocals() {
	var want []string
	for i := range 250 {
		local := fmt.Sprintf("u%03d@example.org", i)
		s.remember(local, "bob@example.net", "cid@example.com")
		want = append(want, local)
	}
	s.wantLocals(want...)
}

func (s *suite) sets() {
	s.must(s.AddMembers(s.ctx, "enabled", "b@example.org", "a@example.org", "a@example.org"))
	s.must(s.AddMembers(s.ctx, "enabled"))
	s.must(s.AddMembers(s.ctx, "other", "c@example.org"))
	for _, test := range []struct {
		set, member string
		want        bool
	}{
		{"enabled", "a@example.org", true},
		{"enabled", "c@example.org", false},
		{"enabled", "a@example.or", false},
		{"other", "c@example.org", true},
		{"none", "a@example.org", false},
	} {
		if got, err := s.IsMember(s.ctx, test.set, test.member); got != test.want || err != nil {
			s.Errorf("%s in %s: got %v %v, want %v", test.member, test.set, got, err, test.want)
		}
	}
	members, err := s.Members(s.ctx, "enabled")
	if want := []string{"a@example.org", "b@example.org"}; !slices.Equal(members, want) || err != nil {
		s.Errorf("members: got %q %v, want %q", members, err, want)
	}
	for _, want := range []bool{true, false} {
		if got, err := s.RemoveMember(s.ctx, "enabled", "a@example.org"); got != want || err != nil {
			s.Errorf("remove: got %v %v, want %v", got, err, want)
		}
	}
	if members, err := s.Members(s.ctx, "none"); len(members) > 0 || err != nil {
		s.Errorf("members of no set: got %q %v, want none", members, err)
	}
	if got, err := s.RemoveMember(s.ctx, "none", "a@example.org"); got || err != nil {
		s.Errorf("remove from no set: got %v %v, want not found", got, err)
	}
	s.advance(2 * kept)
	if ok, err := s.IsMember(s.ctx, "enabled", "b@example.org"); !ok || err != nil {
		s.Errorf("a set after years: got %v %v, want it as it was", ok, err)
	}
}
