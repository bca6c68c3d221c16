package whitelist_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/whitelist"
)

func TestBook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		b := newBench(t, nil)
		b.Learn(outgoing("user@our.example", "old@example.org"), accepted)
		b.advance(24 * time.Hour)
		b.Learn(outgoing("User+x@our.example", "new@example.org", "also@example.org"), accepted)
		b.Learn(outgoing("another@our.example", "new@example.org"), accepted)
		synctest.Wait()

		book := whitelist.NewBook(whitelist.DefaultConfig(), b.store, b.now)
		users, err := book.Users(ctx)
		if want := []string{"another@our.example", "user@our.example"}; err != nil || !slices.Equal(users, want) {
			t.Errorf("Users: got %q, %v, want %q", users, err, want)
		}
		day := sampleDay.AddDate(0, 0, 1)
		want := []whitelist.Correspondent{
			{Address: "also@example.org", Last: day, Expires: day.AddDate(0, 0, 180)},
			{Address: "new@example.org", Last: day, Expires: day.AddDate(0, 0, 180)},
			{Address: "old@example.org", Last: sampleDay, Expires: sampleDay.AddDate(0, 0, 180)},
		}
		got, err := book.Correspondents(ctx, "USER+y@our.example")
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Correspondents (-want +got):\n%s", diff)
		}

		for _, want := range []bool{true, false} {
			if got, err := book.Forget(ctx, "User+z@our.example", "NEW@example.org"); err != nil || got != want {
				t.Errorf("Forget: got %v, %v, want %v", got, err, want)
			}
		}
		if got := b.symbols("new@example.org", "user@our.example"); got != "" {
			t.Errorf("forgotten: got %q, want no hit", got)
		}
		if got := b.symbols("new@example.org", "another@our.example"); got != known {
			t.Errorf("of another user: got %q, want %q", got, known)
		}
	})
}

// What still waits for the store is forgotten too, and does not arrive there later.
func TestForgetWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.store.FailFor("user@our.example", errRefused)
		b.Learn(outgoing("user@our.example", "friend@example.org", "other@example.org"), accepted)
		synctest.Wait()
		if got, err := b.Book().Forget(context.Background(), "user@our.example", "friend@example.org"); !got || err != nil {
			t.Errorf("got %v, %v, want true", got, err)
		}
		b.store.FailFor("user@our.example", nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		for sender, want := range map[string]string{"friend@example.org": "", "other@example.org": known} {
			if got := b.symbols(sender, "user@our.example"); got != want {
				t.Errorf("%s: got %q, want %q", sender, got, want)
			}
		}
	})
}

func TestBookErrors(t *testing.T) {
	ctx := context.Background()
	b := newBench(t, nil)
	book := b.Book()
	if _, err := book.Correspondents(ctx, "user"); err == nil {
		t.Error("Correspondents of no address: got no error")
	}
	if _, err := book.Forget(ctx, "user", "friend@example.org"); err == nil {
		t.Error("Forget for no address: got no error")
	}
	b.store.Fail(errRefused)
	_, users := book.Users(ctx)
	_, correspondents := book.Correspondents(ctx, "user@our.example")
	_, forget := book.Forget(ctx, "user@our.example", "friend@example.org")
	for _, err := range []error{users, correspondents, forget} {
		if !errors.Is(err, errRefused) {
			t.Errorf("got %v, want %v", err, errRefused)
		}
	}
}
