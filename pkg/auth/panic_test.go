package auth

import (
	"context"
	"strings"
	"testing"

	"winnow/pkg/dns"
	"winnow/pkg/message"
)

// breaks is a resolver that panics when it is asked for a type.
type breaks struct {
	dns.Resolver
	of dns.Type
}

func (b breaks) Resolve(ctx context.Context, q dns.Question) (dns.Answer, error) {
	if q.Type == b.of {
		panic("boom")
	}
	return b.Resolver.Resolve(ctx, q)
}

// What breaks in a question is the failure of that question: it neither ends the process nor speaks against anybody.
func TestQuestionThatPanics(t *testing.T) {
	for _, of := range []dns.Type{dns.A, dns.AAAA, dns.MX, dns.TXT, dns.PTR} {
		t.Run(of.String(), func(t *testing.T) {
			stage := NewStage(NewChecker(DefaultConfig(), breaks{zones, of}, nil), nil)
			m := quiet.message()
			m = &message.Message{Client: m.Client, Sender: m.Sender, Recipients: m.Recipients, Header: m.Header}
			m.Client.Name = ""
			m.Header = append(m.Header, message.Field{Name: "DKIM-Signature", Value: " v=1; a=rsa-sha256; d=example.org; s=s; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=QQ=="})
			stage.checker.Begin(m)
			for _, r := range stage.Check(context.Background(), m) {
				for _, h := range r.Hits {
					if h.Score > 0 && !strings.HasPrefix(h.Symbol, "DKIM_") {
						t.Errorf("it is held against the sender: %+v", h)
					}
				}
			}
		})
	}
}
