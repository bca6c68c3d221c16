// Package dnslist asks DNS lists: about the client's address and those of others on a message's way (DNSBL), about the
// names of who sent it (RHSBL), and about the links in its content (URIBL).
//
// A list is a zone in the DNS. What one wants to know about is written before the zone's name, an address with its
// octets or nibbles reversed, and the A records that come back say what the list thinks of it: 4.2.0.192.zen.example
// A 127.0.0.4 (RFC 5782). Each vendor gives those return codes a meaning of its own, some for "listed" and some for
// "we do not answer you", so a list here is name, zone and declared codes, and only a declared code ever counts as a
// hit. No answer is a miss; whatever else comes back is one of four ways of not knowing, and never acts: refused,
// bogus, unknown, error.
//
// Lists die, are sold, refuse a resolver from one day to the next, or list the whole world on their last day. Set
// therefore watches them: it asks each for an entry that must be listed and one that must not, lets a list that
// refuses rest, and takes a list that lists everything out of service until it is sane again.
//
// # lists.yaml
//
// The file is a sequence of lists. Unknown keys are faults. Of each list, name, title, zone, ask and codes must stand.
//
//	# one list
//	- name: zen                  # in statistics, logs and the configuration: a-z, 0-9, - and _
//	  title: Spamhaus ZEN        # what a refused stranger reads
//	  zone: zen.spamhaus.org     # may hold {key} as a label of its own; empty until the vendor tells it
//	  key_file: /etc/winnow/key  # where the key is: a file (mode 0640 or stricter), or
//	  key_env: ZEN_KEY           # a variable of the environment
//	  enabled: yes               # default yes
//	  observe: no                # counted and shown, but without effect; default no
//	  ask: [client]              # any of the addresses, or of the names, of the table below
//	  phase: connect             # connect (only with ask: [client]) or content; default content
//	  ipv6: yes                  # it has IPv6 addresses; default no
//	  form: domain               # what it is asked of a name: host, domain (the registered one), both; mailbox (the whole
//	                             # mail address) or link (host and path); default domain
//	  hash: none                 # it is asked for a hash of that: md5, sha1, sha256; default none
//	  addresses: no              # it takes links to bare addresses, reversed; default no
//	  refused: [127.0.0.1]       # besides 127.255.255.0/24, how it declines: value, a-b, a/len or "mask N"
//	  probe: {listed: 2.0.0.127, clean: 1.0.0.127} # test entries, or none; default those of RFC 5782, 5
//	  url: https://www.example/{ip} # where a stranger reads more: {ip}, {domain}
//	  dataset: spamhaus-zen      # two enabled lists of one data set are a fault
//	  terms: free below ...      # terms of use, for people
//	  budget: 300000             # questions a day that the terms allow; 0 where they do not say
//	  timeout: 2s                # for this list alone; the stage's is the most
//	  codes:
//	    - value: 127.0.0.3       # 127.0.0.3, 127.0.*.3 or any
//	      range: 127.0.0.10-127.0.0.11 # or this
//	      mask: 4                # or this: the last octet has one of these bits
//	      symbol: ZEN_CSS
//	      ask: [client]          # it counts of these only; default all that the list is asked about
//	      title: CSS             # {code} in texts
//	      score: 3.3             # points; negative speaks for the message; default 0
//	      action: reject         # none (default), tag, quarantine, defer, reject; at connect also accept: no list refuses
//	      ipv6_action: none      # for IPv6 addresses; default as action
//	      observe: no            # as above, for this code
//	      text: "..."            # the reply: {ip} {list} {code} {domain} {url}; {id} is filled in by the reply
//	      url: https://...       # for this code alone
//
// Of several value and range codes the first that matches an A record counts; every mask that matches does.
//
// # What lists are asked about
//
// Addresses, of which a list is asked about as many kinds as it likes:
//
//	client       the client's; the only one that is known at connect
//	relays       those of hosts that had the message before it, as Received fields tell: points only, never an action
//	uri-address  those of the hosts of links, looked up
//	uri-ns       those of the name servers of the domains of links, looked up
//
// Names, likewise. A list holds addresses or names, never both:
//
//	rdns         the client's host name, which the DNS confirms
//	helo         what it called itself
//	sender       the envelope sender's domain
//	author       the domains in From:
//	reply-to     the domains in Reply-To:
//	dkim         the domains whose signature proves that they answer for the message (d=)
//	uri          the hosts of links
//	mail         the domains of mail addresses in the text
//
// A list of hashes with form: mailbox is asked about the whole address of sender, author, reply-to and mail, one with form:
// link about the whole link. MD5 and SHA-1 are written in hexadecimal, SHA-256 in base 32, without padding; all in lower
// case. Addresses are brought into one form before: see mailbox and wholeLink.
//
// Signers and looked-up addresses are known later than the rest. Nothing waits for them but the questions about them.
package dnslist
