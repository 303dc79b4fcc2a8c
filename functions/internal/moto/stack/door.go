package stack

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"slipway/functions/internal/moto"
)

const region = moto.Region

// door is where every call to AWS comes through. It judges who may make it, takes it down, and hands it on to moto.
type door struct {
	stack  *Stack
	ledger *Ledger
	server *httptest.Server
	client *http.Client

	// A transaction that moto refuses puts back a copy of all tables, made when it began, and so undoes what others wrote
	// meanwhile; DynamoDB does no such thing. So the table is asked for one thing at a time.
	table sync.Mutex
}

func newDoor(t testing.TB, s *Stack, ledger *Ledger) *door {
	d := &door{stack: s, ledger: ledger, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
	d.server = httptest.NewServer(d)
	t.Cleanup(d.server.Close)
	t.Cleanup(d.client.CloseIdleConnections)
	return d
}

// URL is where functions find AWS.
func (d *door) URL() string { return d.server.URL }

// ServeHTTP implements http.Handler.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req, err := read(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	who, service := req.signer()
	calls := req.calls(service)
	if service == "states" {
		d.machine(&calls, req)
	}
	for _, c := range calls {
		if !d.admit(who, c) {
			refuse(w, service, http.StatusForbidden, denied(service), who+" is not authorized to perform "+c.String())
			return
		}
	}
	if req.form != nil {
		if code, why := wrongForm(req.form, req.file); code != "" {
			refuse(w, service, http.StatusBadRequest, code, why)
			return
		}
	}
	if service == "states" && who != nobody {
		d.states(w, req)
		return
	}
	status, header, body := d.forward(req, service)
	if status == http.StatusNotFound && service == "s3" && r.Method == http.MethodGet && !d.mayKnow(who, calls[0]) {
		refuse(w, service, http.StatusForbidden, denied(service), who+" may not know that there is nothing")
		return
	}
	for name, values := range header {
		w.Header()[name] = values
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever hung up does not read it
}

// admit judges a call and takes it down. The test itself may do anything.
func (d *door) admit(who string, c Call) bool {
	f, ok := d.stack.functions[who]
	if !ok {
		return who == nobody
	}
	allowed := f.Allowed(c)
	d.ledger.Note(f.Function, c, allowed)
	return allowed
}

// mayKnow judges whether somebody may be told that an object is missing: S3 says so only to who may list the bucket. It
// asks for that without a prefix, since nothing is listed.
func (d *door) mayKnow(who string, c Call) bool {
	bucket, _, _ := strings.Cut(strings.TrimPrefix(c.Resource, "arn:aws:s3:::"), "/")
	return d.admit(who, Call{Action: "s3:ListBucket", Resource: "arn:aws:s3:::" + bucket})
}

func (d *door) forward(r request, service string) (int, http.Header, []byte) {
	if service == "dynamodb" {
		d.table.Lock()
		defer d.table.Unlock()
	}
	if service == "secretsmanager" {
		r.body = bytes.ReplaceAll(r.body, []byte(d.stack.template.Output("Data.Outputs.SecretArn")), []byte(secretName))
	}
	out, err := http.NewRequestWithContext(r.Context(), r.Method, d.stack.server.URL+r.URL.RequestURI(), bytes.NewReader(r.body))
	if err != nil {
		return http.StatusBadGateway, nil, []byte(err.Error())
	}
	out.Header, out.Host = r.Header.Clone(), r.Host
	res, err := d.client.Do(out)
	if err != nil {
		return http.StatusBadGateway, nil, []byte(err.Error())
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return http.StatusBadGateway, nil, []byte(err.Error())
	}
	if res.StatusCode == http.StatusOK {
		d.notice(r, service, body)
	}
	return res.StatusCode, res.Header, body
}

// notice looks at what was carried out: a new row of the outbox wakes whoever delivers, and a mail is kept.
func (d *door) notice(r request, service string, answer []byte) {
	switch {
	case service == "ses" && strings.HasSuffix(r.URL.Path, "/outbound-emails"):
		d.stack.post.sent(r.body, answer)
	case service == "dynamodb" && r.target() == "TransactWriteItems":
		var in struct {
			TransactItems []struct {
				Update *struct {
					Key                 key
					ConditionExpression string
				}
			}
		}
		_ = json.Unmarshal(r.body, &in) // moto has read it
		for _, item := range in.TransactItems {
			// With a condition it is the courier, who postpones: the stream's filter lets only new rows through.
			if u := item.Update; u != nil && u.Key.Pk.S == "OUTBOX" && u.ConditionExpression == "" {
				d.stack.ring()
			}
		}
	}
}

func denied(service string) string {
	if service == "s3" {
		return "AccessDenied"
	}
	return "AccessDeniedException"
}

// refuse answers as a service of AWS does.
func refuse(w http.ResponseWriter, service string, status int, code, message string) {
	if service == "s3" {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<Error><Code>"+code+"</Code><Message>"+message+"</Message></Error>")
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amzn-Errortype", code)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message})
}
