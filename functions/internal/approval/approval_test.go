package approval_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
)

var at = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func request(parties ...string) approval.Request {
	q := approval.Request{ID: "q", Category: approval.Release, Status: approval.Pending}
	for _, p := range parties {
		q.Parties = append(q.Parties, approval.Party{ID: p, Name: p, Decision: approval.Pending})
	}
	return q
}

func person(email string) catalog.Person { return catalog.Person{Email: email} }

func code(err error) string {
	var e *fault.Error
	if errors.As(err, &e) {
		return e.CodeOrKind()
	}
	return ""
}

func TestEveryPartyHasToApprove(t *testing.T) {
	q := request("app", "platform")
	if complete, err := q.Decide("platform", approval.Approved, person("p@x.test"), "", at); complete || err != nil || q.Status != approval.Pending {
		t.Fatal(complete, err, q.Status)
	}
	if complete, err := q.Decide("app", approval.Approved, person("a@x.test"), "", at); !complete || err != nil || q.Status != approval.Approved || !q.CompletedOn.Equal(at) {
		t.Fatal(complete, err, q.Status)
	}
}

func TestOneRejectionEndsIt(t *testing.T) {
	q := request("app", "platform")
	if complete, err := q.Decide("app", approval.Rejected, person("a@x.test"), "too slow", at); !complete || err != nil || q.Status != approval.Rejected || q.RejectedBecause() != "too slow" {
		t.Fatal(complete, err, q)
	}
	if _, err := q.Decide("platform", approval.Approved, person("p@x.test"), "", at); code(err) != "request_rejected" {
		t.Error(err)
	}
}

func TestWhatCannotBeDecided(t *testing.T) {
	q := request("app", "platform")
	if _, err := q.Decide("app", approval.Approved, person("a@x.test"), "", at); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ party, email, want string }{
		"twice for one party":           {"app", "b@x.test", "already_decided"},
		"one person for both":           {"platform", "a@x.test", "same_person"},
		"for a party that is not asked": {"moon", "b@x.test", "no_such_party"},
	} {
		if _, err := q.Decide(c.party, approval.Approved, person(c.email), "", at); code(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestReasons(t *testing.T) {
	for reason, ok := range map[string]bool{"": false, " \n": false, " \u200b\u00a0": false, "\u3164\u2060": false, "\x00\x1b": false, "理由": true, "😱": true, "?": true, "because": true, strings.Repeat("é", 1000): true, strings.Repeat("é", 1001): false} {
		if err := approval.CheckReason(reason); (err == nil) != ok {
			t.Errorf("%d bytes: %v", len(reason), err)
		}
	}
}

// TestTokens: 256 bits, the same for the same seed, another one for whatever differs, and nothing of it in its digest.
func TestTokens(t *testing.T) {
	tokenOf := func(links approval.Links, request, party, reviewer, nonce string) string {
		t.Helper()
		token, err := links.Token(t.Context(), request, party, reviewer, nonce)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	links := approval.Links{Key: approval.FixedKey(bytes.Repeat([]byte{7}, 32)), Base: "https://s.test"}
	token := tokenOf(links, "q", "app", "r@x.test", "n")
	if len(token) != 43 || token != tokenOf(links, "q", "app", "r@x.test", "n") || links.URL(token) != "https://s.test/approvals/"+token {
		t.Errorf("token %q", token)
	}
	other := links
	other.Key = approval.FixedKey(bytes.Repeat([]byte{8}, 32))
	for name, different := range map[string]string{
		"request": tokenOf(links, "q2", "app", "r@x.test", "n"), "party": tokenOf(links, "q", "platform", "r@x.test", "n"), "reviewer": tokenOf(links, "q", "app", "s@x.test", "n"),
		"nonce": tokenOf(links, "q", "app", "r@x.test", "m"), "key": tokenOf(other, "q", "app", "r@x.test", "n"), "the border between fields": tokenOf(links, "qa", "pp", "r@x.test", "n"),
	} {
		if different == token {
			t.Errorf("the token does not depend on %s", name)
		}
	}
	if digest := links.Digest(token); len(digest) != 64 || strings.Contains(digest, token) {
		t.Errorf("digest %q", digest)
	}
	away := errors.New("away")
	for name, key := range map[string]func(context.Context) ([]byte, error){
		"without a key": nil, "whose key is away": func(context.Context) ([]byte, error) { return nil, away },
	} {
		if token, err := (approval.Links{Key: key}).Token(t.Context(), "q", "app", "r@x.test", "n"); err == nil || token != "" || key != nil && err != away {
			t.Errorf("links %s: %q, %v", name, token, err)
		}
	}
	if url := links.RequestURL("q"); url != "" {
		t.Errorf("a request leads to %q, where nothing is", url)
	}
	links.Console = "https://c.test"
	if url := links.RequestURL("q"); url != "https://c.test/requests/q" {
		t.Errorf("a request leads to %q", url)
	}
	if _, err := approval.Nonce(strings.NewReader("short")); err == nil {
		t.Error("a nonce of too little randomness")
	}
}
