// Package replay decides recorded mail again: what would other lists, scores, thresholds, entries or rules have made of the
// traffic of last week? It asks nobody. It takes what was recorded of each message and each connection (pkg/trail), has the
// stages of the configuration in question read the answers of then (filter.Replayer), and has its policy decide
// (filter.Policy.Again).
//
// What was not asked has no answer, and none is made up. A stage that would look at something that was not recorded says
// so, with the worst and the best that it could have been (filter.Doubt); where these come to different ends, the outcome is
// not known, and is counted as that. A client that was refused had no chance to send anything: where it would be let in now, that
// is said, and that nobody knows of its mail.
package replay
