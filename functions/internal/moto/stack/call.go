package stack

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// nobody is the key of calls that no function makes: the test's own.
const nobody = "TEST"

// request is a call to AWS with its body read.
type request struct {
	*http.Request
	body []byte
	form map[string]string // of a presigned upload
	file []byte            // what it uploads
}

func read(r *http.Request) (request, error) {
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	out := request{Request: r, body: body}
	kind, parameters, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || r.Method != http.MethodPost || kind != "multipart/form-data" {
		return out, err
	}
	out.form = map[string]string{}
	parts := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		if part.FormName() == "file" {
			if out.file, err = io.ReadAll(part); err != nil {
				return out, err
			}
			continue
		}
		value, err := io.ReadAll(io.LimitReader(part, 64<<10))
		if err != nil {
			return out, err
		}
		out.form[part.FormName()] = string(value)
	}
}

// signer is whose key a call is signed with, and for which service. Whoever signs an address lends it their right.
func (r request) signer() (who, service string) {
	scope := r.URL.Query().Get("X-Amz-Credential")
	if _, after, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		scope, _, _ = strings.Cut(after, ",")
	}
	if r.form != nil {
		scope = r.form["X-Amz-Credential"]
		if scope == "" {
			scope = r.form["x-amz-credential"]
		}
	}
	parts := strings.Split(scope, "/")
	if len(parts) < 4 {
		return nobody, ""
	}
	return parts[0], parts[3]
}

// target is the operation of the JSON protocols.
func (r request) target() string {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	return operation
}

// calls lists the permissions that AWS asks for before it carries a request out.
func (r request) calls(service string) []Call {
	switch service {
	case "dynamodb":
		return r.tableCalls()
	case "s3":
		return r.objectCalls()
	case "states":
		return r.machineCalls()
	case "secretsmanager":
		var in struct{ SecretId string }
		_ = json.Unmarshal(r.body, &in) // what does not parse names nothing, and is refused
		return []Call{{Action: "secretsmanager:" + r.target(), Resource: in.SecretId}}
	case "ses":
		return r.mailCalls()
	}
	return []Call{{Action: service + ":" + r.target()}}
}

// key is the part of an item's key that LeadingKeys speaks of.
type key struct{ Pk struct{ S string } }

// tableCalls: a transaction needs the permission of each of its parts.
func (r request) tableCalls() []Call {
	type part struct {
		TableName string
		Key       key
	}
	var in struct {
		TableName                 string
		RequestItems              map[string]struct{ Keys []key }
		TransactItems             []map[string]part
		ExpressionAttributeValues map[string]struct{ S string }
	}
	_ = json.Unmarshal(r.body, &in) // as above
	table := func(name string) string {
		return strings.Replace(outputs["Data.Outputs.TableArn"], "slipway-table", name, 1)
	}
	switch operation := r.target(); operation {
	case "BatchGetItem":
		var out []Call
		for name, items := range in.RequestItems {
			var leading []string
			for _, k := range items.Keys {
				leading = append(leading, k.Pk.S)
			}
			out = append(out, Call{"dynamodb:BatchGetItem", table(name), map[string][]string{"dynamodb:LeadingKeys": leading}})
		}
		return out
	case "TransactWriteItems":
		needs := map[string]string{"Update": "UpdateItem", "Put": "PutItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
		found := map[string]Call{}
		for _, item := range in.TransactItems {
			for kind, p := range item {
				c := Call{"dynamodb:" + needs[kind], table(p.TableName), map[string][]string{}}
				if known, ok := found[c.String()]; ok {
					c = known
				}
				c.Context["dynamodb:LeadingKeys"] = append(c.Context["dynamodb:LeadingKeys"], p.Key.Pk.S)
				found[c.String()] = c
			}
		}
		return slices.Collect(maps.Values(found))
	default:
		return []Call{{"dynamodb:" + operation, table(in.TableName), map[string][]string{"dynamodb:LeadingKeys": {in.ExpressionAttributeValues[":pk"].S}}}}
	}
}

// objectCalls: S3 is spoken to by path, /bucket/key.
func (r request) objectCalls() []Call {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	arn := "arn:aws:s3:::" + bucket
	switch {
	case r.form != nil:
		return []Call{{Action: "s3:PutObject", Resource: arn + "/" + r.form["key"]}}
	case key == "":
		return []Call{{"s3:ListBucket", arn, map[string][]string{"s3:prefix": {r.URL.Query().Get("prefix")}}}}
	case r.Method == http.MethodPut:
		return []Call{{Action: "s3:PutObject", Resource: arn + "/" + key}}
	case r.Method == http.MethodDelete:
		return []Call{{Action: "s3:DeleteObject", Resource: arn + "/" + key}}
	}
	return []Call{{Action: "s3:GetObject", Resource: arn + "/" + key}}
}

// machineCalls: an answer to a task is judged by the machine that it goes to, which only the token knows.
func (r request) machineCalls() []Call {
	var in struct{ StateMachineArn, ExecutionArn string }
	_ = json.Unmarshal(r.body, &in) // as above
	c := Call{Action: "states:" + r.target(), Resource: in.StateMachineArn}
	if c.Resource == "" {
		c.Resource = in.ExecutionArn
	}
	return []Call{c}
}

// mailCalls: sending needs the right to the identity, and to the configuration set that is named.
func (r request) mailCalls() []Call {
	var in struct{ FromEmailAddress, ConfigurationSetName string }
	_ = json.Unmarshal(r.body, &in) // as above
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/outbound-emails") {
		return []Call{{Action: "ses:" + r.Method + " " + url.PathEscape(r.URL.Path)}}
	}
	_, domain, _ := strings.Cut(in.FromEmailAddress, "@")
	from := map[string][]string{"ses:FromAddress": {in.FromEmailAddress}}
	arn := "arn:aws:ses:" + region + ":" + account + ":"
	out := []Call{{"ses:SendEmail", arn + "identity/" + domain, from}}
	if in.ConfigurationSetName != "" {
		out = append(out, Call{"ses:SendEmail", arn + "configuration-set/" + in.ConfigurationSetName, from})
	}
	return out
}
