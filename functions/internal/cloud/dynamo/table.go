// Package dynamo is the table of Slipway on DynamoDB. What an item means does not belong here.
package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/client"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
	"slipway/functions/internal/store/limits"
)

// attempt is how long one may take; the whole call has as long as its function.
var attempt = 4 * time.Second

var below = client.Below{Code: "table", Name: "The database"}

// table is store.Table on one DynamoDB table with the string keys pk and sk; time to live reads expires. It holds the
// operations that it calls and not their client, which leads to dozens: the linker keeps what can be reached.
type table struct {
	name  string
	calls func() calls
}

type calls struct {
	get      func(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	query    func(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	transact func(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// Table is the table named by SLIPWAY_TABLE. For mains: without the variable the process ends, naming it.
func Table() store.Table { return cloud.OrExit(OpenTable()) }

// OpenTable is Table with an error in place of the exit. It opens a connection and sends nothing.
func OpenTable() (store.Table, error) {
	name, err := cloud.Require("SLIPWAY_TABLE")
	if err != nil {
		return nil, err
	}
	env, err := client.Environment("DYNAMODB")
	if err != nil {
		return nil, err
	}
	within := attempt
	return &table{name, client.Beside(func() calls { return connect(env, within) })}, nil
}

func connect(env client.Settings, attempt time.Duration) calls {
	resolver := dynamodb.NewDefaultEndpointResolverV2()
	endpoint, _ := resolver.ResolveEndpoint(context.Background(), dynamodb.EndpointParameters{Region: &env.Region, Endpoint: env.Endpoint}.WithDefaults())
	c := dynamodb.New(dynamodb.Options{
		Region: env.Region, Credentials: env.Credentials, BaseEndpoint: env.Endpoint, EndpointResolverV2: resolver,
		HTTPClient: client.Connected(attempt, endpoint.URI), Retryer: client.Retryer(),
	})
	return calls{c.BatchGetItem, c.Query, c.TransactWriteItems}
}

// Get implements store.Table.
func (t *table) Get(ctx context.Context, keys ...store.Key) ([]store.Item, error) {
	if err := limits.Keys(keys); err != nil {
		return nil, err
	}
	ctx, cancel := client.Within(ctx)
	defer cancel()
	found := make(map[store.Key]store.Item, len(keys))
	var ask []map[string]types.AttributeValue
	for _, k := range keys {
		if _, ok := found[k]; ok {
			continue // DynamoDB refuses a key that is asked for twice
		}
		found[k] = store.Item{Key: k}
		ask = append(ask, attributes(k))
	}
	if err := t.read(ctx, ask, found); err != nil {
		return nil, err
	}
	items := make([]store.Item, len(keys))
	for i, k := range keys {
		items[i] = found[k]
	}
	return items, nil
}

// read asks until everything is answered: an answer holds at most 16 MB and leaves the rest as unprocessed keys.
func (t *table) read(ctx context.Context, ask []map[string]types.AttributeValue, found map[store.Key]store.Item) error {
	const patience = 5 // answers in a row that bring nothing
	for idle := 0; len(ask) > 0; {
		out, err := t.calls().get(ctx, &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{t.name: {Keys: ask, ConsistentRead: aws.Bool(true)}},
		})
		if err != nil {
			return below.Fault("get", err)
		}
		for _, raw := range out.Responses[t.name] {
			it, err := item(raw)
			if err != nil {
				return err
			}
			found[it.Key] = it
		}
		rest := out.UnprocessedKeys[t.name].Keys
		if len(rest) < len(ask) {
			ask, idle = rest, 0
			continue
		}
		if idle++; idle >= patience {
			return below.Limited("get", errors.New("no key was processed"))
		}
		if err := client.Pause(ctx, idle); err != nil {
			return below.Unavailable("get", err)
		}
	}
	return nil
}

// Query implements store.Table.
func (t *table) Query(ctx context.Context, q store.Query) (store.Page, error) {
	if err := limits.Query(q); err != nil {
		return store.Page{}, err
	}
	ctx, cancel := client.Within(ctx)
	defer cancel()
	in := &dynamodb.QueryInput{
		TableName: &t.name, ConsistentRead: aws.Bool(true), Limit: aws.Int32(int32(q.Limit)), ScanIndexForward: aws.Bool(!q.Descending),
		KeyConditionExpression:    aws.String("#pk = :pk"),
		ExpressionAttributeNames:  map[string]string{"#pk": "pk"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": text(q.PK)},
	}
	if q.Prefix != "" {
		in.KeyConditionExpression = aws.String("#pk = :pk AND begins_with(#sk, :prefix)")
		in.ExpressionAttributeNames["#sk"] = "sk"
		in.ExpressionAttributeValues[":prefix"] = text(q.Prefix)
	}
	start, empty := startKey(q)
	if empty {
		return store.Page{}, nil
	}
	in.ExclusiveStartKey = start
	var page store.Page
	for {
		out, err := t.calls().query(ctx, in)
		if err != nil {
			return store.Page{}, below.Fault("query", err)
		}
		for _, raw := range out.Items {
			it, err := item(raw)
			if err != nil {
				return store.Page{}, err
			}
			page.Items = append(page.Items, it)
		}
		page.More = len(out.LastEvaluatedKey) > 0
		if len(page.Items) > 0 || !page.More {
			return page, nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey // DynamoDB may stop before it has found anything
	}
}

// startKey is where to go on. DynamoDB refuses a start outside the prefix, so one that lies before it is left out and
// one that lies behind it ends the query.
func startKey(q store.Query) (start map[string]types.AttributeValue, empty bool) {
	switch {
	case q.After == "":
		return nil, false
	case strings.HasPrefix(q.After, q.Prefix):
		return attributes(store.Key{PK: q.PK, SK: q.After}), false
	default:
		return nil, (q.After > q.Prefix) != q.Descending
	}
}

// Transact implements store.Table. One write is a transaction too, though it costs twice as much as a plain one:
// only transactions take a token, and without it a write whose answer was lost is repeated and meets itself as a conflict.
func (t *table) Transact(ctx context.Context, writes ...store.Write) error {
	if err := limits.Writes(writes); err != nil {
		return err
	}
	ctx, cancel := client.Within(ctx)
	defer cancel()
	var parts []types.TransactWriteItem
	for _, w := range writes {
		if w.Op != store.Check || w.IfRev != store.Any { // which would hold always
			parts = append(parts, t.part(w))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	in := &dynamodb.TransactWriteItemsInput{TransactItems: parts, ClientRequestToken: aws.String(rand.Text())}
	const patience = 6
	for attempt := 0; ; attempt++ {
		_, err := t.calls().transact(ctx, in)
		if err == nil {
			return nil
		}
		again, err := verdict(err)
		if !again || attempt+1 >= patience {
			return err
		}
		if err := client.Pause(ctx, attempt); err != nil {
			return below.Unavailable("transact", err)
		}
	}
}

// verdict reads why a transaction was canceled. Again says that it only met another one on its way: that one may
// fail itself, so nobody has won yet.
func verdict(err error) (again bool, _ error) {
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		return false, below.Fault("transact", err)
	}
	codes := map[string]bool{}
	for _, r := range canceled.CancellationReasons {
		codes[aws.ToString(r.Code)] = true
	}
	switch {
	case codes["ConditionalCheckFailed"]:
		return false, fault.Wrap(fault.Conflict, "write_conflict", err, "Somebody else changed this at the same moment; read it again and repeat.")
	case codes["ThrottlingError"], codes["ProvisionedThroughputExceeded"]:
		return false, below.Limited("transact", err)
	case codes["TransactionConflict"]:
		return true, below.Unavailable("transact", err)
	}
	return false, fmt.Errorf("cloud: transact: %w", err)
}
