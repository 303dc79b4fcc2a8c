package asl

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// fieldsOf says which fields each type of state has, besides Type, Comment and QueryLanguage.
var fieldsOf = map[string][]string{
	"Task": {"InputPath", "Parameters", "Resource", "ResultSelector", "ResultPath", "OutputPath", "TimeoutSeconds",
		"TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath", "Retry", "Catch", "Next", "End"},
	"Pass":    {"InputPath", "Parameters", "Result", "ResultPath", "OutputPath", "Next", "End"},
	"Choice":  {"InputPath", "OutputPath", "Choices", "Default"},
	"Wait":    {"InputPath", "OutputPath", "Seconds", "SecondsPath", "Timestamp", "TimestampPath", "Next", "End"},
	"Succeed": {"InputPath", "OutputPath"},
	"Fail":    {"Error", "ErrorPath", "Cause", "CausePath"},
	"Parallel": {"InputPath", "Parameters", "Branches", "ResultSelector", "ResultPath", "OutputPath", "Retry", "Catch",
		"Next", "End"},
	"Map": {"InputPath", "ItemsPath", "ItemSelector", "ItemProcessor", "MaxConcurrency", "ResultSelector", "ResultPath",
		"OutputPath", "Retry", "Catch", "Next", "End"},
}

// state reads one state. inMap says whether $$.Map means something here.
func (p *parser) state(name string, n node, inMap bool) *state {
	s := &state{name: name, path: n.path, kind: p.required(n, "Type", "write one of "+strings.Join(sortedKeys(fieldsOf), ", "))}
	fields, ok := fieldsOf[s.kind]
	if !ok {
		if s.kind != "" {
			p.badf(n.at("Type"), "%q is no type of state%s", s.kind, nearest(s.kind, sortedKeys(fieldsOf)))
		}
		return s
	}
	p.known(n, append([]string{"Type", "Comment", "QueryLanguage"}, fields...)...)
	p.queryLanguage(n)
	s.comment = p.optional(n, "Comment")
	if slices.Contains(fields, "Next") {
		p.leads(n, s)
	}
	place := where{inMap: inMap || s.kind == "Map"}
	s.inputPath = p.ioPath(n, "InputPath", where{inMap: inMap})
	s.outputPath = p.ioPath(n, "OutputPath", where{inMap: inMap})
	s.resultPath = p.resultPath(n)
	if slices.Contains(fields, "Parameters") {
		s.parameters = p.template(n, "Parameters", where{inMap: inMap, token: n.vals["Resource"] == resourceInvokeToken})
	}
	s.resultSelector = p.template(n, "ResultSelector", where{inMap: inMap})
	s.retry = p.retriers(n)
	s.catch = p.catchers(n)
	switch s.kind {
	case "Task":
		p.task(n, s)
	case "Pass":
		if v, ok := n.vals["Result"]; ok {
			s.result, s.hasResult = plain(v), true
		}
	case "Choice":
		p.choiceState(n, s, place)
	case "Wait":
		p.waitState(n, s)
	case "Fail":
		s.failError, s.failCause = p.text(n, "Error", place), p.text(n, "Cause", place)
	case "Parallel":
		p.parallel(n, s, inMap)
	case "Map":
		p.mapState(n, s, place)
	}
	return s
}

// leads reads Next or End.
func (p *parser) leads(n node, s *state) {
	s.next = p.optional(n, "Next")
	end, hasEnd := n.vals["End"]
	switch {
	case hasEnd && n.has("Next"):
		p.badf(n.path, "has both Next and End; keep one")
	case hasEnd && end != true:
		p.badf(n.at("End"), "must be true; to go on, write Next instead")
	case !hasEnd && !n.has("Next"):
		p.badf(n.path, `leads nowhere; add "Next" or "End": true`)
	case !hasEnd && s.next == "" && n.vals["Next"] == "":
		p.badf(n.at("Next"), "must name a state")
	}
	s.end = hasEnd
}

var functionName = regexp.MustCompile(`^[A-Za-z0-9_:.$-]{1,170}$`)

// task reads a call of a function.
func (p *parser) task(n node, s *state) {
	switch r := p.required(n, "Resource", "write "+resourceInvoke+" or "+resourceInvokeToken); r {
	case resourceInvoke, "":
	case resourceInvokeToken:
		s.callback = true
	default:
		p.badf(n.at("Resource"), "%q is not supported; write %s or %s", r, resourceInvoke, resourceInvokeToken)
	}
	s.timeout = p.seconds(n, "TimeoutSeconds", 1)
	s.heartbeat = p.seconds(n, "HeartbeatSeconds", 1)
	if s.heartbeat.n > 0 && s.timeout.n > 0 && s.heartbeat.n >= s.timeout.n {
		p.badf(n.at("HeartbeatSeconds"), "must be less than TimeoutSeconds")
	}
	if s.heartbeat.given && !s.callback {
		p.badf(n.path, "has a heartbeat, but only a task with a token can send one; use %s", resourceInvokeToken)
	}
	if !n.has("Parameters") {
		p.badf(n.path, "has no Parameters; give FunctionName and Payload")
		return
	}
	params, ok := n.vals["Parameters"].(*object)
	if !ok {
		return // template said so
	}
	pn := node{params, n.at("Parameters")}
	p.known(pn, "FunctionName", "Payload", "Payload.$")
	s.function = p.required(pn, "FunctionName", "name the function to invoke")
	if s.function != "" && !functionName.MatchString(s.function) && !substitution.MatchString(s.function) {
		p.badf(pn.at("FunctionName"), "%q is no name or ARN of a function", s.function)
	}
	if s.callback && s.parameters != nil {
		sees := false
		s.parameters.paths(func(q *path) {
			sees = sees || q.context && len(q.steps) == 2 && q.steps[0].name == "Task"
		})
		if !sees {
			p.badf(pn.path, `never passes the token on, so nobody could answer; put "token.$": "$$.Task.Token" into Payload`)
		}
	}
}

func (p *parser) waitState(n node, s *state) {
	given := 0
	for _, k := range []string{"Seconds", "SecondsPath", "Timestamp", "TimestampPath"} {
		if n.has(k) {
			given++
		}
	}
	if given != 1 {
		p.badf(n.path, "must have exactly one of Seconds, SecondsPath, Timestamp and TimestampPath")
	}
	s.wait = p.seconds(n, "Seconds", 0)
	if n.has("Timestamp") {
		s.timestamp = p.optional(n, "Timestamp")
		if _, ok := parseTime(s.timestamp); !ok && n.vals["Timestamp"] == s.timestamp {
			p.badf(n.at("Timestamp"), "%q is not a timestamp; write it as 2026-01-31T12:00:00Z", s.timestamp)
		}
	}
	s.timestampPath = p.referencePath(n, "TimestampPath")
}

func (p *parser) parallel(n node, s *state, inMap bool) {
	list, ok := n.vals["Branches"].([]any)
	if !ok || len(list) == 0 {
		p.badf(n.at("Branches"), "must be an array of at least one branch, each with StartAt and States")
	}
	for i, v := range list {
		b, ok := p.object(fmt.Sprintf("%s/%d", n.at("Branches"), i), v)
		if !ok {
			continue
		}
		p.known(b, "Comment", "StartAt", "States")
		p.optional(b, "Comment")
		s.branches = append(s.branches, p.flow(b, inMap))
	}
}

func (p *parser) mapState(n node, s *state, place where) {
	s.itemsPath = p.ioPath(n, "ItemsPath", where{inMap: place.inMap})
	if s.itemsPath.null {
		p.badf(n.at("ItemsPath"), "must be a path to an array, not null")
	}
	s.parameters = p.template(n, "ItemSelector", place)
	if n.has("MaxConcurrency") {
		s.concurrency = int(p.integer(n, "MaxConcurrency", 0, 1000))
	}
	if !n.has("ItemProcessor") {
		p.badf(n.path, "has no ItemProcessor")
		return
	}
	b, ok := p.object(n.at("ItemProcessor"), n.vals["ItemProcessor"])
	if !ok {
		return
	}
	p.known(b, "Comment", "ProcessorConfig", "StartAt", "States")
	p.optional(b, "Comment")
	if v, ok := b.vals["ProcessorConfig"]; ok {
		if c, ok := p.object(b.at("ProcessorConfig"), v); ok {
			p.known(c, "Mode")
			if c.vals["Mode"] != "INLINE" {
				p.badf(c.at("Mode"), `must be "INLINE"; distributed maps are not supported`)
			}
		}
	}
	s.branches = []*flow{p.flow(b, true)}
}

// parseTime reads a timestamp of the language: RFC 3339 with capital T and Z.
func parseTime(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil && strings.ToUpper(s) == s && strings.Contains(s, "T")
}
