package asl_test

import (
	"context"
	"fmt"
	"testing"

	"slipway/functions/internal/asl"
)

// echo gives back what it was given; fails fails by the name it is given.
var std = functions{
	"echo": func(_ context.Context, p map[string]any) (any, error) { return p, nil },
	"fails": func(_ context.Context, p map[string]any) (any, error) {
		return nil, &asl.TaskError{Name: fmt.Sprint(p["name"]), Cause: "why"}
	},
	"crash": func(context.Context, map[string]any) (any, error) { panic("boom") },
	"odd":   func(context.Context, map[string]any) (any, error) { return nil, context.DeadlineExceeded },
}

func TestStates(t *testing.T) {
	for _, c := range []struct{ name, def, input, want string }{
		{"pass keeps its input", one(`{"Type":"Pass","End":true}`), `{"a":1.50,"b":"<&>"}`, `{"a":1.50,"b":"<&>"}`},
		{"pass with a result", one(`{"Type":"Pass","Result":[1,null],"End":true}`), `{}`, `[1,null]`},
		{"pass null result", one(`{"Type":"Pass","Result":null,"End":true}`), `{}`, `null`},
		{"result path adds to the raw input", one(`{"Type":"Pass","InputPath":"$.a","ResultPath":"$.deep.copy","End":true}`), `{"a":1}`, `{"a":1,"deep":{"copy":1}}`},
		{"result path null discards", one(`{"Type":"Pass","Result":1,"ResultPath":null,"End":true}`), `{"a":1}`, `{"a":1}`},
		{"result path into an array", one(`{"Type":"Pass","Result":9,"ResultPath":"$.a[1]","End":true}`), `{"a":[1,2]}`, `{"a":[1,9]}`},
		{"result path that does not fit", one(`{"Type":"Pass","Result":9,"ResultPath":"$.a.b","End":true}`), `{"a":[1,2]}`, `FAILED States.ResultPathMatchFailure: ResultPath $.a.b needs an object at "b", but an array is there`},
		{"input path null", one(`{"Type":"Pass","InputPath":null,"End":true}`), `{"a":1}`, `{}`},
		{"output path", one(`{"Type":"Pass","OutputPath":"$.a","End":true}`), `{"a":[1]}`, `[1]`},
		{"output path null", one(`{"Type":"Pass","OutputPath":null,"End":true}`), `{"a":[1]}`, `{}`},
		{"output path to nothing", one(`{"Type":"Pass","OutputPath":"$.b","End":true}`), `{"a":1}`, `FAILED States.Runtime: Invalid path '$.b': OutputPath names nothing in '{"a":1}'`},
		{"input path from the context", one(`{"Type":"Pass","InputPath":"$$.Execution.Input.a","End":true}`), `{"a":{"b":2}}`, `{"b":2}`},
		{"parameters", one(`{"Type":"Pass","Parameters":{"k":[{"v.$":"$.a[-1]"}],"all.$":"$.a[*].x","fix":{"n":1}},"End":true}`), `{"a":[{"x":1},{"x":2},{"y":3}]}`, `{"all":[1,2],"fix":{"n":1},"k":[{"v":{"y":3}}]}`},
		{"parameters of nothing", one(`{"Type":"Pass","Parameters":{"k.$":"$.no"},"End":true}`), `{"a":1}`, `FAILED States.Runtime: The JSONPath '$.no' specified for the field 'k.$' could not be found in the input '{"a":1}'`},
		{"context", one(`{"Type":"Pass","Parameters":{"i.$":"$$.Execution.Id","n.$":"$$.Execution.Name","t.$":"$$.Execution.StartTime","s.$":"$$.State.Name","e.$":"$$.State.EnteredTime","r.$":"$$.State.RetryCount","m.$":"$$.StateMachine.Name","d.$":"$$.StateMachine.Id"},"End":true}`), `{}`,
			`{"d":"arn:aws:states:local:000000000000:stateMachine:m","e":"2026-01-31T12:00:00.000Z","i":"arn:aws:states:local:000000000000:execution:m:x","m":"m","n":"x","r":0,"s":"S","t":"2026-01-31T12:00:00.000Z"}`},
		{"succeed", one(`{"Type":"Succeed","InputPath":"$.a","OutputPath":"$.b"}`), `{"a":{"b":3}}`, `3`},
		{"fail", one(`{"Type":"Fail","Error":"E","Cause":"C"}`), `{}`, `FAILED E: C`},
		{"fail without words", one(`{"Type":"Fail"}`), `{}`, `FAILED `},
		{"fail by path", one(`{"Type":"Fail","ErrorPath":"$.e","CausePath":"States.Format('{} of {}', $.e, $.n)"}`), `{"e":"E","n":7}`, `FAILED E: E of 7`},
		{"fail by a path to no string", one(`{"Type":"Fail","ErrorPath":"$.e"}`), `{"e":1}`, `FAILED States.Runtime: The ErrorPath '$.e' must give a string, not a number`},
		{"wait seconds", one(`{"Type":"Wait","Seconds":30,"End":true}`), `{"a":1}`, `{"a":1}`},
		{"wait seconds path", one(`{"Type":"Wait","SecondsPath":"$.s","Next":"T"}`, `"T":{"Type":"Pass","Parameters":{"e.$":"$$.State.EnteredTime"},"End":true}`), `{"s":90}`, `{"e":"2026-01-31T12:01:30.000Z"}`},
		{"wait seconds path of text", one(`{"Type":"Wait","SecondsPath":"$.s","End":true}`), `{"s":"90"}`, `FAILED States.Runtime: The SecondsPath '$.s' must name an integer from 0 to 99999999, not "90"`},
		{"wait timestamp", one(`{"Type":"Wait","Timestamp":"2026-01-31T12:10:00Z","Next":"T"}`, `"T":{"Type":"Pass","Parameters":{"e.$":"$$.State.EnteredTime"},"End":true}`), `{}`, `{"e":"2026-01-31T12:10:00.000Z"}`},
		{"wait timestamp path", one(`{"Type":"Wait","TimestampPath":"$.t","Next":"T"}`, `"T":{"Type":"Pass","Parameters":{"e.$":"$$.State.EnteredTime"},"End":true}`), `{"t":"2026-01-31T14:10:00.0001+02:00"}`, `{"e":"2026-01-31T12:10:00.001Z"}`},
		{"wait for the past", one(`{"Type":"Wait","TimestampPath":"$.t","OutputPath":"$.t","End":true}`), `{"t":"2020-01-31T14:10:00Z"}`, `"2020-01-31T14:10:00Z"`},
		{"wait for no time", one(`{"Type":"Wait","TimestampPath":"$.t","End":true}`), `{"t":"tomorrow"}`, `FAILED States.Runtime: The TimestampPath '$.t' names no timestamp such as 2026-01-31T12:00:00Z in the input '{"t":"tomorrow"}'`},
		{"task wraps the answer", one(`{` + invoke + `,"Parameters":{"FunctionName":"echo","Payload":{"x.$":"$.a"}},"End":true}`), `{"a":1}`, `{"ExecutedVersion":"$LATEST","Payload":{"x":1},"StatusCode":200}`},
		{"task without payload", one(`{` + invoke + `,"Parameters":{"FunctionName":"echo"},"OutputPath":"$.Payload","End":true}`), `{"a":1}`, `{}`},
		{"task with all of its input", one(`{` + invoke + `,"Parameters":{"FunctionName":"echo","Payload.$":"$"},"ResultSelector":{"y.$":"$.Payload.a"},"ResultPath":"$.r","End":true}`), `{"a":1}`, `{"a":1,"r":{"y":1}}`},
		{"result selector of nothing", one(`{` + invoke + `,"Parameters":{"FunctionName":"echo"},"ResultSelector":{"y.$":"$.Payload.no"},"End":true}`), `{}`, `FAILED States.Runtime: The JSONPath '$.Payload.no' specified for the field 'y.$' could not be found in the input '{"ExecutedVersion":"$LATEST","Payload":{},"StatusCode":200}'`},
		{"result that has no place is caught", one(`{`+invoke+`,"Parameters":{"FunctionName":"echo"},"ResultPath":"$.a[3]","Catch":[{"ErrorEquals":["States.ResultPathMatchFailure"],"ResultPath":null,"Next":"T"}],"End":true}`, `"T":{"Type":"Pass","End":true}`), `{"a":[]}`, `{"a":[]}`},
		{"timeout path to no number", one(`{` + invoke + `,"Parameters":{"FunctionName":"echo"},"TimeoutSecondsPath":"$.t","End":true}`), `{"t":0}`, `FAILED States.Runtime: The TimeoutSecondsPath '$.t' must name an integer from 1 to 99999999, not 0`},
		{"task error", one(`{` + invoke + `,"Parameters":{"FunctionName":"fails","Payload":{"name":"Bad"}},"End":true}`), `{}`, `FAILED Bad: why`},
		{"task panic", one(`{` + invoke + `,"Parameters":{"FunctionName":"crash"},"End":true}`), `{}`, `FAILED Lambda.Unknown: crash panicked: boom`},
		{"task error without name", one(`{` + invoke + `,"Parameters":{"FunctionName":"odd"},"End":true}`), `{}`, `FAILED Lambda.Unknown: context deadline exceeded`},
		{"catch", one(`{`+invoke+`,"Parameters":{"FunctionName":"fails","Payload":{"name":"Bad"}},"Catch":[{"ErrorEquals":["Other"],"Next":"T"},{"ErrorEquals":["Bad"],"ResultPath":"$.err","Next":"T"}],"OutputPath":"$.no","End":true}`, `"T":{"Type":"Pass","End":true}`), `{"a":1}`, `{"a":1,"err":{"Cause":"why","Error":"Bad"}}`},
		{"catch replaces the input", one(`{`+invoke+`,"Parameters":{"FunctionName":"fails","Payload":{"name":"Bad"}},"Catch":[{"ErrorEquals":["States.TaskFailed"],"Next":"T"}],"End":true}`, `"T":{"Type":"Pass","End":true}`), `{"a":1}`, `{"Cause":"why","Error":"Bad"}`},
		{"catch discards", one(`{`+invoke+`,"Parameters":{"FunctionName":"fails","Payload":{"name":"Bad"}},"Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":null,"Next":"T"}],"End":true}`, `"T":{"Type":"Pass","End":true}`), `{"a":1}`, `{"a":1}`},
		{"catch that cannot place the error", one(`{`+invoke+`,"Parameters":{"FunctionName":"fails","Payload":{"name":"Bad"}},"Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.a.b","Next":"T"}],"End":true}`, `"T":{"Type":"Pass","End":true}`), `{"a":1}`, `FAILED States.ResultPathMatchFailure: ResultPath $.a.b needs an object at "b", but a number is there`},
		{"runtime errors are never caught", one(`{`+invoke+`,"Parameters":{"FunctionName":"echo","Payload.$":"$.no"},"Catch":[{"ErrorEquals":["States.ALL"],"Next":"T"}],"End":true}`, `"T":{"Type":"Pass","End":true}`), `{"a":1}`, `FAILED States.Runtime: The JSONPath '$.no' specified for the field 'Payload.$' could not be found in the input '{"a":1}'`},
		{"intrinsic failures are caught", one(`{`+invoke+`,"Parameters":{"FunctionName":"echo","Payload":{"n.$":"States.MathAdd($.a, 1)"}},"Catch":[{"ErrorEquals":["States.IntrinsicFailure"],"Next":"T"}],"End":true}`, `"T":{"Type":"Pass","End":true}`), `{"a":"1"}`, `{"Cause":"States.MathAdd in the field 'n.$': argument 1 must be an integer, not \"1\"","Error":"States.IntrinsicFailure"}`},
		{"parallel", one(`{"Type":"Parallel","Parameters":{"v.$":"$.a"},"Branches":[{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":5,"End":true}}},{"StartAt":"B","States":{"B":{"Type":"Pass","Result":2,"End":true}}}],"ResultSelector":{"second.$":"$[1]","first.$":"$[0].v"},"ResultPath":"$.r","End":true}`), `{"a":1}`, `{"a":1,"r":{"first":1,"second":2}}`},
		{"parallel fails with its branch", one(`{"Type":"Parallel","Branches":[{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":5,"End":true}}},{"StartAt":"B","States":{"B":{"Type":"Fail","Error":"E","Cause":"C"}}}],"Catch":[{"ErrorEquals":["E"],"Next":"T"}],"End":true}`, `"T":{"Type":"Pass","End":true}`), `{}`, `{"Cause":"C","Error":"E"}`},
		{"no choice in a branch is caught outside", one(`{"Type":"Parallel","Branches":[{"StartAt":"A","States":{"A":{"Type":"Choice","Choices":[{"Variable":"$.a","IsNull":true,"Next":"B"}]},"B":{"Type":"Succeed"}}}],"Catch":[{"ErrorEquals":["States.ALL"],"Next":"T"}],"End":true}`, `"T":{"Type":"Pass","OutputPath":"$.Error","End":true}`), `{"a":1}`, `"States.NoChoiceMatched"`},
		{"map", one(`{"Type":"Map","ItemsPath":"$.list","ItemProcessor":{"ProcessorConfig":{"Mode":"INLINE"},"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}},"End":true}`), `{"list":[3,1,2]}`, `[3,1,2]`},
		{"map of nothing", one(`{"Type":"Map","ItemProcessor":{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}},"End":true}`), `[]`, `[]`},
		{"map of an object", one(`{"Type":"Map","ItemProcessor":{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}},"End":true}`), `{}`, `FAILED States.Runtime: The ItemsPath '$' must name an array, not an object`},
		{"map with selector and context", one(`{"Type":"Map","ItemsPath":"$.list","MaxConcurrency":1,"ItemSelector":{"i.$":"$$.Map.Item.Index","v.$":"$$.Map.Item.Value.n","k.$":"$.k"},"ItemProcessor":{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"in.$":"$","again.$":"$$.Map.Item.Value"},"End":true}}},"ResultPath":"$.out","OutputPath":"$.out","End":true}`), `{"k":"K","list":[{"n":1},{"n":2}]}`, `[{"again":{"n":1},"in":{"i":0,"k":"K","v":1}},{"again":{"n":2},"in":{"i":1,"k":"K","v":2}}]`},
		{"map in a map", one(`{"Type":"Map","ItemProcessor":{"StartAt":"A","States":{"A":{"Type":"Map","ItemProcessor":{"StartAt":"B","States":{"B":{"Type":"Pass","Parameters":{"i.$":"$$.Map.Item.Index"},"OutputPath":"$.i","End":true}}},"End":true}}},"End":true}`), `[[7,7],[],[7]]`, `[[0,1],[],[0]]`},
		{"map fails with its iteration", one(`{"Type":"Map","ItemProcessor":{"StartAt":"A","States":{"A":{`+invoke+`,"Parameters":{"FunctionName":"fails","Payload":{"name.$":"$"}},"End":true}}},"Catch":[{"ErrorEquals":["States.TaskFailed"],"Next":"T"}],"End":true}`, `"T":{"Type":"Pass","End":true}`), `["One","Two"]`, `{"Cause":"why","Error":"One"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, c.def, std)
			equal(t, "outcome", outcome(w.run(c.input)), c.want)
		})
	}
}
