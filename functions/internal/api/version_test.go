package api_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"slipway/functions/internal/build/demo"
)

// archive makes a zip of files.
func archive(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, content := range files {
		f, err := z.Create(name)
		if err == nil {
			_, err = f.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// upload sends bytes to where a version awaits them.
func (w *world) upload(version map[string]any, body []byte) {
	w.t.Helper()
	url := version["upload"].(map[string]any)["url"].(string)
	_ = w.packages.Put(w.t.Context(), strings.TrimPrefix(url, "https://upload.test/"), "application/zip", body)
}

func TestVersion(t *testing.T) {
	w := newWorld(t)
	path := "/v1/mini-programs/" + w.program("madmin@x.test", "merchant", "Coffee Now") + "/versions"
	v := w.do("madmin@x.test", "POST", path, `{"number": "1.0.0", "notes": "First"}`, 201, "")
	upload := v["upload"].(map[string]any)
	if v["status"] != "awaiting_upload" || upload["method"] != "PUT" || upload["maxBytes"] != float64(64<<20) || upload["headers"] == nil {
		t.Fatalf("made %v", v)
	}
	w.do("madmin@x.test", "POST", path+"/1.0.0/submit", "", 409, "nothing_uploaded")
	w.upload(v, demo.Archive("1.0.0"))
	done := w.do("madmin@x.test", "POST", path+"/1.0.0/submit", "", 200, "")
	if done["status"] != "submitted" || len(done["pages"].([]any)) < 4 || len(fmt.Sprint(done["archiveSha256"])) != 64 || done["warnings"] != nil {
		t.Errorf("submitted %v", done)
	}
	w.upload(v, []byte("something else")) // after the fact: what was inspected is kept elsewhere
	read := w.do("madmin@x.test", "GET", path+"/1.0.0", "", 200, "")
	if read["archiveSha256"] != done["archiveSha256"] || read["upload"] != nil {
		t.Errorf("read %v", read)
	}
	kept := 0
	for key, body := range w.packages.objects {
		if strings.HasPrefix(key, "projects/") && strings.Contains(key, fmt.Sprint(done["archiveSha256"])) && bytes.Equal(body, demo.Archive("1.0.0")) {
			kept++
		}
	}
	if kept != 1 {
		t.Errorf("the archive is kept under its digest %d times", kept)
	}
	w.do("madmin@x.test", "POST", path+"/1.0.0/submit", "", 409, "already_submitted")
	w.do("madmin@x.test", "POST", path, `{"number": "1.0.0", "renew": true}`, 409, "already_submitted")
}

// TestAnnouncedDigest: whatever lies where the project is awaited, only what was announced last is submitted.
func TestAnnouncedDigest(t *testing.T) {
	w := newWorld(t)
	path := "/v1/mini-programs/" + w.program("madmin@x.test", "merchant", "Coffee Now") + "/versions"
	right, other := demo.Archive("1.0.0"), demo.Archive("1.0.1")
	announce := func(content []byte) string { return fmt.Sprintf(`"sha256": "%x"`, sha256.Sum256(content)) }
	v := w.do("madmin@x.test", "POST", path, `{"number": "1.0.0", `+announce(right)+`}`, 201, "")
	w.upload(v, other)
	res, body := send(t, w.handler("POST", path+"/1.0.0/submit"), ask{method: "POST", path: path + "/1.0.0/submit", email: "madmin@x.test"})
	if detail := fmt.Sprint(body["detail"]); res.StatusCode != 422 || body["code"] != "digest_mismatch" || !strings.Contains(detail, fmt.Sprintf("%x", sha256.Sum256(right))) {
		t.Fatalf("another project than announced: %d %s", res.StatusCode, res.Body)
	}
	if got := w.do("madmin@x.test", "GET", path+"/1.0.0", "", 200, ""); got["status"] != "awaiting_upload" {
		t.Errorf("a refused upload left %v", got)
	}
	w.do("madmin@x.test", "POST", path, `{"number": "1.0.0", "renew": true, `+announce(right)+`}`, 200, "")
	w.do("madmin@x.test", "POST", path+"/1.0.0/submit", "", 422, "digest_mismatch")
	w.do("madmin@x.test", "POST", path, `{"number": "1.0.0", "renew": true, `+announce(other)+`}`, 200, "")
	w.do("madmin@x.test", "POST", path+"/1.0.0/submit", "", 200, "")

	second := w.do("madmin@x.test", "POST", path, `{"number": "1.0.1", `+announce(right)+`}`, 201, "")
	w.upload(second, other)
	w.do("madmin@x.test", "POST", path+"/1.0.1/submit", "", 422, "digest_mismatch")
	w.do("madmin@x.test", "POST", path, `{"number": "1.0.1", "renew": true}`, 200, "") // announces nothing any more
	w.do("madmin@x.test", "POST", path+"/1.0.1/submit", "", 200, "")
}

func TestVersionNumbers(t *testing.T) {
	w := newWorld(t)
	path := "/v1/mini-programs/" + w.program("madmin@x.test", "merchant", "Coffee Now") + "/versions"
	waits := w.do("madmin@x.test", "POST", path, `{"number": "1.0.0"}`, 201, "")
	w.do("madmin@x.test", "POST", path, `{"number": "1.0.0"}`, 409, "version_exists")
	again := w.do("madmin@x.test", "POST", path, `{"number": "1.0.0", "renew": true}`, 200, "")
	if again["upload"] == nil {
		t.Errorf("renewed %v", again)
	}
	newer := w.do("madmin@x.test", "POST", path, `{"number": "1.10.0"}`, 201, "")
	w.upload(newer, demo.Archive("1.10.0"))
	w.upload(waits, demo.Archive("1.0.0"))
	w.do("madmin@x.test", "POST", path+"/1.10.0/submit", "", 200, "")
	for _, number := range []string{"1.9.9", "1.10.0", "1.10", "0.1"} {
		w.do("madmin@x.test", "POST", path, fmt.Sprintf(`{"number": %q}`, number), 409, "version_not_greater")
	}
	w.do("madmin@x.test", "POST", path+"/1.0.0/submit", "", 409, "version_not_greater")
	for _, number := range []string{"", "v2", "2.0-rc", "2.0.0.0.0", "02", "0", "20000000000"} {
		w.do("madmin@x.test", "POST", path, fmt.Sprintf(`{"number": %q}`, number), 400, "invalid")
	}
	w.do("madmin@x.test", "POST", path, `{"number": 2}`, 400, "invalid")
	w.do("madmin@x.test", "GET", path+"/9.9", "", 404, "no_such_version")
	if got := names(w.do("madmin@x.test", "GET", path, "", 200, ""), "number"); got != "1.10.0 1.0.0" {
		t.Errorf("versions %s, want the greatest first", got)
	}
}

func TestSubmitRefusals(t *testing.T) {
	w := newWorld(t)
	path := "/v1/mini-programs/" + w.program("madmin@x.test", "merchant", "Coffee Now") + "/versions"
	for i, tc := range []struct {
		name   string
		upload []byte
		status int
		file   string
	}{
		{"not a zip", []byte("hello"), 422, ""},
		{"empty", nil, 422, ""},
		{"truncated", demo.Archive("1")[:2000], 422, ""},
		{"slip", archive(t, map[string]string{"../../etc/passwd": "x", "app.json": "{}"}), 422, "../../etc/passwd"},
		{"absolute", archive(t, map[string]string{"/etc/passwd": "x"}), 422, "/etc/passwd"},
		{"bomb", archive(t, map[string]string{"app.json": "{}", "big.js": strings.Repeat(" ", 64<<20)}), 422, "big.js"},
		{"no app.json", archive(t, map[string]string{"index.js": "x"}), 422, "app.json"},
		{"app.json is a list", archive(t, map[string]string{"app.json": "[]"}), 422, "app.json"},
		{"page without files", archive(t, map[string]string{"app.json": `{"pages": ["pages/index/index"]}`, "app.js": "App({})"}), 422, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			number := fmt.Sprintf("1.%d", i)
			v := w.do("madmin@x.test", "POST", path, fmt.Sprintf(`{"number": %q}`, number), 201, "")
			w.upload(v, tc.upload)
			res, body := send(t, w.handler("POST", path+"/1/submit"), ask{method: "POST", path: path + "/" + number + "/submit", email: "madmin@x.test"})
			if res.StatusCode != tc.status && res.StatusCode != 413 {
				t.Fatalf("%d %s, want %d", res.StatusCode, res.Body, tc.status)
			}
			if tc.file != "" && !strings.Contains(res.Body, tc.file) {
				t.Errorf("does not name %s: %v", tc.file, body)
			}
			if got := w.do("madmin@x.test", "GET", path+"/"+number, "", 200, ""); got["status"] != "awaiting_upload" {
				t.Errorf("a refused upload left %v", got)
			}
		})
	}
}

func TestWhoUploads(t *testing.T) {
	w := newWorld(t)
	id := w.program("madmin@x.test", "merchant", "Coffee Now")
	path := "/v1/mini-programs/" + id + "/versions"
	w.do("mdev@x.test", "POST", path, `{"number": "1.0"}`, 404, "no_such_mini_program")
	w.do("madmin@x.test", "PUT", "/v1/mini-programs/"+id+"/members/mdev@x.test", `{"role": "developer"}`, 200, "")
	w.do("mdev@x.test", "POST", path, `{"number": "1.0"}`, 201, "")
}

func TestH5VersionsNeedNoUpload(t *testing.T) {
	w := newWorld(t)
	body := `{"workspace": "merchant", "type": "h5", "defaultLanguage": "en", "entranceUrl": "https://shop.example.com/", "information": ` + information + `}`
	path := "/v1/mini-programs/" + fmt.Sprint(w.do("madmin@x.test", "POST", "/v1/mini-programs", body, 201, "")["id"])
	v := w.do("madmin@x.test", "POST", path+"/versions", `{"number": "1.0.0", "notes": "First"}`, 201, "")
	if v["status"] != "submitted" || v["upload"] != nil || v["entranceUrl"] != "https://shop.example.com/" {
		t.Errorf("made %v", v)
	}
	w.do("madmin@x.test", "PATCH", path, `{"entranceUrl": "https://new.example.com/"}`, 200, "")
	if v := w.do("madmin@x.test", "GET", path+"/versions/1.0.0", "", 200, ""); v["entranceUrl"] != "https://shop.example.com/" {
		t.Errorf("a version is a snapshot: %v", v)
	}
	w.do("madmin@x.test", "POST", path+"/versions", `{"number": "0.9"}`, 409, "version_not_greater")
	w.do("madmin@x.test", "POST", path+"/versions/1.0.0/submit", "", 409, "already_submitted")
}
