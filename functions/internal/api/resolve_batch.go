package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/rollout"
)

// maxMany is how many mini programs can be asked for at once.
const maxMany = 100

// manyInput asks for many mini programs of one target and user, as OFREP's bulk evaluation does for flags.
type manyInput struct {
	TargetApp    string   `json:"targetApp"`
	Environment  string   `json:"environment"`
	User         string   `json:"user"`
	MiniPrograms []string `json:"miniPrograms"`
}

// Item is the answer for one of many: the same as if it had been asked for alone, or why there is none.
type Item struct {
	MiniProgram string `json:"miniProgram"`
	*Resolved
	ErrorCode    string `json:"errorCode,omitempty"`
	ErrorDetails string `json:"errorDetails,omitempty"`
}

func (r *Resolver) many(ctx context.Context, c *Call) (Answer, error) {
	var in manyInput
	if err := c.DecodeBody(&in); err != nil {
		return Answer{}, err
	}
	if err := in.check(); err != nil {
		return Answer{}, err
	}
	target := rollout.Target{TargetApp: in.TargetApp, Environment: in.Environment}
	found := r.cache.Get(ctx, target, in.MiniPrograms...)
	items := make([]Item, len(found))
	headers := map[string]string{}
	for i, f := range found {
		items[i].MiniProgram = in.MiniPrograms[i]
		out, err := r.answer(ctx, f, in.User)
		var reason *fault.Error
		switch {
		case errors.As(err, &reason) && reason.Kind == fault.NotFound:
			items[i].ErrorCode, items[i].ErrorDetails = reason.CodeOrKind(), reason.Detail
		case err != nil:
			return Answer{}, err
		default:
			items[i].Resolved = &out
		}
		if f.Known && f.Stale {
			headers[AgeHeader] = inSeconds(f.Age)
		}
	}
	return Answer{Body: NewList(items, ""), Headers: headers}, nil
}

// check holds a question for many to what one for a single mini program is held to; what it may not name at all is
// refused as a whole, and what only is not there is answered item by item.
func (in manyInput) check() error {
	var wrong []fault.Field
	say := func(field, format string, args ...any) {
		wrong = append(wrong, fault.Field{Field: field, Detail: fmt.Sprintf(format, args...)})
	}
	if !nameable(in.TargetApp) {
		say("targetApp", "has to be the id of a target app")
	}
	if !slices.Contains(catalog.Environments, catalog.Environment(in.Environment)) {
		say("environment", "has to be one of %v", catalog.Environments)
	}
	if len(in.User) > maxUser {
		say("user", "has %d bytes; at most %d are possible", len(in.User), maxUser)
	}
	if n := len(in.MiniPrograms); n < 1 || n > maxMany {
		say("miniPrograms", "has %d ids; 1 to %d are possible", n, maxMany)
		return fault.Fields(wrong)
	}
	seen := map[string]bool{}
	for i, m := range in.MiniPrograms {
		switch field := fmt.Sprintf("miniPrograms[%d]", i); {
		case !nameable(m):
			say(field, "%s", notAnID)
		case seen[m]:
			say(field, "is there twice; name each once")
		}
		seen[m] = true
	}
	return fault.Fields(wrong)
}

// nameable says whether something can be an id, before it becomes a key.
func nameable(s string) bool {
	return s != "" && len(s) <= maxParam && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// notAnID says of a field that it is not nameable.
var notAnID = fmt.Sprintf("cannot be an id: it is empty, over %d bytes, or has control characters", maxParam)
