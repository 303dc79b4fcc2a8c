// Package signed is the addresses under which anybody can fetch an object of Slipway's S3 bucket for a while. It is apart from
// package bucket because it asks S3 nothing: like this a function that only hands out addresses, and must start fast,
// carries no client of S3, which would cost it a tenth of its start.
package signed

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/encoding/httpbinding"

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/client"
	"slipway/functions/internal/release"
)

const (
	// An address is signed as of the last full hour, so that within one process it stays the same for an hour and caches keep what
	// they fetched; like this it is good for two hours at least.
	signEvery = time.Hour
	readFor   = 3 * time.Hour
)

// addresses signs with what the SDK's presigner signs with, without the presigner: that runs a whole request through
// the client and so brings all of it along. A test holds that both make the same of every key.
type addresses struct {
	base   url.URL // where the bucket is
	region string
	keys   aws.CredentialsProvider
	signer *v4.Signer
	now    func() time.Time
}

// Addresses is the bucket named by SLIPWAY_BUCKET. For mains: without the variable the process ends, naming it.
func Addresses() release.Addresses { return cloud.OrExit(OpenAddresses(time.Now)) }

// OpenAddresses is Addresses with an error in place of the exit, and with a clock. It sends nothing.
func OpenAddresses(now func() time.Time) (release.Addresses, error) {
	bucket, err := cloud.Require("SLIPWAY_BUCKET")
	if err != nil {
		return nil, err
	}
	env, err := client.Environment("S3")
	if err != nil {
		return nil, err
	}
	base, err := baseOf(bucket, env)
	if err != nil {
		return nil, fmt.Errorf("cloud: where the bucket %q is: %w", bucket, err)
	}
	return &addresses{base: *base, region: env.Region, keys: env.Credentials, now: now, signer: v4.NewSigner(func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = true // S3 alone takes paths as they are
	})}, nil
}

// domains are those of S3 by what the names of regions begin with, the longer ones first; all others have the common one.
var domains = []struct{ region, domain string }{
	{"cn-", "amazonaws.com.cn"}, {"eusc-", "amazonaws.eu"}, {"us-isob-", "sc2s.sgov.gov"}, {"us-isof-", "csp.hci.ic.gov"}, {"eu-isoe-", "cloud.adc-e.uk"},
	{"us-iso-", "c2s.ic.gov"}, {"", "amazonaws.com"},
}

// baseOf is where a bucket is, without a slash at the end. What stands in for S3 has no host per bucket, nor has a bucket
// whose name has dots: no certificate would be good for it.
func baseOf(bucket string, env client.Settings) (*url.URL, error) {
	if env.Endpoint != nil {
		base, err := url.Parse(*env.Endpoint)
		if err != nil {
			return nil, err
		}
		base.Path = strings.TrimRight(base.Path, "/") + "/" + bucket
		return base, nil
	}
	i := slices.IndexFunc(domains, func(d struct{ region, domain string }) bool { return strings.HasPrefix(env.Region, d.region) })
	host := "s3." + env.Region + "." + domains[i].domain
	if strings.Contains(bucket, ".") {
		return &url.URL{Scheme: "https", Host: host, Path: "/" + bucket}, nil
	}
	return &url.URL{Scheme: "https", Host: bucket + "." + host}, nil
}

// URL implements release.Addresses. It sends nothing, so an address of what is not there can be made as well. An
// address ends at the latest with the keys of the role that signed it.
func (a *addresses) URL(ctx context.Context, key string) (string, error) {
	if err := CheckKey(key); err != nil {
		return "", err
	}
	keys, err := a.keys.Retrieve(ctx)
	if err != nil {
		return "", fmt.Errorf("cloud: sign an address: %w", err)
	}
	to := a.base
	to.Path += "/" + key
	to.RawPath = httpbinding.EscapePath(to.Path, false)
	to.RawQuery = url.Values{"X-Amz-Expires": {strconv.Itoa(int(readFor / time.Second))}, "x-id": {"GetObject"}}.Encode()
	request := (&http.Request{Method: http.MethodGet, URL: &to, Host: to.Host, Header: http.Header{}}).WithContext(ctx)
	address, _, err := a.signer.PresignHTTP(ctx, keys, request, "UNSIGNED-PAYLOAD", "s3", a.region, a.now().Truncate(signEvery))
	if err != nil {
		return "", fmt.Errorf("cloud: sign an address: %w", err)
	}
	return address, nil
}

// CheckKey refuses what would be another place in a path, and what S3 replaces in a form.
func CheckKey(key string) error {
	parts := strings.Split(key, "/")
	bad := func(part string) bool { return part == "" || part == "." || part == ".." }
	if len(key) > 1024 || !utf8.ValidString(key) || slices.ContainsFunc(parts, bad) || strings.Contains(key, "${") {
		return fmt.Errorf("cloud: object key %.80q, must be names with slashes between them, at most 1024 bytes", key)
	}
	return nil
}
