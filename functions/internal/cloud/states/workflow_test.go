package states_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"slipway/functions/internal/cloud/cloudtest"
	"slipway/functions/internal/cloud/states"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/moto"
	"slipway/functions/internal/release"
)

const parking = `{"StartAt": "Wait", "States": {"Wait": {
  "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "TimeoutSeconds": 30,
  "Parameters": {"FunctionName": "park", "Payload": {"token.$": "$$.Task.Token"}}, "End": true}}}`

// whole is all that can be done with machines; a function has a part of it.
type whole struct {
	release.Starter
	release.Answerer
	release.Stopper
}

func openWorkflow(t *testing.T, machines ...string) release.Workflow {
	t.Helper()
	starter, err1 := states.OpenStarter(machines...)
	answerer, err2 := states.OpenAnswerer()
	stopper, err3 := states.OpenStopper(machines...)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	return whole{starter, answerer, stopper}
}

// machine creates the parking machine in a region of its own: moto runs one execution in each.
func machine(t *testing.T, region string) (*sfn.Client, release.Workflow) {
	t.Helper()
	t.Setenv("AWS_REGION", region)
	client := sfn.New(sfn.Options{
		Region: region, BaseEndpoint: sdk.String(os.Getenv("AWS_ENDPOINT_URL")), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	made, err := client.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
		Name: sdk.String("release"), Definition: sdk.String(parking), RoleArn: sdk.String("arn:aws:iam::123456789012:role/machine"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SLIPWAY_MACHINE_RELEASE", *made.StateMachineArn)
	return client, openWorkflow(t, "release")
}

// ended waits for the one execution of the client's region and returns its status and output.
func ended(t *testing.T, client *sfn.Client, name string) string {
	t.Helper()
	arn := sdk.String(strings.Replace(os.Getenv("SLIPWAY_MACHINE_RELEASE"), ":stateMachine:", ":execution:", 1) + ":" + name)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 500 {
		out, err := client.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: arn})
		if err != nil {
			t.Fatal(err)
		}
		if out.Status != "RUNNING" {
			return string(out.Status) + " " + strings.ReplaceAll(sdk.ToString(out.Output), " ", "")
		}
		<-tick.C
	}
	t.Fatal("the execution does not end")
	return ""
}

func TestWorkflow(t *testing.T) {
	server := moto.Start(t)
	server.Env(t)
	tokens := make(chan string, 9)
	server.StepFunctions(t, func(_ string, payload []byte) ([]byte, string, string) {
		var in struct{ Token string }
		if err := json.Unmarshal(payload, &in); err != nil {
			return nil, "Broken", err.Error()
		}
		tokens <- in.Token
		return nil, "", ""
	})
	ctx := context.Background()

	t.Run("answered", func(t *testing.T) {
		client, w := machine(t, "eu-west-1")
		cloudtest.Has(t, w.Start(ctx, "release", "r1-1", []byte(`{"a": 1}`)), "", "")
		cloudtest.Has(t, w.Start(ctx, "release", "r1-1", []byte(`{"a": 1}`)), "", "")
		cloudtest.Has(t, w.Start(ctx, "release", "r1-1", []byte(`{"a":1}`)), "", "") // other bytes, the same input
		cloudtest.Has(t, w.Start(ctx, "release", "r1-1", []byte(`{"a": 2}`)), fault.Conflict, "execution_exists")
		token := <-tokens
		// moto now and then loses an answer on its way back, and the SDK asks again: what was answered is what counts.
		if err := w.Succeed(ctx, token, []byte(`{"answer": "yes"}`)); err != nil {
			cloudtest.Has(t, err, fault.Conflict, "token_used")
		}
		if got := ended(t, client, "r1-1"); got != `SUCCEEDED {"answer":"yes"}` {
			t.Errorf("ended %s", got)
		}
		cloudtest.Has(t, w.Succeed(ctx, token, []byte(`{}`)), fault.Conflict, "token_used")
		cloudtest.Has(t, w.Succeed(ctx, "", []byte(`{}`)), fault.Conflict, "token_used")
		cloudtest.Has(t, w.Succeed(ctx, strings.Repeat("x", 5000), []byte(`{}`)), fault.Conflict, "token_used")
		cloudtest.Has(t, w.Start(ctx, "release", "r1-1", []byte(`{"a": 1}`)), "", "") // it has ended
		cloudtest.Has(t, w.Start(ctx, "release", "r1-1", []byte(`{"a": 2}`)), fault.Conflict, "execution_exists")
		if len(tokens) > 0 {
			t.Error("a repeated start started something")
		}
	})
	t.Run("stopped", func(t *testing.T) {
		_, w := machine(t, "eu-west-3")
		cloudtest.Has(t, w.Start(ctx, "release", "r3-1", []byte(`{}`)), "", "")
		<-tokens
		cloudtest.Has(t, w.Stop(ctx, "release", "r3-1", "force removed"), "", "")
		cloudtest.Has(t, w.Stop(ctx, "release", "never", "force removed"), "", "")
	})
}

func TestWorkflowFaults(t *testing.T) {
	ctx := context.Background()
	succeed := func(w release.Workflow) error { return w.Succeed(ctx, "t", []byte(`{}`)) }
	start := func(w release.Workflow) error { return w.Start(ctx, "release", "n", []byte(`{}`)) }
	stop := func(w release.Workflow) error { return w.Stop(ctx, "release", "n", "c") }
	for _, c := range []struct {
		name   string
		call   func(release.Workflow) error
		answer cloudtest.Answer
		kind   fault.Kind
		code   string
	}{
		{"succeed, timed out", succeed, cloudtest.Refusal(400, "TaskTimedOut"), fault.Conflict, "token_used"},
		{"succeed, stopped", succeed, cloudtest.Refusal(400, "TaskDoesNotExist"), fault.Conflict, "token_used"},
		{"succeed, never existed", succeed, cloudtest.Refusal(400, "InvalidToken"), fault.Conflict, "token_used"},
		{"start, throttled", start, cloudtest.Refusal(400, "ThrottlingException"), fault.Limited, "workflow_limited"},
		{"start, too many running", start, cloudtest.Refusal(400, "ExecutionLimitExceeded"), fault.Limited, "workflow_limited"},
		{"start, down", start, cloudtest.Refusal(500, "InternalError"), fault.Unavailable, "workflow_unavailable"},
		{"start, no machine", start, cloudtest.Refusal(400, "StateMachineDoesNotExist"), fault.Internal, ""},
		{"stop, gone", stop, cloudtest.Refusal(400, "ExecutionDoesNotExist"), "", ""},
		{"stop, throttled", stop, cloudtest.Refusal(400, "ThrottlingException"), fault.Limited, "workflow_limited"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cloudtest.AWS(t, c.answer)
			err := c.call(openWorkflow(t, "release"))
			if c.kind == fault.Internal {
				if fault.KindOf(err) != fault.Internal {
					t.Errorf("got %v, want an error that is no fault", err)
				}
				return
			}
			cloudtest.Has(t, err, c.kind, c.code)
		})
	}
}

// TestStartRefuses keeps what Step Functions would refuse on this side, with a reason.
func TestStartRefuses(t *testing.T) {
	s := cloudtest.AWS(t, cloudtest.Answer{Status: 200, Body: `{}`})
	w := openWorkflow(t)
	for name, c := range map[string]struct {
		machine, name string
		input         []byte
		says          string
	}{
		"name":    {"release", "a b", []byte(`{}`), "A-Z a-z 0-9"},
		"long":    {"release", strings.Repeat("n", 81), []byte(`{}`), "80"},
		"input":   {"release", "n", make([]byte, 300<<10), "262144"},
		"machine": {"force-removal", "n", []byte(`{}`), "SLIPWAY_MACHINE_FORCE_REMOVAL"},
	} {
		if err := w.Start(context.Background(), c.machine, c.name, c.input); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := w.Succeed(context.Background(), "t", make([]byte, 300<<10)); err == nil || !strings.Contains(err.Error(), "262144") {
		t.Errorf("output: %v", err)
	}
	t.Setenv("SLIPWAY_MACHINE_RELEASE", "release")
	if err := w.Stop(context.Background(), "release", "n", ""); err == nil || !strings.Contains(err.Error(), "SLIPWAY_MACHINE_RELEASE") {
		t.Errorf("no ARN: %v", err)
	}
	if s.Count() != 0 {
		t.Errorf("%d requests were sent", s.Count())
	}
}

// TestStopCuts shortens a cause that Step Functions would refuse, at a whole character.
func TestStopCuts(t *testing.T) {
	s := cloudtest.AWS(t, cloudtest.Answer{Status: 200, Body: `{}`})
	w := openWorkflow(t)
	t.Setenv("SLIPWAY_MACHINE_RELEASE", "arn:aws:states:eu-west-1:123456789012:stateMachine:release")
	cloudtest.Has(t, w.Stop(context.Background(), "release", "n", "x"+strings.Repeat("é", 20000)), "", "")
	var sent struct{ Cause string }
	if err := json.Unmarshal([]byte(s.Requests[0].Body), &sent); err != nil || len(sent.Cause) != 32767 || !strings.HasSuffix(sent.Cause, "é") {
		t.Errorf("%d bytes of cause, %v", len(sent.Cause), err)
	}
}
