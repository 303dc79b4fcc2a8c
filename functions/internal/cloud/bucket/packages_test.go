package bucket_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/cloud/bucket"
	"slipway/functions/internal/cloud/cloudtest"
	"slipway/functions/internal/cloud/signed"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/moto"
	"slipway/functions/internal/release"
)

// whole is all that can be done with a bucket; a function has a part of it.
type whole struct {
	release.Uploads
	release.Keeper
	release.Addresses
}

func openPackages(t *testing.T) release.Packages {
	t.Helper()
	uploads, err1 := bucket.OpenUploads()
	keeper, err2 := bucket.OpenKeeper()
	addresses, err3 := signed.OpenAddresses(time.Now)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	return whole{uploads, keeper, addresses}
}

// emptyBucket makes an empty bucket on moto and counts the reads that reach it.
func emptyBucket(t *testing.T) (packages release.Packages, reads *atomic.Int64) {
	t.Helper()
	server := moto.Start(t)
	server.Env(t)
	client := s3.New(s3.Options{
		Region: moto.Region, BaseEndpoint: &server.URL, UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket: sdk.String("packages"), CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: moto.Region},
	})
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	reads = new(atomic.Int64)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		if r.In.Method == http.MethodGet {
			reads.Add(1)
		}
		r.SetURL(target)
	}}
	front := httptest.NewServer(proxy)
	t.Cleanup(front.Close)
	t.Setenv("AWS_ENDPOINT_URL_S3", front.URL)
	t.Setenv("SLIPWAY_BUCKET", "packages")
	return openPackages(t), reads
}

func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(b)
	return b
}

func TestPackages(t *testing.T) {
	p, reads := emptyBucket(t)
	for name, test := range map[string]func(*testing.T, release.Packages, *atomic.Int64){
		"sizes": sizes, "replaced": replaced, "missing": missing, "archive": archive, "upload": upload, "address": address, "while it changes": changes,
	} {
		t.Run(name, func(t *testing.T) { test(t, p, reads) })
	}
}

func put(t *testing.T, p release.Packages, key string, body []byte) {
	t.Helper()
	if err := p.Put(context.Background(), key, "application/octet-stream", body); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, p release.Packages, key string) release.Object {
	t.Helper()
	o, err := p.Open(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	return o
}

// sizes reads objects around the size of a block, in every way that an io.ReaderAt is read.
func sizes(t *testing.T, p release.Packages, _ *atomic.Int64) {
	for _, n := range []int{0, 1, 1000, 1<<20 - 1, 1 << 20, 1<<20 + 1, 3<<20 + 7} {
		key, body := fmt.Sprintf("sizes/%d", n), noise(n)
		put(t, p, key, body)
		o := open(t, p, key)
		if o.Size() != int64(n) {
			t.Fatalf("%d bytes: size %d", n, o.Size())
		}
		if got, err := io.ReadAll(io.NewSectionReader(o, 0, o.Size())); err != nil || !bytes.Equal(got, body) {
			t.Errorf("%d bytes: read %d, %v", n, len(got), err)
		}
		if n <= 1000 { // TestReader takes single bytes
			if err := iotest.TestReader(io.NewSectionReader(o, 0, o.Size()), body); err != nil {
				t.Errorf("%d bytes: %v", n, err)
			}
		}
		if k, err := o.ReadAt(make([]byte, 1), int64(n)); k != 0 || err != io.EOF {
			t.Errorf("%d bytes: read behind the end: %d, %v", n, k, err)
		}
		if _, err := o.ReadAt(make([]byte, 1), -1); err == nil || err == io.EOF {
			t.Errorf("%d bytes: read before the start: %v", n, err)
		}
	}
}

func replaced(t *testing.T, p release.Packages, _ *atomic.Int64) {
	put(t, p, "a/b.json", []byte("first"))
	put(t, p, "a/b.json", []byte("second"))
	got, err := io.ReadAll(io.NewSectionReader(open(t, p, "a/b.json"), 0, 100))
	if string(got) != "second" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func missing(t *testing.T, p release.Packages, _ *atomic.Int64) {
	_, err := p.Open(context.Background(), "a/nothing")
	cloudtest.Has(t, err, fault.NotFound, "no_such_object")
	for _, key := range []string{"", "/a", "a/", "a//b", "a/../b", ".", "a\xff", strings.Repeat("k", 1025), "a/${filename}"} {
		if err := p.Put(context.Background(), key, "text/plain", nil); err == nil {
			t.Errorf("put under %q", key)
		}
		if _, err := p.Open(context.Background(), key); err == nil || fault.Is(err, fault.NotFound) {
			t.Errorf("open %q: %v", key, err)
		}
		if _, err := p.URL(context.Background(), key); err == nil {
			t.Errorf("address of %q", key)
		}
		if _, err := p.Upload(context.Background(), key, release.Content{Type: "text/plain", MaxBytes: 1}); err == nil {
			t.Errorf("upload to %q", key)
		}
	}
}

// archive reads a ZIP of many small files: read-ahead has to keep the requests few.
func archive(t *testing.T, p release.Packages, reads *atomic.Int64) {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for i := range 1200 {
		f, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("pages/%d.js", i), Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(noise(10 << 10)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, p, "archive.zip", buf.Bytes())
	before := reads.Load()
	o := open(t, p, "archive.zip")
	r, err := zip.NewReader(o, o.Size())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		rc, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(rc) // which checks the CRC
		if err != nil || len(got) != 10<<10 {
			t.Fatalf("%s: %d bytes, %v", f.Name, len(got), err)
		}
	}
	if n := reads.Load() - before; n > 5 {
		t.Errorf("%d requests for an archive of %d bytes", n, buf.Len())
	}
}

// upload follows the recipe as a client would, and reads the policy as S3 would.
func upload(t *testing.T, p release.Packages, _ *atomic.Int64) {
	u, err := p.Upload(context.Background(), "versions/1/project.zip", release.Content{Type: "application/zip", MaxBytes: 5 << 20, SHA256: "46ba1e0c30fd8f161c3e6cc0e8992079a196e756271aac8fe08a27fe6b35feb2"})
	if err != nil || u.Method != http.MethodPost || u.MaxBytes != 5<<20 || u.Headers == nil {
		t.Fatalf("%+v, %v", u, err)
	}
	raw, err := base64.StdEncoding.DecodeString(u.Fields["policy"])
	if err != nil {
		t.Fatal(err)
	}
	var policy struct{ Conditions []any }
	if err := json.Unmarshal(raw, &policy); err != nil {
		t.Fatal(err)
	}
	for _, want := range []any{
		[]any{"content-length-range", 1.0, float64(5 << 20)},
		map[string]any{"Content-Type": "application/zip"},
		map[string]any{"x-amz-checksum-algorithm": "SHA256"},
		map[string]any{"x-amz-checksum-sha256": "RroeDDD9jxYcPmzA6JkgeaGW51YnGqyP4Ion/ms1/rI="},
		map[string]any{"key": "versions/1/project.zip"},
		map[string]any{"bucket": "packages"},
		map[string]any{"X-Amz-Security-Token": "test"},
	} {
		found := false
		for _, c := range policy.Conditions {
			found = found || cmp.Equal(c, want)
		}
		if !found {
			t.Errorf("the policy has no condition %v: %s", want, raw)
		}
	}
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	for name, value := range u.Fields {
		_ = m.WriteField(name, value)
	}
	f, _ := m.CreateFormFile("file", "project.zip")
	_, _ = io.WriteString(f, "PK project")
	_ = m.Close()
	res, err := http.Post(u.URL, m.FormDataContentType(), &form)
	if err != nil || res.StatusCode/100 != 2 {
		t.Fatalf("post: %v, %v", res, err)
	}
	_ = res.Body.Close()
	got, err := io.ReadAll(io.NewSectionReader(open(t, p, "versions/1/project.zip"), 0, 100))
	if string(got) != "PK project" || err != nil {
		t.Errorf("kept %q, %v", got, err)
	}
	for name, c := range map[string]release.Content{
		"nothing": {Type: "text/plain"}, "a digest that is none": {Type: "text/plain", MaxBytes: 1, SHA256: "abc"},
		"a short digest": {Type: "text/plain", MaxBytes: 1, SHA256: "abcd"},
	} {
		if _, err := p.Upload(context.Background(), "k", c); err == nil {
			t.Errorf("an upload of %s", name)
		}
	}
}

func address(t *testing.T, p release.Packages, _ *atomic.Int64) {
	put(t, p, "images/ä b.png", []byte("picture"))
	at, err := p.URL(context.Background(), "images/ä b.png")
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Get(at)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	got, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusOK || string(got) != "picture" || res.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("%s: %s %q", at, res.Status, got)
	}
	parsed, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	// Signed as of the last full hour, for three: it stays the same for an hour and is good for two at least.
	q := parsed.Query()
	if !strings.HasSuffix(q.Get("X-Amz-Date"), "0000Z") || q.Get("X-Amz-Expires") != "10800" {
		t.Errorf("signed at %s for %s seconds", q.Get("X-Amz-Date"), q.Get("X-Amz-Expires"))
	}
}

// changes replaces an object under its reader, who must not get a mixture.
func changes(t *testing.T, p release.Packages, _ *atomic.Int64) {
	put(t, p, "changing", noise(3<<20))
	o := open(t, p, "changing")
	put(t, p, "changing", bytes.Repeat([]byte("x"), 3<<20))
	_, err := o.ReadAt(make([]byte, 10), 2<<20)
	cloudtest.Has(t, err, fault.Conflict, "object_changed")
}

// TestBrokenBody lets the first answer of a later block break off in the middle.
func TestBrokenBody(t *testing.T) {
	body := noise(2 << 20)
	var broken atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var from, to int
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(body)))
		w.Header().Set("Content-Length", fmt.Sprint(to-from+1))
		w.Header().Set("ETag", `"e"`)
		w.WriteHeader(http.StatusPartialContent)
		if from > 0 && !broken.Swap(true) {
			_, _ = w.Write(body[from : from+100])
			return
		}
		_, _ = w.Write(body[from : to+1])
	}))
	t.Cleanup(server.Close)
	cloudtest.AWS(t, cloudtest.Answer{})
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	got, err := io.ReadAll(io.NewSectionReader(open(t, openPackages(t), "k"), 0, 2<<20))
	if err != nil || !bytes.Equal(got, body) || !broken.Load() {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestPackagesFaults(t *testing.T) {
	xml := func(status int, code string) cloudtest.Answer {
		return cloudtest.Answer{Status: status, Header: map[string]string{"Content-Type": "application/xml"}, Body: "<Error><Code>" + code + "</Code><Message>m</Message></Error>"}
	}
	for _, c := range []struct {
		answer cloudtest.Answer
		kind   fault.Kind
		code   string
	}{
		{xml(404, "NoSuchKey"), fault.NotFound, "no_such_object"},
		{xml(503, "SlowDown"), fault.Limited, "packages_limited"},
		{xml(500, "InternalError"), fault.Unavailable, "packages_unavailable"},
	} {
		cloudtest.AWS(t, c.answer)
		_, err := openPackages(t).Open(context.Background(), "k")
		cloudtest.Has(t, err, c.kind, c.code)
	}
	cloudtest.AWS(t, xml(403, "AccessDenied"))
	if _, err := openPackages(t).Open(context.Background(), "k"); err == nil || fault.KindOf(err) != fault.Internal {
		t.Errorf("no permission: %v", err)
	}
}
