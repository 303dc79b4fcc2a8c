package signed_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"pgregory.net/rapid"

	"slipway/functions/internal/cloud/cloudtest"
	"slipway/functions/internal/cloud/signed"
	"slipway/functions/internal/release"
)

// moment is when both sign.
var moment = time.Date(2026, time.November, 20, 14, 47, 11, 5, time.FixedZone("+08", 8*3600))

// place is where a bucket can be.
type place struct{ bucket, region, endpoint, session string }

var places = []place{
	{"slipway-packages", "eu-central-1", "", "token/+="},
	{"slipway-packages", "eu-central-1", "", ""},
	{"slipway-packages", "us-east-1", "", "t"},
	{"slipway-packages", "cn-north-1", "", "t"},
	{"slipway-packages", "us-gov-west-1", "", "t"}, {"slipway-packages", "eusc-de-east-1", "", "t"},
	{"slipway-packages", "us-iso-west-1", "", "t"}, {"slipway-packages", "us-isob-east-1", "", "t"},
	{"slipway-packages", "eu-isoe-west-1", "", "t"}, {"slipway-packages", "us-isof-south-1", "", "t"},
	{"slipway.packages", "cn-northwest-1", "", "t"}, {"123", "il-central-1", "", "t"},
	{"slipway.packages", "ap-southeast-1", "", "t"}, // no name of a host below a certificate
	{"packages", "us-east-1", "http://127.0.0.1:5000", "t"},
	{"packages", "us-east-1", "http://localhost:4566/", ""},
	{"slipway.packages", "eu-west-3", "https://s3.slipway.example/below/it", "t"},
}

// set makes a place that of the environment.
func (p place) set(t *testing.T) {
	cloudtest.AWS(t, cloudtest.Answer{})
	for name, value := range map[string]string{
		"SLIPWAY_BUCKET": p.bucket, "AWS_REGION": p.region, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalr/XUtn+FEMI",
		"AWS_SESSION_TOKEN": p.session, "AWS_ENDPOINT_URL": p.endpoint, "AWS_ENDPOINT_URL_S3": "",
	} {
		t.Setenv(name, value)
	}
}

// at signs as of one moment.
type at struct {
	s3.HTTPPresignerV4
	time.Time
}

func (a at) PresignHTTP(
	ctx context.Context, keys sdk.Credentials, r *http.Request, payload, service, region string, _ time.Time, options ...func(*v4.SignerOptions),
) (string, http.Header, error) {
	return a.HTTPPresignerV4.PresignHTTP(ctx, keys, r, payload, service, region, a.Time, options...)
}

// presigner is what the SDK makes of a key.
func (p place) presigner() func(key string) (string, error) {
	o := s3.Options{Region: p.region, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "wJalr/XUtn+FEMI", p.session)}
	if p.endpoint != "" {
		o.BaseEndpoint, o.UsePathStyle = &p.endpoint, true
	}
	client := s3.NewPresignClient(s3.New(o))
	return func(key string) (string, error) {
		request, err := client.PresignGetObject(context.Background(), &s3.GetObjectInput{Bucket: &p.bucket, Key: &key}, func(o *s3.PresignOptions) {
			o.Expires = 3 * time.Hour
			o.Presigner = at{o.Presigner, moment.Truncate(time.Hour)}
		})
		if err != nil {
			return "", err
		}
		return request.URL, nil
	}
}

// The SDK is the judge of what an address must be: for every key and wherever the bucket is.
func TestAddressesAreThoseOfTheSDK(t *testing.T) {
	fixed := []string{"k", "releases/rel_1/report-7.html", "images/ä b.png", "a+b*c'd(e)f~g!h", "100%/25%25", "q?x=1&y=2#z", "a=b;c:d@e,f$g", "«»\u202e👩\u200d💻",
		"[x]{y}|^`\"<>\\", "...", "..a/.b", "\x01\x7f", strings.Repeat("ä/", 300) + "x", "x-id", "X-Amz-Signature=1"}
	for _, p := range places {
		t.Run(p.bucket+" in "+p.region+" "+p.endpoint, func(t *testing.T) {
			p.set(t)
			ours, err := signed.OpenAddresses(func() time.Time { return moment })
			if err != nil {
				t.Fatal(err)
			}
			theirs := p.presigner()
			for _, key := range fixed {
				same(t, ours, theirs, key)
			}
			rapid.Check(t, func(t *rapid.T) {
				same(t, ours, theirs, strings.Join(rapid.SliceOfN(rapid.StringMatching(`[^/]{1,20}`), 1, 4).Draw(t, "key"), "/"))
			})
		})
	}
}

func same(t interface{ Fatalf(string, ...any) }, ours release.Addresses, theirs func(string) (string, error), key string) {
	got, err := ours.URL(context.Background(), key)
	if err != nil {
		if strings.Contains(key, "${") || strings.Contains("/"+key+"/", "/./") || strings.Contains("/"+key+"/", "/../") {
			return // is no key
		}
		t.Fatalf("%q: %v", key, err)
	}
	want, err := theirs(key)
	if err != nil || got != want {
		t.Fatalf("%q has the address\n%s, the SDK says\n%s, %v", key, got, want, err)
	}
}

// What has no place gets no address, and one hour has one address.
func TestAddressesStayForAnHour(t *testing.T) {
	places[0].set(t)
	now := moment.Truncate(time.Hour)
	ours, err := signed.OpenAddresses(func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	address := func() string {
		u, err := ours.URL(context.Background(), "k")
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	first := address()
	now = now.Add(time.Hour - time.Nanosecond)
	if got := address(); got != first {
		t.Errorf("within the hour %s became %s", first, got)
	}
	now = now.Add(time.Nanosecond)
	next, err := url.Parse(address())
	if err != nil || next.Query().Get("X-Amz-Date") != "20261120T070000Z" || next.Query().Get("X-Amz-Expires") != "10800" {
		t.Errorf("an hour later it is %s, %v", next, err)
	}
	for _, key := range []string{"", "/a", "a/", "a//b", "a/../b", "..", "a/${filename}", strings.Repeat("k", 1025), "\xff"} {
		if u, err := ours.URL(context.Background(), key); err == nil {
			t.Errorf("%q has the address %s", key, u)
		}
	}
}
