package web

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"runtime"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// The metrics, each with its labels. docs/metrics.md explains them, and a test holds it to this table.
var (
	buildInfo = desc("build_info", "What runs; always 1.", "version", "goversion")

	connections = desc("connections_total", "Connections that ended, by what became of them: accepted, refused, error (refused because a stage failed), own (from own networks).", "result")
	messages    = desc("messages_total", "Messages that came in, by class.", "class")
	actions     = desc("message_actions_total", "The same messages, by what became of them.", "action")
	caught      = desc("messages_caught_total", "Messages that the content stages found to be spam: tagged or worse.")
	delivered   = desc("messages_delivered_total", "Messages that were neither blacklisted nor caught.")
	relayed     = desc("messages_relayed_total", "Messages that a relay handed on.")
	outbound    = desc("messages_outbound_total", "Messages that left by us; not among those that came in.")
	incomplete  = desc("incomplete_verdicts_total", "Connections and messages decided while an answer was missing.")

	stageTook     = desc("stage_duration_seconds", "How long a stage took, each time it ran.", "stage")
	stageFailures = desc("stage_failures_total", "Stages that failed as a whole.", "stage")

	listAsked    = desc("list_questions_total", "Questions put to a list.", "list")
	listCached   = desc("list_cached_answers_total", "Of them, those that a cache answered.", "list")
	listFailures = desc("list_failures_total", "Checks that a list could not answer: error, refused (it declined to answer us), bogus, unknown (an undeclared code).", "list", "reason")
	listHits     = desc("list_hits_total", "Connections and messages that a list hit.", "list")
	listUnique   = desc("list_unique_hits_total", "Messages caught that no other source hit.", "list")
	listDecisive = desc("list_decisive_hits_total", "Messages caught that would not have been without the list.", "list")
	listDoubtful = desc("list_doubtful_hits_total", "Hits on mail that somebody wants.", "list")
	listRefusals = desc("list_refusals_total", "Connections refused in a list's name.", "list")
	listTook     = desc("list_duration_seconds", "How long a list took for answers that a cache did not have.", "list")
	listHealth   = desc("list_health", "1 for what a list's health is: unprobed, ok, suspect-empty, refused, broken or down.", "list", "health")

	ruleSetHits     = desc("rules_hits_total", "Messages that the content rules alone would have caught.")
	ruleSetUnique   = desc("rules_unique_hits_total", "Messages caught by the content rules that no list hit.")
	ruleSetDecisive = desc("rules_decisive_hits_total", "Messages caught that would not have been without the content rules.")
	ruleSetDoubtful = desc("rules_doubtful_hits_total", "Hits of the content rules on mail that somebody wants.")
	ruleSetTook     = desc("rules_duration_seconds", "How long the content rules took for a message, without what they waited for lists.")
	ruleSetSize     = desc("rules", "Content rules in force: loaded (all), running (those that can add points).", "state")
	ruleSetFaults   = desc("rules_faults", "What cost rules when they were loaded: winnow rules lint tells.")
	ruleSetSince    = desc("rules_loaded_timestamp_seconds", "When the rules in force were loaded.")
	reloadRefused   = desc("reload_refused", "1: the last reload kept what was in force, because of a fault.")
	ruleGivenUp     = desc("rule_given_up_total", "Messages on which a rule was given up since the rules were loaded, because its pattern took too many steps. The rule * is all but the 20 worst.", "rule")
	rulePanicked    = desc("rule_panics_total", "Messages on which a rule panicked since the rules were loaded. The rule * is all but the 20 worst.", "rule")

	sessions    = desc("sessions", "Connections of Postfix that are served now.")
	maxSessions = desc("sessions_limit", "How many may be: milter.max_connections.")
	scans       = desc("scans", "Messages in the content phase now.")
	maxScans    = desc("scans_limit", "How many may be: policy.limits.scans.")

	dnsQuestions = desc("dns_questions_total", "Questions put to the resolver.")
	dnsAnswered  = desc("dns_cached_answers_total", "Of them, those answered without asking the DNS: by memory, by the shared cache, joined to one under way, or suppressed because it failed a moment ago.", "by")
	dnsSent      = desc("dns_attempts_total", "Questions sent to DNS servers, a second attempt counts again.")
	dnsRetries   = desc("dns_retries_total", "Of them, second attempts.")
	dnsTCP       = desc("dns_tcp_total", "Of them, those that went on over TCP.")
	dnsFailures  = desc("dns_failures_total", "Attempts that failed.", "reason")
	sharedErrors = desc("dns_shared_cache_errors_total", "Questions to the cache in the store that failed or were late.")
	sharedLost   = desc("dns_shared_cache_dropped_total", "Answers not written to the cache in the store because too many waited.")

	partOK       = desc("part_ok", "1: well. What winnow works with: milter, rules, store, resolver.", "part")
	accountOK    = desc("account_ok", "1: the last write of the account to the store, or to the journal, went well.", "to")
	uncounted    = desc("account_uncounted_total", "Figures that found no room, which the account is short of.")
	unrecorded   = desc("trail_unrecorded_total", "Records that the trail could not write.")
	uncopied     = desc("trail_uncopied_total", "Copies of messages that the trail was to keep, and could not.")
	learned      = desc("learned_pairs_total", "Pairs that the auto-whitelist learned: written to the store, or dropped.", "result")
	learnedFails = desc("learned_pairs_write_failures_total", "Attempts to write learned pairs that failed; the pairs wait for another.")
	learnedWait  = desc("learned_pairs_waiting", "Learned pairs that wait for the store.")
)

// all is every metric of ours.
var all = []*prometheus.Desc{
	buildInfo, connections, messages, actions, caught, delivered, relayed, outbound, incomplete, stageTook, stageFailures,
	listAsked, listCached, listFailures, listHits, listUnique, listDecisive, listDoubtful, listRefusals, listTook, listHealth,
	ruleSetHits, ruleSetUnique, ruleSetDecisive, ruleSetDoubtful, ruleSetTook, ruleSetSize, ruleSetFaults, ruleSetSince,
	reloadRefused, ruleGivenUp, rulePanicked, sessions, maxSessions, scans, maxScans, dnsQuestions, dnsAnswered, dnsSent,
	dnsRetries, dnsTCP, dnsFailures, sharedErrors, sharedLost, partOK, accountOK, uncounted, unrecorded, uncopied, learned, learnedFails, learnedWait,
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("winnow_"+name, help, labels, nil)
}

// healths are what a list's health can be, so that each has its own 0 or 1.
var healths = []string{"unprobed", "ok", "suspect-empty", "refused", "broken", "down"}

// metricsHandler shows the figures of view, those of the Go runtime and of the process.
func metricsHandler(view View) http.Handler {
	registry := newRegistry(view)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError})
}

func newRegistry(view View) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector{view}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

// collector reads all figures anew for each scrape: nothing is counted twice, and nobody waits for it.
type collector struct{ view View }

var _ prometheus.Collector = collector{}

// Describe tells which metrics there are.
func (collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range all {
		to <- d
	}
}

// Collect tells what they are now.
func (c collector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readyLimit)
	defer cancel()
	f := c.view.Figures(ctx)
	s := sink{to}
	s.gauge(buildInfo, 1, f.Version, runtime.Version())
	s.mail(f)
	for i := range f.Lists {
		s.list(&f.Lists[i])
	}
	s.rules(f)
	s.dns(&f.DNS)
	s.parts(f)
}

// sink takes metrics.
type sink struct{ to chan<- prometheus.Metric }

func (s sink) counter(d *prometheus.Desc, n float64, labels ...string) {
	s.to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, n, labels...)
}

func (s sink) gauge(d *prometheus.Desc, n float64, labels ...string) {
	s.to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, n, labels...)
}

func (s sink) histogram(d *prometheus.Desc, h *Histogram, labels ...string) {
	count, buckets := h.cumulative()
	s.to <- prometheus.MustNewConstHistogram(d, count, h.Sum.Seconds(), buckets, labels...)
}

func (s sink) yes(d *prometheus.Desc, is bool, labels ...string) {
	n := 0.0
	if is {
		n = 1
	}
	s.gauge(d, n, labels...)
}

// counters is a counter with one value for each name, which stands behind the other labels.
func counters[N int64 | uint64](s sink, d *prometheus.Desc, by map[string]N, labels ...string) {
	for name, n := range by {
		s.counter(d, float64(n), append(slices.Clone(labels), name)...)
	}
}

func (s sink) mail(f *Figures) {
	counters(s, connections, f.Connections)
	counters(s, messages, f.Messages)
	counters(s, actions, f.Actions)
	s.counter(caught, float64(f.Caught))
	s.counter(delivered, float64(f.Delivered))
	s.counter(relayed, float64(f.Relayed))
	s.counter(outbound, float64(f.Outbound))
	s.counter(incomplete, float64(f.Incomplete))
	counters(s, stageFailures, f.StageFailures)
	for stage, h := range f.Stages {
		s.histogram(stageTook, &h, stage)
	}
	s.gauge(sessions, float64(f.Sessions))
	s.gauge(maxSessions, float64(f.MaxSessions))
	s.gauge(scans, float64(f.Scans))
	s.gauge(maxScans, float64(f.MaxScans))
}

func (s sink) list(l *ListFigures) {
	s.counter(listAsked, float64(l.Asked), l.Name)
	s.counter(listCached, float64(l.Cached), l.Name)
	s.counter(listHits, float64(l.Hits.All), l.Name)
	s.counter(listUnique, float64(l.Hits.Unique), l.Name)
	s.counter(listDecisive, float64(l.Hits.Decisive), l.Name)
	s.counter(listDoubtful, float64(l.Hits.Doubtful), l.Name)
	s.counter(listRefusals, float64(l.Refusals), l.Name)
	counters(s, listFailures, l.Failures, l.Name)
	if len(l.Took.Counts) > 0 {
		s.histogram(listTook, &l.Took, l.Name)
	}
	if l.Health == "" {
		return
	}
	for _, health := range healths {
		s.yes(listHealth, l.Health == health, l.Name, health)
	}
}

func (s sink) rules(f *Figures) {
	s.counter(ruleSetHits, float64(f.RuleHits.All))
	s.counter(ruleSetUnique, float64(f.RuleHits.Unique))
	s.counter(ruleSetDecisive, float64(f.RuleHits.Decisive))
	s.counter(ruleSetDoubtful, float64(f.RuleHits.Doubtful))
	s.histogram(ruleSetTook, &f.RulesTook)
	s.gauge(ruleSetSize, float64(f.Rules.Loaded), "loaded")
	s.gauge(ruleSetSize, float64(f.Rules.Running), "running")
	s.gauge(ruleSetFaults, float64(f.Rules.Faults))
	s.gauge(ruleSetSince, float64(f.Rules.Since.Unix()))
	s.yes(reloadRefused, f.Rules.ReloadRefused)
	counters(s, ruleGivenUp, worst(f.Rules.GivenUp))
	counters(s, rulePanicked, worst(f.Rules.Panicked))
}

// worst returns the highest counts under their names, and the sum of all others as "*".
func worst(counts map[string]int64) map[string]int64 {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	kept := map[string]int64{}
	for i, name := range names {
		if i >= maxRuleLabels {
			name = "*"
		}
		kept[name] += counts[names[i]]
	}
	return kept
}

func (s sink) dns(f *DNSFigures) {
	s.counter(dnsQuestions, float64(f.Questions))
	s.counter(dnsSent, float64(f.Sent))
	s.counter(dnsRetries, float64(f.Retries))
	s.counter(dnsTCP, float64(f.TCP))
	counters(s, dnsAnswered, f.Answered)
	counters(s, dnsFailures, f.Failures)
	s.counter(sharedErrors, float64(f.SharedErrors))
	s.counter(sharedLost, float64(f.SharedDropped))
}

func (s sink) parts(f *Figures) {
	for _, part := range f.Parts {
		s.yes(partOK, part.OK, part.Name)
	}
	s.yes(accountOK, f.Account.StoreOK, "store")
	s.yes(accountOK, f.Account.JournalOK, "journal")
	s.counter(uncounted, float64(f.Account.Uncounted))
	s.counter(unrecorded, float64(f.Account.Unrecorded))
	s.counter(uncopied, float64(f.Account.Uncopied))
	s.counter(learned, float64(f.Learned.Written), "written")
	s.counter(learned, float64(f.Learned.Dropped), "dropped")
	s.counter(learnedFails, float64(f.Learned.Failed))
	s.gauge(learnedWait, float64(f.Learned.Waiting))
}
