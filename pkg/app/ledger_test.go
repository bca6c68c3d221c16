package app

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap/zapcore"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// The log tells who sent a message where that is known, and each hit that counts.
func TestMessageFields(t *testing.T) {
	m := &message.Message{Sender: "a@example.org"}
	v := &filter.Verdict{Class: filter.ClassScanned, Reports: []filter.Report{{Results: []filter.Result{
		{Source: "identity", Kind: filter.Rules, Hits: []filter.Hit{{Symbol: "SPF_PASS"}, {Symbol: "DKIM_VALID", Score: -0.1}, {Symbol: "DMARC_REJECT", Action: filter.Reject}}},
		{Source: "zen", Kind: filter.List, Hits: []filter.Hit{{Symbol: "ZEN_XBL", Score: 3, Observe: true}}},
	}}}}
	logged := func() map[string]any {
		e := zapcore.NewMapObjectEncoder()
		for _, f := range messageFields(m, v) {
			f.AddTo(e)
		}
		return e.Fields
	}
	if _, known := logged()["identity"]; known {
		t.Error("an identity that nobody looked for is logged")
	}
	m.Identify(context.Background(), func() *message.Identity {
		return &message.Identity{
			SPF:   message.SPF{Result: message.AuthPass, Domain: "example.org"},
			DKIM:  []message.Signature{{Result: message.AuthFail, Domain: "example.net"}},
			DMARC: message.DMARC{Result: message.AuthPass, Author: "example.org"},
		}
	})
	fields := logged()
	want := []any{"spf=pass example.org", "helo=none", "dkim=fail example.net", "dmarc=pass example.org"}
	if diff := cmp.Diff(want, fields["identity"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{"DKIM_VALID -0.1", "DMARC_REJECT 0", "[ZEN_XBL 3]"}, fields["hits"]); diff != "" {
		t.Error(diff)
	}
}
