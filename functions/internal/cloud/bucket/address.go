package bucket

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/encoding/httpbinding"

	"slipway/functions/internal/cloud"
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
	bucket, options, err := open()
	if err != nil {
		return nil, err
	}
	at, err := s3.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), s3.EndpointParameters{
		Bucket: &bucket, Region: &options.Region, Endpoint: options.BaseEndpoint, ForcePathStyle: &options.UsePathStyle,
	})
	if err != nil {
		return nil, fmt.Errorf("cloud: where the bucket %q is: %w", bucket, err)
	}
	return &addresses{base: at.URI, region: options.Region, keys: options.Credentials, now: now, signer: v4.NewSigner(func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = true // S3 alone takes paths as they are
	})}, nil
}

// URL implements release.Addresses. It sends nothing, so an address of what is not there can be made as well. An
// address ends at the latest with the keys of the role that signed it.
func (a *addresses) URL(ctx context.Context, key string) (string, error) {
	if err := checkKey(key); err != nil {
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
	signed, _, err := a.signer.PresignHTTP(ctx, keys, request, "UNSIGNED-PAYLOAD", "s3", a.region, a.now().Truncate(signEvery))
	if err != nil {
		return "", fmt.Errorf("cloud: sign an address: %w", err)
	}
	return signed, nil
}
