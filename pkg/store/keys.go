package store

// Everything winnow keeps in Redis, and under which key. Sizes are what MEMORY USAGE of Redis 7 says.
//
//	key                       type    holds                                    expires             size
//	winnow:dns:KEY            string  one DNS answer                           with the answer     100 octets and the answer
//	winnow:awl:LOCAL          hash    remote -> when written to, expiry (ms)   with its last entry 75 octets a remote
//	winnow:awl-locals         zset    local -> expiry of its last entry        with its last entry 120 octets a local user
//	winnow:sent:LOCAL         hash    id's digest -> when sent, expiry, note   with its last entry 55 octets a message
//	winnow:{stats}:day:DAY    hash    counter -> amount                        retention, 400 days 30 octets a counter, of more than 512 75
//	winnow:{stats}:hour:HOUR  hash    counter -> amount                        14 days             the same
//	winnow:{stats}:seq:NODE   string  the last batch that was added            retention, 400 days 90 octets a start of winnow
//	winnow:set:NAME           set     what the operator put there              never: it is his    90 octets a member
//	winnow:trail              stream  records of decisions, of all nodes       trail.stream        some 2 KB a record
//
// A site with 10 lists has some 300 counters a day, five for each of their return codes, three for each content rule that hit,
// of which SpamAssassin's rules make some 600, and two for each known sender whom somebody impersonates, 1,000 a node at most:
// some 2,400 as a rule, 180 KB. Each set of lists that hit together takes 90 octets; a site with 20 lists sees some 500 a day
// (45 KB), a node tells 4,000 apart at most. That makes 90 MB for 400 days. An hour has 230 counters with 10 lists (7 KB) and
// 420 with 20 (12 KB), which Redis keeps packed: 2.4 or 4.1 MB for two weeks. 5,000 users with 100 correspondents each take
// 40 MB, what they sent in a month, 5 messages a
// day each, as much again, a million DNS answers 150 MB. Redis may run with any maxmemory-policy: what it evicts of DNS
// answers, correspondents and sent messages is asked or learned again. To the account an eviction is a loss: give Redis the
// room, or "noeviction", under which the counters wait in winnow's journal until there is some.
//
// Keys show in MONITOR, SLOWLOG and dumps, so none may hold a secret. DNS questions do, where a list's zone holds its
// subscriber's key; pkg/dns hands in a digest of them.
//
// The hash tag {stats} puts the account into one slot, because a batch touches several of its keys in one step. Every
// other step touches one key.
const (
	keyDNS    = "winnow:dns:"
	keyRemote = "winnow:awl:"
	keyLocals = "winnow:awl-locals"
	keySent   = "winnow:sent:"
	keyDay    = "winnow:{stats}:day:"
	keyHour   = "winnow:{stats}:hour:"
	keySeq    = "winnow:{stats}:seq:"
	keySet    = "winnow:set:"
	keyTrail  = "winnow:trail"
)

// Buckets of the embedded file. A correspondent's key is local, NUL, remote; its value is when it was written to and
// when that expires. A sent message's key is local, NUL, digest; its value is the same two, and the note behind them. Each day and each set is a bucket of its own within its bucket.
var (
	bucketMeta    = []byte("meta")
	bucketRemotes = []byte("correspondents")
	bucketSent    = []byte("sent")
	bucketDays    = []byte("days")
	bucketExpiry  = []byte("day expiry")
	bucketNodes   = []byte("nodes")
	bucketSets    = []byte("sets")
)

// metaVersion is the key of the file's layout in bucketMeta, and layout the one this package writes.
var metaVersion = []byte("layout")

const layout = 1
