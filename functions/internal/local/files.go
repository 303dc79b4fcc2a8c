package local

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"slipway/functions/internal/api"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
)

// files is the package store on a laptop: one file an object, below a folder. Clients reach it by addresses that are
// signed and run out, as S3's do.
type files struct {
	dir  string
	base string // "http://127.0.0.1:8080"
	key  []byte
}

// Addresses stay valid this long; a download's is renewed by the hour, so that the same one can be cached.
const (
	uploadTime   = time.Hour
	downloadTime = 24 * time.Hour
)

// path is where an object lies. Keys are made by Slipway, and still none may leave the folder.
func (f files) path(key string) (string, error) {
	if !filepath.IsLocal(key) || strings.Contains(key, "\\") {
		return "", fault.New(fault.Internal, "bad_key", "object key %q", key)
	}
	return filepath.Join(f.dir, filepath.FromSlash(key)), nil
}

// Upload implements release.Packages.
func (f files) Upload(_ context.Context, key string, content release.Content) (release.Upload, error) {
	if _, err := f.path(key); err != nil {
		return release.Upload{}, err
	}
	q := url.Values{
		"key": {key}, "type": {content.Type}, "max": {strconv.FormatInt(content.MaxBytes, 10)}, "sha256": {content.SHA256},
		"until": {unix(time.Now().Add(uploadTime))},
	}
	return release.Upload{
		Method: http.MethodPut, URL: f.base + "/local/uploads?" + f.signed("PUT", q), MaxBytes: content.MaxBytes,
		Headers: map[string]string{"Content-Type": content.Type},
	}, nil
}

// URL implements release.Packages.
func (f files) URL(_ context.Context, key string) (string, error) {
	until := time.Now().Truncate(time.Hour).Add(downloadTime)
	return f.base + "/local/packages?" + f.signed("GET", url.Values{"key": {key}, "until": {unix(until)}}), nil
}

// Open implements release.Packages.
func (f files) Open(_ context.Context, key string) (release.Object, error) {
	path, err := f.path(key)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "no_such_object", "Nothing is kept under %q.", key)
	}
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return object{file, info.Size()}, nil
}

type object struct {
	*os.File
	size int64
}

func (o object) Size() int64 { return o.size }

// Put implements release.Packages. The file appears whole or not at all, whenever the process is killed.
func (f files) Put(_ context.Context, key, _ string, body []byte) error {
	return f.keep(key, bytes.NewReader(body), "")
}

// keep writes an object; with a digest, only if its bytes have that one.
func (f files) keep(key string, body io.Reader, digest string) error {
	path, err := f.path(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(tmp, sum), body)
	if found := hex.EncodeToString(sum.Sum(nil)); err == nil && digest != "" && found != digest {
		err = fault.New(fault.Invalid, "bad_digest", "These bytes have the SHA-256 %s, and %s was announced; nothing is kept of them.", found, digest)
	}
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}

func (f files) signed(method string, q url.Values) string {
	q.Set("sig", f.signature(method, q))
	return q.Encode()
}

func (f files) signature(method string, q url.Values) string {
	mac := hmac.New(sha256.New, f.key)
	for _, part := range []string{method, q.Get("key"), q.Get("type"), q.Get("max"), q.Get("sha256"), q.Get("until")} {
		fmt.Fprintf(mac, "%d:%s", len(part), part)
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (f files) verify(method string, q url.Values) error {
	until, err := strconv.ParseInt(q.Get("until"), 10, 64)
	if err != nil || !hmac.Equal([]byte(q.Get("sig")), []byte(f.signature(method, q))) {
		return fault.New(fault.Forbidden, "bad_signature", "This address was not given out like this; take it as it was answered.")
	}
	if time.Now().Unix() > until {
		return fault.New(fault.Forbidden, "address_expired", "This address has expired; ask for a new one.")
	}
	return nil
}

// upload takes what a client sends to an address of Upload.
func (f files) upload(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if err := f.verify("PUT", q); err != nil {
		write(w, r, api.Refuse(err, ""))
		return
	}
	most, _ := strconv.ParseInt(q.Get("max"), 10, 64)
	err := f.keep(q.Get("key"), http.MaxBytesReader(w, r.Body, most), q.Get("sha256"))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		write(w, r, api.Refuse(fault.New(fault.TooLarge, "upload_too_large", "The upload is over %d bytes.", most), ""))
	case err != nil:
		write(w, r, api.Refuse(err, ""))
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// download gives what is kept under an address of URL.
func (f files) download(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if err := f.verify("GET", q); err != nil {
		write(w, r, api.Refuse(err, ""))
		return
	}
	file, err := f.Open(r.Context(), q.Get("key"))
	if err != nil {
		write(w, r, api.Refuse(err, ""))
		return
	}
	defer file.Close()
	w.Header().Set("Content-Type", contentType(q.Get("key"), file))
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", time.Time{}, file.(object))
}

// contentType is what an object may be shown as: a page, an image by its content, or nothing that a browser shows.
func contentType(key string, o release.Object) string {
	if strings.HasSuffix(key, ".html") {
		return "text/html; charset=utf-8"
	}
	head := make([]byte, 512)
	n, _ := o.ReadAt(head, 0)
	if found := http.DetectContentType(head[:n]); strings.HasPrefix(key, "images/") && strings.HasPrefix(found, "image/") {
		return found
	}
	return "application/octet-stream"
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
