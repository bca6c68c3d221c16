package storetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/store"
)

func (s *suite) wantSent(local string, ids []string, want map[string]string) {
	s.Helper()
	got, err := s.Sent(s.ctx, local, ids)
	s.must(err)
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("%s sent of %q (-want +got):\n%s", local, ids, diff)
	}
}

func (s *suite) sent() {
	ids := []string{"a1", "b2", "c3"}
	s.wantSent("ann@example.org", ids, map[string]string{})
	s.must(s.RememberSent(s.ctx, "ann@example.org", "a1", "to one, two", s.clock.Now(), ttl, 10))
	s.must(s.RememberSent(s.ctx, "ann@example.org", "b2", "", s.clock.Now(), ttl, 10))
	s.must(s.RememberSent(s.ctx, "bea@example.org", "c3", "x", s.clock.Now(), ttl, 10))
	s.wantSent("ann@example.org", ids, map[string]string{"a1": "to one, two", "b2": ""})
	s.wantSent("bea@example.org", ids, map[string]string{"c3": "x"})
	s.wantSent("ann@example.or", ids, map[string]string{})
	s.wantSent("ann@example.org", nil, map[string]string{})
	s.must(s.RememberSent(s.ctx, "ann@example.org", "a1", "again", s.clock.Now(), ttl, 10))
	s.wantSent("ann@example.org", []string{"a1", "a1", "", "no\nid"}, map[string]string{"a1": "again"})
	s.wantRemotes("ann@example.org", map[string]time.Time{}) // what is sent makes no correspondent
	s.wantLocals()
	for name, err := range map[string]error{
		"no id":     s.RememberSent(s.ctx, "ann@example.org", "", "", Start, ttl, 10),
		"bad note":  s.RememberSent(s.ctx, "ann@example.org", "d4", "a\nb", Start, ttl, 10),
		"long note": s.RememberSent(s.ctx, "ann@example.org", "d4", strings.Repeat("n", store.MaxName+1), Start, ttl, 10),
		"no local":  s.RememberSent(s.ctx, "", "d4", "", Start, ttl, 10),
		"no time":   s.RememberSent(s.ctx, "ann@example.org", "d4", "", Start, 0, 10),
		"none kept": s.RememberSent(s.ctx, "ann@example.org", "d4", "", Start, ttl, 0),
	} {
		if err == nil {
			s.Errorf("%s: got no error", name)
		}
	}
}

func (s *suite) sentExpire() {
	const most = 3
	var ids []string
	want := map[string]string{}
	for i := range 5 {
		id := fmt.Sprint("id", 9-i)
		ids = append(ids, id)
		s.must(s.RememberSent(s.ctx, "ann@example.org", id, "n", s.clock.Now(), ttl, most))
		if i >= 5-most {
			want[id] = "n"
		}
		s.advance(time.Minute)
	}
	s.wantSent("ann@example.org", ids, want)
	s.advance(ttl - 2*time.Minute)
	s.wantSent("ann@example.org", ids, map[string]string{"id5": "n"})
	s.advance(time.Minute)
	s.wantSent("ann@example.org", ids, map[string]string{})
	s.must(s.RememberSent(s.ctx, "ann@example.org", "late", "n", Start, ttl, most)) // expired when it came
	s.wantSent("ann@example.org", []string{"late"}, map[string]string{})
}
