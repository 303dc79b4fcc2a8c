package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
)

func good() catalog.Information {
	return catalog.Information{
		Name: "Coffee Now", Tagline: "Coffee without waiting", Description: "Order your coffee ahead and skip the line.",
		Category: "Food", ServicePhone: "+65 6123-4567", ServiceEmail: "help@coffee.example.com",
	}
}

// paths are the fields named, in order.
func paths(fields []fault.Field) []string {
	var out []string
	for _, f := range fields {
		out = append(out, f.Field)
	}
	return out
}

func TestInformation(t *testing.T) {
	for _, tc := range []struct {
		name  string
		edit  func(i *catalog.Information)
		wrong string // field, "" when all is well
		says  string
	}{
		{"complete", func(*catalog.Information) {}, "", ""},
		{"three Chinese characters", func(i *catalog.Information) { i.Name = "咖啡店" }, "", ""},
		{"two Chinese characters", func(i *catalog.Information) { i.Name = "咖啡" }, "name", "has 2 characters; 3 to 30"},
		{"thirty Chinese characters", func(i *catalog.Information) { i.Tagline = strings.Repeat("咖", 30) }, "", ""},
		{"31 Chinese characters", func(i *catalog.Information) { i.Tagline = strings.Repeat("咖", 31) }, "tagline", "has 31"},
		{"no name", func(i *catalog.Information) { i.Name = "" }, "name", "is required"},
		{"name of blanks", func(i *catalog.Information) { i.Name = "    " }, "name", "blank"},
		{"newline in a name", func(i *catalog.Information) { i.Name = "Coffee\nNow" }, "name", "U+000A"},
		{"newline in a description", func(i *catalog.Information) { i.Description += "\nOpen daily." }, "", ""},
		{"turned writing direction", func(i *catalog.Information) { i.Name = "Coffee \u202eevil" }, "name", "U+202E"},
		{"emoji with joiners", func(i *catalog.Information) { i.Name = "Family 👩‍👩‍👧" }, "", ""},
		{"short tagline", func(i *catalog.Information) { i.Tagline = "Too short" }, "tagline", "10 to 30"},
		{"long description", func(i *catalog.Information) { i.Description = strings.Repeat("x", 201) }, "description", "20 to 200"},
		{"no category", func(i *catalog.Information) { i.Category = "" }, "category", "required"},
		{"letters in the phone", func(i *catalog.Information) { i.ServicePhone = "call me" }, "servicePhone", "telephone"},
		{"no email", func(i *catalog.Information) { i.ServiceEmail = "coffee" }, "serviceEmail", "email address"},
		{"email with a name", func(i *catalog.Information) { i.ServiceEmail = "Ana <ana@x.test>" }, "serviceEmail", "email address"},
		{"logo with a blank", func(i *catalog.Information) { i.Logo = "a b" }, "logo", "uploaded image"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			i := good()
			tc.edit(&i)
			got := catalog.ValidateInformation("information", map[string]catalog.Information{"en": i}, "en")
			if tc.wrong == "" {
				if got != nil {
					t.Errorf("refused: %v", got)
				}
				return
			}
			if len(got) != 1 || got[0].Field != "information.en."+tc.wrong || !strings.Contains(got[0].Detail, tc.says) {
				t.Errorf("got %v, want %s saying %q", got, tc.wrong, tc.says)
			}
		})
	}
}

func TestInformationNeedsItsDefaultLanguage(t *testing.T) {
	got := paths(catalog.ValidateInformation("information", map[string]catalog.Information{"EN": good(), "zh-Hans": good(), "fr": {}}, "en"))
	want := []string{"information", "information.EN", "information.fr.name", "information.fr.tagline", "information.fr.description",
		"information.fr.category", "information.fr.servicePhone", "information.fr.serviceEmail"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("everything wrong is named at once (-want +got):\n%s", diff)
	}
}

func many(n int, format string) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf(format, i))
	}
	return out
}

func TestConfiguration(t *testing.T) {
	for _, tc := range []struct {
		name    string
		c       catalog.Configuration
		release bool
		wrong   []string
	}{
		{"nothing", catalog.Configuration{}, false, nil},
		{"hosts", catalog.Configuration{ServerDomains: []string{"api.coffee.example.com", "https://pay.example.com:8443", "xn--fiq228c.xn--55qx5d"}}, false, nil},
		{"no hosts", catalog.Configuration{H5Domains: []string{"http://a.test", "a.test/x", "*.a.test", "10.0.0.1", "localhost", "", "[::1]", "a.test:0", "a..test", "-a.test", "https://u@a.test"}}, false, many(11, "c.h5Domains[%d]")},
		{"the same host twice", catalog.Configuration{ServerDomains: []string{"a.test", "https://A.test"}}, false, []string{"c.serverDomains[1]"}},
		{"100 domains", catalog.Configuration{ServerDomains: many(100, "h%d.test")}, false, nil},
		{"101 domains", catalog.Configuration{ServerDomains: many(101, "h%d.test")}, false, []string{"c.serverDomains"}},
		{"100 testers", catalog.Configuration{Testers: many(100, "u%d")}, false, nil},
		{"101 testers", catalog.Configuration{Testers: many(101, "u%d")}, false, []string{"c.testers"}},
		{"bad testers", catalog.Configuration{Testers: []string{"", "a b", "a", "a", strings.Repeat("x", 129)}}, false, []string{"c.testers[0]", "c.testers[1]", "c.testers[3]", "c.testers[4]"}},
		{"variables", catalog.Configuration{EnvironmentVariables: map[string]string{"API_BASE": "https://x", "_a1": ""}}, true, nil},
		{"variables of a mini program", catalog.Configuration{EnvironmentVariables: map[string]string{"A": ""}}, false, []string{"c.environmentVariables"}},
		{"bad variables", catalog.Configuration{EnvironmentVariables: map[string]string{"1A": "", "A-B": "", "LONG": strings.Repeat("x", 1025)}}, true, []string{"c.environmentVariables", "c.environmentVariables", "c.environmentVariables.LONG"}},
		{"ids", catalog.Configuration{ClientID: "a b", MerchantID: strings.Repeat("m", 65)}, false, []string{"c.clientId", "c.merchantId"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.wrong, paths(tc.c.Validate("c", tc.release))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSchemesBelongToApps: a code may lead into the target app and nowhere else.
func TestSchemesBelongToApps(t *testing.T) {
	for scheme, own := range map[string]bool{
		"": true, "demowallet": true, "weixin": true, "alipays": true, "com.example.wallet": true, "fb12345": true, "web3": true, "walletapp": true, "application": true, "searching": true,
		"https": false, "javascript": false, "data": false, "tel": false, "sms": false, "facetime": false, "facetime-audio": false, "market": false, "intent": false, "android-app": false,
		"itms-apps": false, "itms-services": false, "ms-settings": false, "search-ms": false, "x-apple.systempreferences": false, "app-prefs": false, "web+pay": false, "wallet": false,
		"demo:": false, "Demo": false, "1demo": false, "d": false, "demo wallet": false,
	} {
		s := catalog.DefaultSettings()
		s.Scheme = scheme
		if wrong := s.Validate("s", catalog.Environments); (len(wrong) == 0) != own {
			t.Errorf("%q: %v", scheme, wrong)
		}
	}
}

func TestSettings(t *testing.T) {
	all := catalog.Environments
	for _, tc := range []struct {
		name  string
		edit  func(s *catalog.Settings)
		wrong []string
	}{
		{"defaults", func(*catalog.Settings) {}, nil},
		{"pilots", func(s *catalog.Settings) { s.PilotTesting = []catalog.Environment{"production", "sandbox"} }, nil},
		{"pilots elsewhere", func(s *catalog.Settings) {
			s.PilotTesting = []catalog.Environment{"test", "moon", "sandbox", "sandbox"}
		}, []string{"s.pilotTesting", "s.pilotTesting", "s.pilotTesting"}},
		{"no day", func(s *catalog.Settings) { s.ApprovalDays = 0 }, []string{"s.approvalDays"}},
		{"too many days", func(s *catalog.Settings) { s.ApprovalDays = 31 }, []string{"s.approvalDays"}},
		{"scheme", func(s *catalog.Settings) { s.Scheme = "demowallet" }, nil},
		{"scheme with a colon", func(s *catalog.Settings) { s.Scheme = "demo:" }, []string{"s.scheme"}},
		{"runtime", func(s *catalog.Settings) { s.Runtime.BaseLibrary = "new" }, []string{"s.runtime.baseLibrary"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := catalog.DefaultSettings()
			tc.edit(&s)
			if diff := cmp.Diff(tc.wrong, paths(s.Validate("s", all))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	s := catalog.DefaultSettings()
	s.PilotTesting = []catalog.Environment{catalog.Sandbox}
	if s.Validate("s", []catalog.Environment{catalog.Production}) == nil {
		t.Error("pilot testing in an environment that the app does not have")
	}
}

func TestEnvironments(t *testing.T) {
	for list, ok := range map[string]bool{
		"production": true, "production sandbox test development": true, "": false, "sandbox": false, "production moon": false, "production test test": false,
	} {
		var environments []catalog.Environment
		for _, e := range strings.Fields(list) {
			environments = append(environments, catalog.Environment(e))
		}
		if got := catalog.ValidateEnvironments("environments", environments) == nil; got != ok {
			t.Errorf("%q: %t, want %t", list, got, ok)
		}
	}
}

func TestWords(t *testing.T) {
	for _, tc := range []struct {
		name string
		rule func(string, string) []fault.Field
		good []string
		bad  []string
	}{
		{"language", catalog.Language, []string{"en", "zh-Hans", "pt-BR", "zh-Hant-TW", "es-419"}, []string{"", "EN", "english", "en_US", "zh-hans", "e", "en-"}},
		{"id", catalog.Slug, []string{"demo-wallet", "a1", "x2-y3-z4"}, []string{"", "a", "A1", "1a", "a--b", "a-", "-a", "a_b", "a#b", strings.Repeat("a", 41)}},
		{"email", catalog.ValidateEmail, []string{"a@x.test", "A.b+c@Mail.Example.COM"}, []string{"", "a", "a@", "@x.test", "a@x", "a b@x.test", "a@x.test ", "<a@x.test>", "a@x.test, b@x.test", "ä@x.test", "a@10.0.0.1", strings.Repeat("a", 65) + "@x.test"}},
		{"entrance", catalog.ValidateEntranceURL, []string{"https://shop.example.com", "https://shop.example.com:8443/a?b=c#/d"}, []string{"", "http://shop.example.com", "javascript:alert(1)", "https://", "https://localhost/", "https://10.0.0.1/", "https://u:p@shop.example.com/", "https://shop.example.com/a b", "shop.example.com", "https://shop.example.com/" + strings.Repeat("x", 2048)}},
		{"digest", catalog.ValidateDigest, []string{"", strings.Repeat("0af9", 16)}, []string{"0", strings.Repeat("0AF9", 16), strings.Repeat("g", 64), strings.Repeat("0", 65), strings.Repeat("0", 63) + "\n"}},
		{"version", catalog.ValidateVersionNumber, []string{"1", "1.0", "0.0.1", "10.20.30.40", "9999999999.0"}, []string{"", "0", "0.0.0", "1.", ".1", "1.01", "v1", "1.0.0.0.0", "-1", "1.0-beta", "10000000000", "１.0", "1 .0"}},
		{"notes", catalog.ValidateNotes, []string{"", "First\nSecond"}, []string{strings.Repeat("x", 2001), "\x00", " x"}},
		{"title", catalog.Title, []string{"A", strings.Repeat("字", 64)}, []string{"", strings.Repeat("字", 65), "a\tb"}},
	} {
		for _, s := range tc.good {
			if got := tc.rule("f", s); got != nil {
				t.Errorf("%s %q refused: %v", tc.name, s, got)
			}
		}
		for _, s := range tc.bad {
			if got := tc.rule("f", s); len(got) != 1 || got[0].Field != "f" || len(got[0].Detail) < 10 {
				t.Errorf("%s %q: %v, want one refusal that says why", tc.name, s, got)
			}
		}
	}
}

func TestRoles(t *testing.T) {
	if catalog.ValidateRole("role", catalog.Partner, catalog.Owner) != nil || catalog.ValidateRole("role", catalog.Merchant, catalog.Owner) == nil {
		t.Error("owner is a role of partners only")
	}
	if catalog.ValidateMiniProgramRole("role", catalog.Developer) != nil || catalog.ValidateMiniProgramRole("role", catalog.Operator) == nil {
		t.Error("mini programs have admins and developers only")
	}
}

func TestShown(t *testing.T) {
	if got := catalog.Shown(" A\u202en\x00a\n"+strings.Repeat("字", 70), 64); got != "Ana"+strings.Repeat("字", 61) {
		t.Errorf("shown %q", got)
	}
}

func TestNormalEmail(t *testing.T) {
	if got, ok := catalog.NormalEmail("Ana@Example.COM"); !ok || got != "ana@example.com" {
		t.Errorf("got %q %t", got, ok)
	}
}

func TestCompareVersions(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{
		{"1.0", "1.0.0", 0}, {"1.2", "1.10", -1}, {"2", "1.99.99.99", 1}, {"", "0.0.1", -1}, {"", "", 0}, {"9999999999", "1000000000", 1}, {"0.1", "0.0.9", 1},
	} {
		if got := catalog.CompareVersions(tc.a, tc.b); got != tc.want {
			t.Errorf("%s and %s: %d, want %d", tc.a, tc.b, got, tc.want)
		}
		if got := catalog.CompareVersions(tc.b, tc.a); got != -tc.want {
			t.Errorf("%s and %s: %d, want %d", tc.b, tc.a, got, -tc.want)
		}
	}
}

// TestCompareVersionsIsByNumber holds the order of texts against that of the numbers they stand for.
func TestCompareVersionsIsByNumber(t *testing.T) {
	numbers := rapid.SliceOfN(rapid.IntRange(0, 12), 4, 4)
	rapid.Check(t, func(t *rapid.T) {
		a, b := numbers.Draw(t, "a"), numbers.Draw(t, "b")
		want := 0
		for i := range a {
			if want == 0 && a[i] != b[i] {
				want = map[bool]int{true: -1, false: 1}[a[i] < b[i]]
			}
		}
		text := func(n []int) string { return fmt.Sprintf("%d.%d.%d.%d", n[0], n[1], n[2], n[3]) }
		if got := catalog.CompareVersions(text(a), text(b)); got != want {
			t.Fatalf("%v and %v: %d, want %d", a, b, got, want)
		}
	})
}
