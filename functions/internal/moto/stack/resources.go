package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"slipway/functions/internal/api"
)

// secretName is how moto knows the secret: it draws the end of an ARN, and the template has one that stays.
const secretName = "slipway-secret"

// resources makes what infra/ would: the table, the bucket, the secret, and the identity that mails come from.
func (s *Stack) resources(t testing.TB) {
	t.Helper()
	table, bucket := s.template.Output("Data.Outputs.TableName"), s.template.Output("Data.Outputs.BucketName")
	attribute := func(name, kind string) map[string]string {
		return map[string]string{"AttributeName": name, kind: map[string]string{"AttributeType": "S", "KeyType": "HASH"}[kind]}
	}
	sort := map[string]string{"AttributeName": "sk", "KeyType": "RANGE"}
	s.make(t, "dynamodb", "POST", "/", "DynamoDB_20120810.CreateTable", map[string]any{
		"TableName": table, "BillingMode": "PAY_PER_REQUEST",
		"AttributeDefinitions": []any{attribute("pk", "AttributeType"), attribute("sk", "AttributeType")},
		"KeySchema":            []any{attribute("pk", "KeyType"), sort},
	})
	s.make(t, "s3", "PUT", "/"+bucket, "", nil)
	s.make(t, "secretsmanager", "POST", "/", "secretsmanager.CreateSecret", map[string]any{
		"Name": secretName, "SecretString": "0123456789012345678901234567890123456789012345678901234567890123",
	})
	s.make(t, "ses", "POST", "/v2/email/identities", "", map[string]any{"EmailIdentity": "example.com"})
	s.make(t, "ses", "POST", "/v2/email/identities", "", map[string]any{"EmailIdentity": "slipway@example.com"})
	s.make(t, "ses", "POST", "/v2/email/configuration-sets", "", map[string]any{"ConfigurationSetName": s.template.Output("Mail.Outputs.ConfigurationSet")})
}

// make asks a service of moto, as nobody.
func (s *Stack) make(t testing.TB, service, method, path, target string, body any) []byte {
	t.Helper()
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	} else if service == "s3" {
		data = []byte(`<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>` + region + `</LocationConstraint></CreateBucketConfiguration>`)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.server.URL+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	if target != "" {
		req.Header.Set("X-Amz-Target", target)
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+nobody+"/20260101/"+region+"/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode/100 != 2 {
		t.Fatalf("%s %s %s: %s %s %v", service, target, path, res.Status, answer, err)
	}
	return answer
}

// handle makes the handler of a function of the API, as the gateway calls it: whatever goes wrong is its own 500.
func (s *Stack) handle(folder string) api.Handler {
	id := s.Function(folder)
	return func(_ context.Context, req api.Request) (api.Response, error) {
		event, err := json.Marshal(req)
		if err != nil {
			return api.Response{}, err
		}
		out, name, why := s.Invoke(id, event)
		var res api.Response
		if name == "" {
			err = json.Unmarshal(out, &res)
		}
		if name != "" || err != nil || res.StatusCode == 0 {
			s.t.Logf("%s: %s %s %v", folder, name, why, err)
			return api.Response{StatusCode: 500, Headers: map[string]string{"Content-Type": "application/json"}, Body: `{"message":"Internal Server Error"}`}, nil
		}
		return res, nil
	}
}

// authorize asks the deployed authorizer.
func (s *Stack) authorize(_ context.Context, req events.APIGatewayV2CustomAuthorizerV2Request) (out events.APIGatewayV2CustomAuthorizerSimpleResponse, err error) {
	event, err := json.Marshal(req)
	if err != nil {
		return out, err
	}
	body, name, why := s.Invoke(s.Function("workspaces/authorize"), event)
	if name != "" {
		return out, errors.New(name + ": " + why)
	}
	return out, json.Unmarshal(body, &out)
}
