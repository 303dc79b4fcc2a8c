package task_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"slipway/statemachines"
)

// aslState is a state of a deployed machine, as far as its way goes. Waiting and timing are package asl's business.
type aslState struct {
	Type, Next, Default, Resource, Variable, ItemsPath, Error string
	Parameters                                                struct {
		FunctionName string
		Payload      map[string]any
	}
	ItemSelector               map[string]any
	ResultPath, ResultSelector any
	Choices                    []struct{ Variable, StringEquals, Next string }
	Retry                      []struct {
		ErrorEquals []string
		MaxAttempts int
	}
	Catch []struct {
		ErrorEquals []string
		Next        string
	}
	ItemProcessor aslMachine
}

type aslMachine struct {
	StartAt string
	States  map[string]aslState
}

// deployed are the machines as they ship.
var deployed = func() map[string]aslMachine {
	out := map[string]aslMachine{}
	for name, data := range statemachines.All() {
		var m aslMachine
		if err := json.Unmarshal(data, &m); err != nil {
			panic(err)
		}
		out[name] = m
	}
	return out
}()

// place is where an execution is: a state, and what it was handed. In a Map it is a state of the item's, with what goes
// on after the Map beside it; the requests of these worlds have one party each, so there is one item.
type place struct {
	State string
	Data  map[string]any
	Map   string
	Outer map[string]any
}

func (x execution) state(p place) aslState {
	m := deployed[x.Machine]
	if p.Map != "" {
		m = m.States[p.Map].ItemProcessor
	}
	st, ok := m.States[p.State]
	if !ok {
		panic(fmt.Sprintf("%s has no state %q", x.Machine, p.State))
	}
	return st
}

// at gives a value by its path, nil when there is none.
func at(data map[string]any, path string) any {
	var v any = data
	for _, part := range strings.Split(path, ".")[1:] {
		m, _ := v.(map[string]any)
		v = m[part]
	}
	return v
}

// fill makes a payload of its template.
func fill(template map[string]any, data, context map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range template {
		name, isPath := strings.CutSuffix(k, ".$")
		switch path, _ := v.(string); {
		case !isPath:
			out[name] = v
		case strings.HasPrefix(path, "$$."):
			out[name] = context[strings.TrimPrefix(path, "$$.")]
		default:
			out[name] = at(data, path)
		}
	}
	return out
}

// with is the data with a result put where the state says.
func (st aslState) with(data map[string]any, result any) map[string]any {
	path, ok := st.ResultPath.(string)
	if !ok || st.Type == "Map" {
		return data
	}
	out := map[string]any{}
	for k, v := range data {
		out[k] = v
	}
	out[strings.TrimPrefix(path, "$.")] = result
	return out
}

// walk goes through a machine until it waits for somebody or ends.
func (w *world) walk(ctx context.Context, x execution, p place) {
	for rests := 0; rests < rounds; {
		st := x.state(p)
		switch st.Type {
		case "Succeed":
			return
		case "Wait":
			rests++
			p.State = st.Next
		case "Choice":
			p.State = st.Default
			for _, c := range slices.Backward(st.Choices) {
				if at(p.Data, c.Variable) == c.StringEquals {
					p.State = c.Next
				}
			}
		case "Map":
			items := at(p.Data, st.ItemsPath).([]any)
			if len(items) != 1 {
				panic(fmt.Sprintf("%s for %v", p.State, items))
			}
			p = place{st.ItemProcessor.StartAt, fill(st.ItemSelector, p.Data, map[string]any{"Map.Item.Value": items[0]}), p.State, p.Data}
		case "Fail":
			p = x.caught(place{State: p.Map, Data: p.Outer}, st.Error)
		case "Task":
			next, goesOn := w.perform(ctx, x, p, st)
			if !goesOn {
				return
			}
			if next.State == p.State {
				rests++
			}
			p = next
		default:
			panic(st.Type)
		}
	}
	w.stuck(ctx, x, p.State)
}

// after is where it goes on with a result.
func (x execution) after(p place, result any) place {
	st := x.state(p)
	p.Data, p.State = st.with(p.Data, result), st.Next
	if p.State == "" && p.Map != "" { // the one item is done
		p = place{State: x.state(place{State: p.Map}).Next, Data: p.Outer}
	}
	return p
}

// caught is where it goes on after an error.
func (x execution) caught(p place, name string) place {
	for _, c := range x.state(p).Catch {
		if slices.Contains(c.ErrorEquals, name) || slices.Contains(c.ErrorEquals, "States.ALL") {
			p.State = c.Next
			return p
		}
	}
	panic(fmt.Sprintf("%s %s: nobody catches %s", x.Machine, p.State, name))
}

var functionName = regexp.MustCompile(`\$\{(\w+)FunctionArn\}`)

// perform calls a task, as often as its Retry says. It does not go on when it waits for a token, or was stopped.
func (w *world) perform(ctx context.Context, x execution, p place, st aslState) (place, bool) {
	name := kebab(functionName.FindStringSubmatch(st.Parameters.FunctionName)[1])
	a, stopped := actorOf(ctx), func(w *world) bool { return w.flow.stopped[x.Name] }
	context := map[string]any{"State.EnteredTime": w.now, "Execution.StartTime": w.now}
	for try := 0; ; try++ {
		if a.asks(w, "look", stopped) {
			return p, false
		}
		token := ""
		if strings.HasSuffix(st.Resource, ".waitForTaskToken") {
			token = w.park(a, x, p, name)
			context["Task.Token"] = token
		}
		var result any
		var failed string
		a.within(w, func() string {
			result, failed = w.call(ctx, name, fill(st.Parameters.Payload, p.Data, context))
			return fmt.Sprint(result, failed)
		})
		if token != "" && (failed == "" || !a.asks(w, "look", func(w *world) bool { return w.flow.tokens[token].Name != "" })) {
			return p, false // it waits, or somebody has answered already
		}
		if failed == "" {
			return x.after(p, selected(st, result)), true
		}
		workflow{w}.take(a, "look", token)
		if a.asks(w, "look", stopped) {
			return p, false
		}
		if len(st.Retry) == 0 || !slices.Contains(st.Retry[0].ErrorEquals, failed) || try == st.Retry[0].MaxAttempts {
			return x.caught(p, failed), true
		}
	}
}

// park hands out the token of a task.
func (w *world) park(a *actor, x execution, p place, name string) string {
	return a.does(w, "look", func(w *world) (any, uint64) {
		token := w.flow.token(x, p, name)
		return token, maphash.String(seed, token)
	}).(string)
}

func selected(st aslState, result any) any {
	selector, ok := st.ResultSelector.(map[string]any)
	if !ok {
		return result
	}
	return fill(selector, map[string]any{"Payload": result}, nil)
}

// call runs a task once, and gives the name of its error.
func (w *world) call(ctx context.Context, function string, payload map[string]any) (result any, failed string) {
	data, err := json.Marshal(payload)
	if err != nil {
		panic(err)
	}
	out, err := w.tasks[function](ctx, data)
	var named messages.InvokeResponse_Error
	if errors.As(err, &named) {
		return nil, named.Type
	}
	data, err = json.Marshal(out)
	if err == nil {
		err = json.Unmarshal(data, &result)
	}
	if err != nil {
		panic(err)
	}
	return result, ""
}

// kebab is how a task's folder is spelled.
func kebab(s string) string {
	return strings.ToLower(regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(s, "$1-$2"))
}
