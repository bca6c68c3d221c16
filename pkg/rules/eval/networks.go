package eval

import (
	"errors"
	"strings"
)

// networkDirectives say whose Received fields are believed, and where the envelope sender is written down.
var networkDirectives = map[string]Directive{
	"trusted_networks": func(s *Settings, value string) error {
		return addNetworks(value, s.core.networks.Trust)
	},
	"internal_networks": func(s *Settings, value string) error {
		return addNetworks(value, s.core.networks.TrustAsInternal)
	},
	"msa_networks": func(s *Settings, value string) error {
		return addNetworks(value, s.core.networks.TrustAsMSA)
	},
	"clear_trusted_networks":  forget(func(s *Settings) { s.core.networks.ForgetTrusted() }),
	"clear_internal_networks": forget(func(s *Settings) { s.core.networks.ForgetInternal() }),
	"clear_msa_networks":      forget(func(s *Settings) { s.core.networks.ForgetMSA() }),
	"originating_ip_headers": func(s *Settings, value string) error {
		names := strings.Fields(value)
		if len(names) == 0 {
			return errors.New("wants names of fields")
		}
		s.core.networks.AddOriginating(names...)
		return nil
	},
	"clear_originating_ip_headers": forget(func(s *Settings) { s.core.networks.ForgetOriginating() }),
	"envelope_sender_header": func(s *Settings, value string) error {
		name := strings.TrimSuffix(strings.TrimSpace(value), ":")
		if name == "" || strings.ContainsAny(name, " \t") {
			return errors.New("wants the name of a field")
		}
		s.core.networks.SetSenderField(name)
		return nil
	},
	"always_trust_envelope_sender": setSwitch(func(s *Settings, on bool) { s.dns.trustSender = on }),
}

func addNetworks(value string, add func(...string) error) error {
	networks := strings.Fields(value)
	if len(networks) == 0 {
		return errors.New("wants networks, such as 192.0.2.0/24")
	}
	return add(networks...)
}

// forget is a directive that takes back what others said.
func forget(what func(*Settings)) Directive {
	return func(s *Settings, value string) error {
		if strings.TrimSpace(value) != "" {
			return errors.New("wants nothing behind it")
		}
		what(s)
		return nil
	}
}
