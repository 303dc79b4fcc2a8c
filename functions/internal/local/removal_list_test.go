package local_test

import (
	"net/url"
	"slices"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/story"
)

// listed gives the ids of a list of requests, page by page.
func listed(w *story.World, who, query string) (ids []string) {
	w.T.Helper()
	for token := ""; ; {
		path := "/v1/requests?pageSize=1&" + query
		if token != "" {
			path += "&pageToken=" + url.QueryEscape(token)
		}
		page := story.Into[api.List[api.RequestView]](w, w.As(who).Must("GET", path, nil, 200))
		for _, q := range page.Items {
			ids = append(ids, q.ID)
		}
		if token = page.NextPageToken; token == "" {
			return ids
		}
	}
}

// TestListsOfRequests filters My Requests and My Approvals in every way, over all three categories.
func TestListsOfRequests(t *testing.T) {
	w := story.Start(t)
	requests := askedForAll(t, w)
	reviewed, offline, removal := requests[0], requests[1], requests[2]
	for _, c := range []struct {
		who, query string
		want       []string
	}{
		{"merchant-admin", "scope=mine&status=pending", []string{reviewed.ID, offline.ID}},
		{"merchant-admin", "scope=mine&category=offline", []string{offline.ID}},
		{"wallet-admin", "scope=mine", []string{removal.ID}},
		{"wallet-reviewer", "scope=mine", nil},
		{"wallet-reviewer", "scope=approvals&status=pending", []string{reviewed.ID, offline.ID, removal.ID}},
		{"wallet-admin", "scope=approvals&status=pending", []string{reviewed.ID, offline.ID}}, // not their own
		{"wallet-reviewer", "scope=approvals&category=force_removal", []string{removal.ID}},
		{"wallet-reviewer", "scope=approvals&status=pending&submitter=merchant-admin@demo.test", []string{reviewed.ID, offline.ID}},
		{"wallet-reviewer", "scope=approvals&q=" + url.QueryEscape(reviewed.MiniProgramName), []string{reviewed.ID}},
		{"wallet-reviewer", "scope=approvals&status=pending&q=" + removal.MiniProgram, []string{offline.ID, removal.ID}},
		{"wallet-reviewer", "scope=approvals&status=rejected", nil},
		{"carrier-admin", "scope=approvals", nil},
	} {
		if got := listed(w, c.who, c.query); !slices.Equal(got, c.want) {
			t.Errorf("%s %s: %v, want %v", c.who, c.query, got, c.want)
		}
	}
	w.As("wallet-reviewer").Must("POST", "/v1/requests/"+removal.ID+"/reject", map[string]string{"reason": "No."})
	equal(t, "decided by me", listed(w, "wallet-reviewer", "scope=approvals&status=rejected"), []string{removal.ID})
	admin := w.As("merchant-admin")
	admin.Must("POST", "/v1/requests/"+offline.ID+"/withdraw", nil, 200)
	first := listed(w, "wallet-reviewer", "scope=approvals&status=approved")[0] // of what is live
	for query, want := range map[string][]string{
		"scope=approvals&sort=completed&order=asc&q=" + removal.MiniProgram: {first, removal.ID},
		"scope=approvals&sort=completed":                                    {reviewed.ID, removal.ID, first},
		"scope=approvals&sort=completed&status=pending&category=release":    {reviewed.ID},
		"scope=approvals&order=asc":                                         {first, removal.ID, reviewed.ID},
	} {
		equal(t, query, listed(w, "wallet-reviewer", query), want)
	}
	mine := listed(w, "merchant-admin", "scope=mine&sort=completed&submitter=merchant-admin@demo.test")
	equal(t, "pending, then the latest completed", mine[:2], []string{reviewed.ID, offline.ID})
	slices.Reverse(mine)
	equal(t, "the other way round", listed(w, "merchant-admin", "scope=mine&sort=completed&order=asc"), mine)
	page := story.Into[api.List[api.RequestView]](w, admin.Must("GET", "/v1/requests?pageSize=1&sort=completed", nil, 200))
	for _, other := range []string{"sort=created", "sort=completed&order=asc", "sort=completed&status=pending", "sort=completed&scope=approvals", "sort=completed&q=x"} {
		a := refused(t, admin.Do("GET", "/v1/requests?pageSize=1&"+other+"&pageToken="+url.QueryEscape(page.NextPageToken), nil), 400, "invalid")
		if len(a.Errors) != 1 || a.Errors[0].Field != "pageToken" {
			t.Errorf("the token of another list, %s: %+v", other, a)
		}
	}
	for _, query := range []string{"scope=all", "category=other", "status=open", "pageSize=51", "sort=name", "order=up"} {
		refused(t, w.As("wallet-reviewer").Do("GET", "/v1/requests?"+query, nil), 400, "invalid")
	}
}

// TestResendOfRemoval sends new links, keeps the old ones, and stops at some point.
func TestResendOfRemoval(t *testing.T) {
	w := story.Start(t)
	requests := askedForAll(t, w)
	removal := requests[2]
	old := w.Link("wallet-reviewer", removal.ID)
	path := "/v1/requests/" + removal.ID + "/resend"
	refused(t, w.As("wallet-reviewer").Do("POST", path, nil), 403, "forbidden")
	refused(t, w.As("merchant-developer").Do("POST", path, nil), 404, "no_such_request")
	for n := range 5 {
		w.As("wallet-admin").Must("POST", path, nil, 202)
		w.Until("a mail more", func() bool { return len(w.MailsTo("wallet-reviewer", removal.ID)) == n+2 })
	}
	refused(t, w.As("wallet-admin").Do("POST", path, nil), 429, "resent_enough")
	fresh := w.Link("wallet-reviewer", removal.ID)
	if fresh == old {
		t.Error("the link was sent again")
	}
	if a := w.Decide(old, "approve", removal.MiniProgramName, ""); a.Status != 200 {
		t.Errorf("a link that was sent before: %s", a)
	}
	says(t, w, fresh, removal.MiniProgramName, "You have already decided")
	refused(t, w.As("wallet-admin").Do("POST", path, nil), 409, "request_approved")
}
