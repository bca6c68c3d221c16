// Package shipped holds the lists and content rules that come with winnow, so that the one binary works without files.
// Operators tune copies of them, or add to them: docs/lists.md and docs/rules.md tell how.
package shipped

import "embed"

// Files are lists.yaml, skip_domains.txt, freemail_domains.txt, the rule files *.cf and their tests.
//
//go:embed lists.yaml skip_domains.txt freemail_domains.txt *.cf tests
var Files embed.FS
