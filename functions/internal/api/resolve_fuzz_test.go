package api_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
)

// twists are what encoding/json forgives, overlooks or takes in its own way; each is put into a good event.
var twists = []struct{ old, new string }{
	{`"rawPath":`, `"rawpath":"x","rawPath":`},
	{`"rawPath":`, `"RAWPATH":"x","rawPath":`},
	{`"rawQueryString":`, `"rawQueryString":"user=twice","rawQueryString":`},
	{`"rawQueryString":`, `"raw\u0051ueryString":`},
	{`"rawQueryString":"user=tess"`, `"rawQueryString":"user=\u0074ess"`},
	{`"rawQueryString":"user=tess"`, `"rawQueryString":null`},
	{`"rawQueryString":"user=tess"`, `"rawQueryString":7`},
	{`"rawQueryString":"user=tess"`, `"rawQueryString":""`},
	{`"rawQueryString":"user=tess"`, `"rawQueryString":"user=` + "\xff" + `"`},
	{`"rawQueryString":"user=tess"`, `"rawQueryString":"user=é%C3%A9+%2B"`},
	{`"rawQueryString":"user=tess"`, `"rawQueryString":"%75ser=tess"`},
	{`"rawQueryString":"user=tess"`, `"rawQueryString":"user=a=b#c?d"`},
	{`"rawQueryString":"user=tess"`, `"rawQueryString":"&user=tess&"`},
	{`"miniProgram":"`, `"miniProgram":"other","miniProgram":"`},
	{`"miniProgram":"`, `"MiniProgram":"other","miniProgram":"`},
	{`"miniProgram":"pilot"`, `"miniProgram":"p\u0069lot"`},
	{`"miniProgram":"pilot"`, `"miniProgram":null`},
	{`"requestId":"req-1"`, `"requestId":"\"<req>\\"`},
	{`"requestId":"req-1"`, `"requestId":"<>&"`},
	{`"requestId":"req-1"`, `"requestId":""`},
	{`"timeEpoch":`, `"timeEpoch":-`},
	{`"timeEpoch":`, `"timeEpoch":1.5e3,"timeEpoch":`},
	{`"timeEpoch":`, `"timeEpoch":0,"x":`},
	{`"authentication":null`, `"authentication":{"clientCert":{"issuerDN":"x"}}`},
	{`"authentication":null`, `"authentication":[]`},
	{`"isBase64Encoded":false`, `"isBase64Encoded":true,"body":"!!"`},
	{`"isBase64Encoded":false`, `"isBase64Encoded":true,"body":"eHk="`},
	{`"isBase64Encoded":false`, `"isBase64Encoded":"false"`},
	{`"isBase64Encoded":false`, `"isBase64Encoded":false,"body":"x","stageVariables":{"a":"b"}`},
	{`"headers":{`, `"headers":{"Idempotency-Key":"a b",`},
	{`"headers":{`, `"headers":{"IDEMPOTENCY-KEY":"abc",`},
	{`"headers":{`, `"headers":{"idempotency\u002dkey":"a b",`},
	{`"headers":{`, `"headers":{"x":1,`},
	{`"headers":{`, `"headers":{"x":"\ud800",`},
	{`"headers":{`, `"headers":{"x":"\q",`},
	{`"headers":{`, `"headers":{"x":"` + "\n" + `",`},
	{`"headers":{`, `"headers":null,"y":{`},
	{`"cookies":[`, `"cookies":[null,`},
	{`"cookies":[`, `"cookies":[,`},
	{`"version":"2.0"`, ` "version" : "2.0" `},
	{`"version":"2.0"`, `"version":"2.0",`},
	{`}`, `}}`},
	{`{`, `[{`},
}

// FuzzResolveEvent: what the quick way answers is to the byte what decoding the event answers, whatever comes in.
func FuzzResolveEvent(f *testing.F) {
	s := newServing(f)
	for _, program := range []string{"pilot", "half", "full", "removed", "empty", "nobody"} {
		f.Add(event(f, program, "?user=tess"))
	}
	f.Add(event(f, "full", ""))
	good := string(event(f, "pilot", "?user=tess"))
	for _, t := range twists {
		f.Add([]byte(strings.Replace(good, t.old, t.new, 1)))
	}
	f.Add([]byte(good + " "))
	f.Add([]byte(good + "x"))
	f.Add([]byte(" \t\r\n" + good))
	typed, long := lambda.NewHandler(s.Handle), lambda.NewHandler(s.Long)
	f.Fuzz(func(t *testing.T, payload []byte) {
		quick, failed := s.Invoke(t.Context(), payload)
		slow, err := long.Invoke(t.Context(), payload)
		if half, wrong := typed.Invoke(t.Context(), payload); (wrong == nil) != (err == nil) || !bytes.Equal(half, slow) {
			t.Fatalf("decoded: %s %v\n%s %v", half, wrong, slow, err)
		}
		if (failed == nil) != (err == nil) || !bytes.Equal(bytes.TrimSpace(quick), bytes.TrimSpace(slow)) {
			t.Fatalf("%s %v\n%s %v", quick, failed, slow, err)
		}
	})
}

// TestTwistsTwist keeps the list above from going blind, and shows that plain events do take the quick way: a table
// that has gone away without a trace is not noticed there.
func TestTwistsTwist(t *testing.T) {
	good := string(event(t, "pilot", "?user=tess"))
	for _, w := range twists {
		if !strings.Contains(good, w.old) {
			t.Errorf("%s is not in an event", w.old)
		}
	}
	s := newServing(t)
	s.invoke(t, []byte(good))
	if n := testing.AllocsPerRun(100, func() { _, _ = s.Invoke(t.Context(), []byte(good)) }); n > 4 {
		t.Errorf("a plain event went the long way: %v allocations", n)
	}
}
