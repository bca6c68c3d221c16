package auth

import (
	"fmt"

	"winnow/pkg/message"
)

// A failure is why a signature does not pass, nil where nothing speaks against it. The words of RFC 8601, 2.7.1, are used
// like this:
//
//	fail        body or header are not what was signed
//	policy      a key that is too short or too long, or a From field that is not signed
//	neutral     the field is no signature that can be read, or is beyond our limits
//	permerror   by what the domain says it is void: no key, revoked, expired, an algorithm that is no longer valid
//	temperror   the DNS does not answer
type failure struct {
	result message.AuthResult
	reason string
}

func broken(reason string, args ...any) *failure  { return fails(message.AuthFail, reason, args) }
func policy(reason string, args ...any) *failure  { return fails(message.AuthPolicy, reason, args) }
func neutral(reason string, args ...any) *failure { return fails(message.AuthNeutral, reason, args) }
func permanent(reason string, args ...any) *failure {
	return fails(message.AuthPermError, reason, args)
}
func temporary(reason string, args ...any) *failure {
	return fails(message.AuthTempError, reason, args)
}

func fails(result message.AuthResult, reason string, args []any) *failure {
	return &failure{result: result, reason: fmt.Sprintf(reason, args...)}
}

// attempt takes one step; a panic is that step's failure and nobody else's.
func attempt(step func() *failure) (f *failure) {
	var panicked failure
	defer func() {
		if panicked.result != message.AuthNone {
			f = &panicked
		}
	}()
	defer recovered(&panicked.result, &panicked.reason)
	return step()
}
