package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestProblemsGolden keeps what people and programs read when something is refused: testdata/problems.txt.
func TestProblemsGolden(t *testing.T) {
	w := newWorld(t)
	id := w.program("madmin@x.test", "merchant", "Coffee Now")
	w.do("madmin@x.test", "PUT", "/v1/mini-programs/"+id+"/members/mdev@x.test", `{"role": "developer"}`, 200, "")
	v := w.do("madmin@x.test", "POST", "/v1/mini-programs/"+id+"/versions", `{"number": "2.0.0"}`, 201, "")
	w.upload(v, archive(t, map[string]string{"app.json": "[]"}))
	h5 := `{"workspace": "merchant", "type": "h5", "defaultLanguage": "en", "entranceUrl": "https://shop.example.com/", "information": ` + information + `}`
	web := w.do("madmin@x.test", "POST", "/v1/mini-programs", h5, 201, "")["id"].(string)
	w.do("madmin@x.test", "POST", "/v1/mini-programs/"+web+"/versions", `{"number": "2.0.0"}`, 201, "")

	var got bytes.Buffer
	for _, tc := range []struct {
		why string
		ask ask
	}{
		{"nobody is signed in", ask{method: "GET", path: "/v1/me"}},
		{"several fields are wrong", ask{method: "POST", path: "/v1/mini-programs", body: `{"workspace": "merchant", "type": "app", "defaultLanguage": "en", "information": {"en": {"name": "Co"}}}`, email: "madmin@x.test"}},
		{"a field is unknown", ask{method: "POST", path: "/v1/mini-programs/" + id + "/versions", body: `{"number": "3.0.0", "note": "x"}`, email: "madmin@x.test"}},
		{"the body is cut off", ask{method: "POST", path: "/v1/mini-programs/" + id + "/versions", body: `{"number": "3.0.0", "no`, email: "madmin@x.test"}},
		{"the role is too small", ask{method: "PATCH", path: "/v1/mini-programs/" + id, body: `{}`, email: "mdev@x.test"}},
		{"another tenant asks", ask{method: "GET", path: "/v1/mini-programs/" + id, email: "rival@x.test"}},
		{"the version number is not greater", ask{method: "POST", path: "/v1/mini-programs/" + web + "/versions", body: `{"number": "1.9.9"}`, email: "madmin@x.test"}},
		{"the record has moved on", ask{method: "PATCH", path: "/v1/mini-programs/" + id, body: `{}`, email: "madmin@x.test", headers: map[string]string{"If-Match": `"1"`}}},
		{"the project cannot be built", ask{method: "POST", path: "/v1/mini-programs/" + id + "/versions/2.0.0/submit", email: "madmin@x.test"}},
		{"the last admin leaves", ask{method: "DELETE", path: "/v1/workspaces/merchant/members/madmin@x.test", email: "madmin@x.test"}},
		{"a list parameter is wrong", ask{method: "GET", path: "/v1/mini-programs?pageSize=1000&colour=red", email: "madmin@x.test"}},
	} {
		res, _ := send(t, w.handler(tc.ask.method, tc.ask.path), tc.ask)
		var body bytes.Buffer
		if err := json.Indent(&body, []byte(res.Body), "", "  "); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "# %s\n%s\n\n", tc.why, strings.NewReplacer(id, "mp_1", web, "mp_2").Replace(body.String()))
	}
	const path = "testdata/problems.txt"
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("run with -update if this is meant (-want +got):\n%s", diff)
	}
}
