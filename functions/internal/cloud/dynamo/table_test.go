package dynamo_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/functions/internal/cloud/cloudtest"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/moto"
	"slipway/functions/internal/store"
	"slipway/functions/internal/store/storetest"
)

// oneAtATime stands before moto and lets one request through at a time. A transaction that moto refuses puts back a copy
// of all tables, made when it began, and so undoes what others wrote meanwhile; DynamoDB does no such thing.
func oneAtATime(t *testing.T, address string) string {
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	var mu sync.Mutex
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	return front.URL
}

// TestTableContract runs against moto, or against the DynamoDB at SLIPWAY_TEST_DYNAMODB_ENDPOINT.
func TestTableContract(t *testing.T) {
	endpoint := os.Getenv("SLIPWAY_TEST_DYNAMODB_ENDPOINT")
	if endpoint == "" {
		server := moto.Start(t)
		server.Env(t)
		endpoint = oneAtATime(t, server.URL)
		t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", endpoint)
	} else {
		for name, value := range map[string]string{"AWS_REGION": moto.Region, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"} {
			if os.Getenv(name) == "" {
				t.Setenv(name, value)
			}
		}
		t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", endpoint)
	}
	client := dynamodb.New(dynamodb.Options{
		Region: os.Getenv("AWS_REGION"), BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN")),
	})
	dynamo.Patient(t)
	var made atomic.Int64
	storetest.Run(t, func(t *testing.T) store.Table {
		name := fmt.Sprintf("slipway-test-%d-%d", os.Getpid(), made.Add(1))
		createTable(t, client, name)
		t.Setenv("SLIPWAY_TABLE", name)
		table, err := dynamo.OpenTable()
		if err != nil {
			t.Fatal(err)
		}
		return patient{table}
	})
}

// patient has time: reading 16 MB takes moto a second, and many where the machine does something else.
type patient struct{ store.Table }

func (p patient) Get(ctx context.Context, keys ...store.Key) ([]store.Item, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*dynamo.Patience)
	defer cancel()
	return p.Table.Get(ctx, keys...)
}

func (p patient) Transact(ctx context.Context, writes ...store.Write) error {
	ctx, cancel := context.WithTimeout(ctx, 2*dynamo.Patience)
	defer cancel()
	return p.Table.Transact(ctx, writes...)
}

func createTable(t *testing.T, client *dynamodb.Client, name string) {
	t.Helper()
	attribute := func(n string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: &n, AttributeType: types.ScalarAttributeTypeS}
	}
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{attribute("pk"), attribute("sk")},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: sdk.String("pk"), KeyType: types.KeyTypeHash}, {AttributeName: sdk.String("sk"), KeyType: types.KeyTypeRange},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := dynamodb.NewTableExistsWaiter(client).Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: &name}, time.Minute); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name}) })
}

func openTable(t *testing.T) store.Table {
	t.Helper()
	table, err := dynamo.OpenTable()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// canceled is a transaction that DynamoDB gave up, with the reason of each write.
func canceled(reasons ...string) cloudtest.Answer {
	var list []string
	for _, r := range reasons {
		list = append(list, fmt.Sprintf(`{"Code":%q}`, r))
	}
	a := cloudtest.Refusal(400, "TransactionCanceledException")
	a.Body = `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"canceled","CancellationReasons":[` + strings.Join(list, ",") + `]}`
	return a
}

func TestTransactFaults(t *testing.T) {
	done := cloudtest.Answer{Status: 200, Body: `{}`}
	put := store.Write{Op: store.Put, Key: store.Key{PK: "p", SK: "a"}, IfRev: 3}
	for _, c := range []struct {
		name    string
		answers []cloudtest.Answer
		kind    fault.Kind
		code    string
		calls   int
	}{
		{"condition failed", []cloudtest.Answer{canceled("None", "ConditionalCheckFailed")}, fault.Conflict, "write_conflict", 1},
		{"condition failed next to a conflict", []cloudtest.Answer{canceled("TransactionConflict", "ConditionalCheckFailed")}, fault.Conflict, "write_conflict", 1},
		{"met another transaction once", []cloudtest.Answer{canceled("TransactionConflict"), done}, "", "", 2},
		{"met others all the time", []cloudtest.Answer{canceled("TransactionConflict", "None")}, fault.Unavailable, "table_unavailable", 6},
		{"then lost to it", []cloudtest.Answer{canceled("TransactionConflict"), canceled("ConditionalCheckFailed")}, fault.Conflict, "write_conflict", 2},
		{"canceled by throttling", []cloudtest.Answer{canceled("ThrottlingError")}, fault.Limited, "table_limited", 1},
		{"throttled", []cloudtest.Answer{cloudtest.Refusal(400, "ThrottlingException")}, fault.Limited, "table_limited", 4},
		{"over the throughput", []cloudtest.Answer{cloudtest.Refusal(400, "ProvisionedThroughputExceededException")}, fault.Limited, "table_limited", 4},
		{"throttled once", []cloudtest.Answer{cloudtest.Refusal(400, "ThrottlingException"), done}, "", "", 2},
		{"own first try still running", []cloudtest.Answer{cloudtest.Refusal(400, "TransactionInProgressException"), done}, "", "", 2},
		{"own first try runs for ever", []cloudtest.Answer{cloudtest.Refusal(400, "TransactionInProgressException")}, fault.Unavailable, "table_unavailable", 4},
		{"broken once", []cloudtest.Answer{cloudtest.Refusal(500, "InternalServerError"), done}, "", "", 2},
		{"broken", []cloudtest.Answer{cloudtest.Refusal(503, "ServiceUnavailable")}, fault.Unavailable, "table_unavailable", 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := cloudtest.AWS(t, c.answers...)
			cloudtest.Has(t, openTable(t).Transact(context.Background(), put), c.kind, c.code)
			if s.Count() != c.calls {
				t.Errorf("%d requests, want %d", s.Count(), c.calls)
			}
			// Every repetition has to carry the token of the first try, or a write could be made twice.
			for _, r := range s.Requests {
				if token(r.Body) == "" || token(r.Body) != token(s.Requests[0].Body) {
					t.Errorf("token %q after %q", token(r.Body), token(s.Requests[0].Body))
				}
			}
		})
	}
}

func token(body string) string {
	_, rest, _ := strings.Cut(body, `"ClientRequestToken":"`)
	t, _, _ := strings.Cut(rest, `"`)
	return t
}

func TestBugsAreNoFaults(t *testing.T) {
	put := store.Write{Op: store.Put, Key: store.Key{PK: "p", SK: "a"}}
	for name, a := range map[string]cloudtest.Answer{
		"validation":     cloudtest.Refusal(400, "ValidationException"),
		"no permission":  cloudtest.Refusal(400, "AccessDeniedException"),
		"no such table":  cloudtest.Refusal(400, "ResourceNotFoundException"),
		"item too large": canceled("ItemCollectionSizeLimitExceeded"),
	} {
		t.Run(name, func(t *testing.T) {
			s := cloudtest.AWS(t, a)
			if err := openTable(t).Transact(context.Background(), put); fault.KindOf(err) != fault.Internal {
				t.Errorf("got %v", err)
			}
			if s.Count() != 1 {
				t.Errorf("%d requests", s.Count())
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	cloudtest.AWS(t, cloudtest.Answer{})
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	table := openTable(t)
	_, err := table.Get(context.Background(), store.Key{PK: "p", SK: "a"})
	cloudtest.Has(t, err, fault.Unavailable, "table_unavailable")
}

// TestDeadline lets the service hang: the answer has to come before the caller's own deadline.
func TestDeadline(t *testing.T) {
	s := cloudtest.AWS(t, cloudtest.Answer{Status: 200, Body: `{}`})
	defer s.Hold()()
	ctx, cancel := context.WithTimeout(context.Background(), 400*time.Millisecond)
	defer cancel()
	_, err := openTable(t).Get(ctx, store.Key{PK: "p", SK: "a"})
	cloudtest.Has(t, err, fault.Unavailable, "table_unavailable")
	if ctx.Err() != nil {
		t.Error("the caller's time was over as well")
	}
}

// TestUnprocessed answers a batch in parts, as DynamoDB does over 16 MB or under load.
func TestUnprocessed(t *testing.T) {
	item := func(sk string) string {
		return fmt.Sprintf(`{"pk":{"S":"p"},"sk":{"S":%q},"rev":{"N":"2"},"data":{"S":"{}"}}`, sk)
	}
	rest := func(sks ...string) string {
		var keys []string
		for _, sk := range sks {
			keys = append(keys, fmt.Sprintf(`{"pk":{"S":"p"},"sk":{"S":%q}}`, sk))
		}
		return `{"slipway":{"Keys":[` + strings.Join(keys, ",") + `],"ConsistentRead":true}}`
	}
	keys := []store.Key{{PK: "p", SK: "c"}, {PK: "p", SK: "a"}, {PK: "p", SK: "b"}}
	s := cloudtest.AWS(t,
		cloudtest.Answer{Status: 200, Body: `{"Responses":{"slipway":[` + item("a") + `]},"UnprocessedKeys":` + rest("b", "c") + `}`},
		cloudtest.Answer{Status: 200, Body: `{"Responses":{},"UnprocessedKeys":` + rest("b", "c") + `}`},
		cloudtest.Answer{Status: 200, Body: `{"Responses":{"slipway":[` + item("c") + `]},"UnprocessedKeys":{}}`})
	items, err := openTable(t).Get(context.Background(), keys...)
	if err != nil || items[0].Rev != 2 || items[1].Rev != 2 || items[2].Rev != 0 || items[2].SK != "b" {
		t.Errorf("got %+v, %v", items, err)
	}
	if s.Count() != 3 || strings.Contains(s.Requests[2].Body, `"a"`) {
		t.Errorf("%d requests, the last for %s", s.Count(), s.Requests[s.Count()-1].Body)
	}
	if !strings.Contains(s.Requests[2].Body, `"ConsistentRead":true`) {
		t.Error("not a consistent read")
	}

	none := cloudtest.Answer{Status: 200, Body: `{"Responses":{},"UnprocessedKeys":` + rest("c", "a", "b") + `}`}
	cloudtest.AWS(t, none)
	_, err = openTable(t).Get(context.Background(), keys...)
	cloudtest.Has(t, err, fault.Limited, "table_limited")
}

// TestEmptyPages goes on when DynamoDB stops before it has found anything.
func TestEmptyPages(t *testing.T) {
	s := cloudtest.AWS(t,
		cloudtest.Answer{Status: 200, Body: `{"Items":[],"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"S":"m"}}}`},
		cloudtest.Answer{Status: 200, Body: `{"Items":[{"pk":{"S":"p"},"sk":{"S":"n"},"rev":{"N":"1"},"data":{"S":"1"}}]}`})
	page, err := openTable(t).Query(context.Background(), store.Query{PK: "p", Limit: 5})
	if err != nil || len(page.Items) != 1 || page.More || s.Count() != 2 {
		t.Errorf("got %+v, %v after %d requests", page, err, s.Count())
	}
}

// TestStartOutsidePrefix never sends DynamoDB a start that lies outside the prefix, which it refuses and moto takes.
func TestStartOutsidePrefix(t *testing.T) {
	for _, c := range []struct {
		after      string
		descending bool
		sends      string // "start", "no start" or "nothing"
	}{
		{"a", false, "no start"},
		{"b", false, "start"},
		{"b#1", false, "start"},
		{"c", false, "nothing"},
		{"a", true, "nothing"},
		{"b#1", true, "start"},
		{"c", true, "no start"},
	} {
		s := cloudtest.AWS(t, cloudtest.Answer{Status: 200, Body: `{"Items":[]}`})
		page, err := openTable(t).Query(context.Background(), store.Query{PK: "p", Prefix: "b", After: c.after, Limit: 5, Descending: c.descending})
		if err != nil || len(page.Items) > 0 || page.More {
			t.Errorf("after %q: %+v, %v", c.after, page, err)
		}
		sends := "nothing"
		if s.Count() > 0 {
			sends = "no start"
			if strings.Contains(s.Requests[0].Body, "ExclusiveStartKey") {
				sends = "start"
			}
		}
		if sends != c.sends {
			t.Errorf("after %q, descending %v: sends %s, want %s", c.after, c.descending, sends, c.sends)
		}
	}
}

// TestForeignItem refuses what this program did not write.
func TestForeignItem(t *testing.T) {
	for _, item := range []string{`{"pk":{"S":"p"},"sk":{"S":"a"}}`, `{"pk":{"S":"p"},"sk":{"S":"a"},"rev":{"N":"1.5"}}`} {
		cloudtest.AWS(t, cloudtest.Answer{Status: http.StatusOK, Body: `{"Responses":{"slipway":[` + item + `]},"UnprocessedKeys":{}}`})
		if _, err := openTable(t).Get(context.Background(), store.Key{PK: "p", SK: "a"}); err == nil || fault.KindOf(err) != fault.Internal {
			t.Errorf("%s: %v", item, err)
		}
	}
}
