package dnslist

// Limits of what lists are asked about one message. More would let one message use up a list's free questions, and its
// time.
const (
	// MaxNames is how many hosts, mail addresses or links of the text a list is asked about, and how many addresses that
	// links lead to: as many as SpamAssassin asks about (uridnsbl_max_domains 20).
	MaxNames = 20
	// MaxWriters is how many addresses of From: lists are asked about, and how many of Reply-To:.
	MaxWriters = 10
	// MaxSigners is how many of the domains that signed.
	MaxSigners = 10
	// MaxRelays is how many hosts beside the client, those nearest to us.
	MaxRelays = 8

	// MaxHosts is of how many hosts the addresses are looked up, and of how many domains the name servers.
	MaxHosts = 10
	// MaxServers is how many name servers of a domain.
	MaxServers = 4
	// MaxAddresses is how many addresses of one name, and of each of the two families.
	MaxAddresses = 4

	maxWritersSeen = 100 // different addresses in From:, from which chance picks
)
