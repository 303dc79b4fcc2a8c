package local_test

import (
	"crypto/sha256"
	"encoding/hex"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/approval"
	"slipway/functions/internal/release"
	"slipway/functions/internal/story"
)

// opened follows an address that was given out and gives what is there.
func opened(w *story.World, address string) []byte {
	w.T.Helper()
	if strings.HasPrefix(address, "/") {
		address = w.Base + address
	}
	a := w.Nobody().Do("GET", html.UnescapeString(address), nil)
	if a.Status != 200 || len(a.Body) == 0 {
		w.T.Fatalf("an address that was given out: %s", a)
	}
	return a.Body
}

// TestEveryAddressOpens follows the addresses of packages, reports and images: what is there is what was promised, and
// whoever gave the address out may read it.
func TestEveryAddressOpens(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "dsl")
	r := admin.Release(program, admin.Upload(program, w.Number()), "demo-wallet", "production")
	admin.Test(r.ID)
	r = admin.Act(r.ID, "apply")
	page := string(w.Page(w.Link("wallet-reviewer", r.Request)).Body)
	report := regexp.MustCompile(`href="(http[^"]*compatibility[^"]*|http[^"]*report[^"]*)"`).FindStringSubmatch(page)
	if report == nil {
		t.Fatalf("the approval page has no report:\n%s", page)
	}
	if body := string(opened(w, report[1])); !strings.Contains(body, r.Version) {
		t.Errorf("the report does not speak of version %s", r.Version)
	}
	w.Approve("wallet-reviewer", r)
	admin.Reaches(r.ID, release.ReleasePreparation)
	admin.Act(r.ID, "full")
	for _, path := range []string{"/v1/resolve/", "/v1/explain/"} {
		a := admin.Must("GET", path+"demo-wallet/production/"+program+"?user=ann", nil)
		at := regexp.MustCompile(`"packageUrl":\s*"([^"]*)"`).FindSubmatch(a.Body)
		sum := regexp.MustCompile(`"sha256":\s*"([^"]*)"`).FindSubmatch(a.Body)
		if at == nil || sum == nil {
			t.Fatalf("no package: %s", a)
		}
		got := sha256.Sum256(opened(w, strings.ReplaceAll(string(at[1]), `\u0026`, "&")))
		equal(t, path, hex.EncodeToString(got[:]), string(sum[1]))
	}

	evidence, _ := pictures()
	image := uploads(w, program, "evidence.png", "image/png", evidence)
	q := story.Into[api.RequestView](w, w.As("wallet-admin").Must("POST", removals(program), asking("It sends contacts abroad.", []string{image}, "demo-wallet"), 202))
	shown := regexp.MustCompile(`src="(http[^"]*)"`).FindStringSubmatch(string(w.Page(w.Link("wallet-reviewer", q.ID)).Body))
	if shown == nil {
		t.Fatal("the approval page shows no image")
	}
	equal(t, "image on the page", string(opened(w, shown[1])), string(evidence))
	equal(t, "image of the request", string(opened(w, w.As("wallet-reviewer").Request(q.ID).Images[0].URL)), string(evidence))

	w.As("wallet-reviewer").Must("POST", "/v1/requests/"+q.ID+"/reject", map[string]string{"reason": "No."})
	w.Mail("wallet-admin", q.ID, "No.")
	again := story.Into[api.RequestView](w, w.As("wallet-admin").Must("POST", removals(program), asking("Again.", []string{}, "demo-wallet"), 202))
	w.Link("wallet-reviewer", again.ID)
	w.As("wallet-admin").Must("POST", "/v1/requests/"+again.ID+"/withdraw", nil)
	offline := story.Into[api.RequestView](w, admin.Must("POST", "/v1/mini-programs/"+program+"/offline-requests",
		map[string]string{"targetApp": "demo-wallet", "environment": "production", "reason": "Moved."}, 200, 202))
	w.Link("wallet-reviewer", offline.ID)
	w.As("wallet-reviewer").Must("POST", "/v1/requests/"+offline.ID+"/reject", map[string]string{"reason": "Stay."})
	equal(t, "offline", admin.Request(offline.ID).Status, approval.Rejected)
	opened(w, "/v1/manifests/demo-wallet/production")
	opened(w, "/.well-known/slipway-keys.json")
}

// TestRemovalOfWhatIsGone: what was to be removed is canceled before it is decided. Nothing is left, and that is said.
func TestRemovalOfWhatIsGone(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	r := prepared(w, program)
	admin.Act(r.ID, "grayscale", story.Percent(10))
	admin.Reaches(r.ID, release.GrayscaleRelease)
	q := story.Into[api.RequestView](w, w.As("wallet-admin").Must("POST", removals(program), asking("It sends contacts abroad.", []string{}, "demo-wallet"), 202))
	w.Link("wallet-reviewer", q.ID)
	admin.Act(r.ID, "cancel")
	admin.Reaches(r.ID, release.Canceled)
	w.As("wallet-reviewer").Must("POST", "/v1/requests/"+q.ID+"/approve", nil)
	w.Until("the outcome", func() bool {
		return strings.Contains(w.As("wallet-reviewer").Request(q.ID).Outcome, "Nothing was left")
	})
	again := admin.Release(program, admin.Upload(program, w.Number()), "demo-wallet", "production")
	again = admin.Act(again.ID, "apply")
	again = admin.Reaches(again.ID, release.UnderReview)
	w.Link("wallet-reviewer", again.Request)
	w.As("wallet-reviewer").Must("POST", "/v1/requests/"+again.Request+"/reject", map[string]string{"reason": "Not yet."})
	admin.Reaches(again.ID, release.NewVersionCreated)
}

// TestEveryRequestOnce asks every route that takes an Idempotency-Key with one, twice: both answers are the same, and
// none is a fault of ours.
func TestEveryRequestOnce(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	r := admin.Release(program, admin.Upload(program, w.Number()), "demo-wallet", "production")
	r = admin.Act(r.ID, "apply")
	link := w.Link("wallet-reviewer", r.Request)
	for _, route := range api.Routes {
		if route.Method != http.MethodPost {
			continue
		}
		path := strings.NewReplacer("{workspace}", "merchant", "{number}", r.Version, "{token}", link[strings.LastIndex(link, "/")+1:]).Replace(route.Pattern)
		switch {
		case strings.HasPrefix(path, "/v1/releases/"):
			path = strings.Replace(path, "{id}", r.ID, 1)
		case strings.HasPrefix(path, "/v1/requests/"):
			path = strings.Replace(path, "{id}", r.Request, 1)
		default:
			path = strings.Replace(path, "{id}", program, 1)
		}
		key := story.Header("Idempotency-Key", "once-and-never-again-"+route.Operation)
		first := w.As("merchant-admin").Do("POST", path, "{}", key)
		again := w.As("merchant-admin").Do("POST", path, "{}", key)
		if first.Status == 0 || first.Status >= 500 || again.Status != first.Status {
			t.Errorf("%s: first %s, again %s", route.Operation, first, again)
		}
	}
}

// TestTheCatalogueIsKept changes what no release needs: people, tokens, texts, settings.
func TestTheCatalogueIsKept(t *testing.T) {
	w := story.Start(t)
	admin, platform := w.As("merchant-admin"), w.As("platform-admin")
	platform.Must("POST", "/v1/workspaces", map[string]string{"id": "newcomer", "name": "Newcomer", "kind": "merchant", "admin": "first@demo.test"}, 201)
	w.As("first").Must("GET", "/v1/workspaces/newcomer", nil, 200)
	w.As("first").Must("PUT", "/v1/workspaces/newcomer/members/second@demo.test", map[string]string{"role": "admin"}, 200, 201)
	w.As("second").Must("GET", "/v1/me", nil, 200)
	w.As("second").Must("DELETE", "/v1/workspaces/newcomer/members/first@demo.test", nil, 200, 204)
	made := story.Into[map[string]any](w, admin.Must("POST", "/v1/workspaces/merchant/tokens", map[string]any{"name": "pipeline", "actions": []string{"release"}, "days": 1}, 201))
	admin.Must("DELETE", "/v1/workspaces/merchant/tokens/"+made["id"].(string), nil, 204)
	program := admin.Program("merchant", "h5")
	path := "/v1/mini-programs/" + program
	admin.Must("PATCH", path, map[string]any{"information": map[string]any{"en": map[string]string{
		"name": "Renamed", "tagline": "Played by a test", "description": "A mini program that a story test takes through its life.",
		"category": "food", "servicePhone": "+65 6123 4567", "serviceEmail": "hello@story.example.com",
	}}}, 200)
	equal(t, "name", programOf(w, program).Information["en"].Name, "Renamed")
	admin.Must("PUT", path+"/configuration", map[string]any{"serverDomains": []string{"api.story.example.com"}}, 200)
	admin.Must("PUT", path+"/members/merchant-developer@demo.test", map[string]string{"role": "developer"}, 200, 201)
	admin.Must("DELETE", path+"/members/merchant-developer@demo.test", nil, 200, 204)

	// A release that is alone in reaching everyone by itself or by a review takes the older one's place.
	reviewed := superapp(w, "reviewed", map[string]any{"sandboxReview": true})
	for _, environment := range []string{"test", "sandbox"} {
		var ids []string
		for range 2 {
			r := admin.Release(program, admin.Upload(program, w.Number()), reviewed, environment)
			admin.Act(r.ID, "configure", map[string]any{"configuration": map[string]any{}})
			admin.Until(r.ID, "built", func(r api.ReleaseView) bool { return r.Build == release.Built })
			r = admin.Act(r.ID, "apply")
			if environment == "sandbox" {
				r = admin.Reaches(r.ID, release.UnderReview)
				w.Link("wallet-reviewer", r.Request)
				w.As("wallet-reviewer").Must("POST", "/v1/requests/"+r.Request+"/approve", nil)
			}
			admin.Reaches(r.ID, release.FullRelease)
			ids = append(ids, r.ID)
		}
		admin.Reaches(ids[0], release.Archived)
	}
	prepared := prepared(w, program)
	q := w.As("wallet-reviewer").Must("GET", "/v1/requests?scope=approvals", nil, 200)
	if !strings.Contains(string(q.Body), prepared.Request) {
		t.Errorf("what was decided is not listed: %s", q)
	}
}
