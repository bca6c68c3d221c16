package app

import (
	"winnow/pkg/auth"
	"winnow/pkg/dnslist"
	"winnow/pkg/rules"
)

// network is how rules ask what is not in the message: zones through the lists, so that they share what is known of each;
// the rest through the resolver. It is nil where no DNS is asked.
func (a *App) network(lists *dnslist.Set, checker *auth.Checker) *rules.Network {
	if a.options.Local {
		return nil
	}
	return &rules.Network{
		Zone: func(zone string) rules.Zone {
			if visit := lists.Visit(zone); visit != nil {
				return visit
			}
			return nil
		},
		Resolver: a.resolver,
		Identify: checker.Identity,
	}
}
