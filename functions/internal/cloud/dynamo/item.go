package dynamo

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/functions/internal/store"
)

// An item is pk, sk (S), rev (N), data (S) and, when it expires, expires (N, Unix seconds: what time to live reads).
// Data is a string and not binary so that a person can read the record in the console and in a stream.

// item reads what DynamoDB sent.
func item(raw map[string]types.AttributeValue) (store.Item, error) {
	var it store.Item
	var err error
	for name, value := range raw {
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			switch name {
			case "pk":
				it.PK = v.Value
			case "sk":
				it.SK = v.Value
			case "data":
				it.Data = []byte(v.Value)
			}
		case *types.AttributeValueMemberN:
			switch name {
			case "rev":
				it.Rev, err = strconv.ParseInt(v.Value, 10, 64)
			case "expires":
				var at int64
				at, err = strconv.ParseInt(v.Value, 10, 64)
				it.Expires = time.Unix(at, 0).UTC()
			}
			if err != nil {
				return store.Item{}, fmt.Errorf("cloud: attribute %s of %q %q: %w", name, it.PK, it.SK, err)
			}
		}
	}
	if it.Rev < 1 {
		return store.Item{}, fmt.Errorf("cloud: item %q %q has no revision; it was not written by this program", it.PK, it.SK)
	}
	return it, nil
}

// part is one write of a transaction. Put is an update, the one operation that can count on from the revision there is.
func (t *table) part(w store.Write) types.TransactWriteItem {
	condition, names, values := condition(w.IfRev)
	switch w.Op {
	case store.Delete:
		return types.TransactWriteItem{Delete: &types.Delete{
			TableName: &t.name, Key: attributes(w.Key), ConditionExpression: condition,
			ExpressionAttributeNames: names, ExpressionAttributeValues: values,
		}}
	case store.Check:
		return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: &t.name, Key: attributes(w.Key), ConditionExpression: condition,
			ExpressionAttributeNames: names, ExpressionAttributeValues: values,
		}}
	}
	if names == nil {
		names = map[string]string{}
	}
	if values == nil {
		values = map[string]types.AttributeValue{}
	}
	names["#rev"], names["#data"], names["#expires"] = "rev", "data", "expires"
	values[":one"], values[":data"] = number(1), text(string(w.Data))
	update := "SET #data = :data REMOVE #expires ADD #rev :one"
	if !w.Expires.IsZero() {
		update = "SET #data = :data, #expires = :expires ADD #rev :one"
		values[":expires"] = number(w.Expires.Unix())
	}
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &t.name, Key: attributes(w.Key), ConditionExpression: condition, UpdateExpression: &update,
		ExpressionAttributeNames: names, ExpressionAttributeValues: values,
	}}
}

// condition is nil for Any. DynamoDB refuses names and values that no expression uses.
func condition(ifRev int64) (expression *string, names map[string]string, values map[string]types.AttributeValue) {
	switch ifRev {
	case store.Any:
		return nil, nil, nil
	case store.Absent:
		return aws.String("attribute_not_exists(#pk)"), map[string]string{"#pk": "pk"}, nil
	}
	return aws.String("#rev = :rev"), map[string]string{"#rev": "rev"}, map[string]types.AttributeValue{":rev": number(ifRev)}
}

func attributes(k store.Key) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": text(k.PK), "sk": text(k.SK)}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}
