package layout_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const alarms = "infra/alarms.yaml"

// alarm is what the tests read of one, and of what the logs are counted by.
type alarm struct {
	AlarmDescription, Namespace, MetricName, Statistic string
	Threshold                                          float64
	ComparisonOperator, TreatMissingData               string
	Dimensions                                         []dimension
	AlarmActions                                       []string
	Metrics                                            []struct {
		MetricStat struct {
			Metric struct {
				Namespace, MetricName string
				Dimensions            []dimension
			}
			Stat string
		}
	}
	LogGroupName, FilterPattern string
	MetricTransformations       []struct{ MetricNamespace, MetricName, MetricValue string }
}

type dimension struct{ Name, Value string }

// watched is what people have to be woken for, as alarm: metric, by which dimension, and from when on.
func watched(machines []string) []string {
	out := []string{
		"DeadLettered: AWS/SQS ApproximateNumberOfMessagesVisible QueueName=DeadLetters Maximum >= 1",
		"FunctionErrors: Namespace FunctionErrors Sum >= 1",
		"FunctionsThrottled: AWS/Lambda Throttles Sum >= 1",
		"MailBounces: AWS/SES Reputation.BounceRate ses:configuration-set=MailConfiguration Average >= 0.05",
		"MailComplaints: AWS/SES Reputation.ComplaintRate ses:configuration-set=MailConfiguration Average >= 0.001",
		"OutboxFailing: AWS/Lambda Errors FunctionName=DeliverFunction Sum >= 1",
		"OutboxOld: Namespace OutboxAge Maximum >= 1800",
		"OutboxSilent: AWS/Lambda Invocations FunctionName=DeliverFunction Sum < 1 or nothing",
		"ServerErrors: AWS/ApiGateway 5xx ApiId=Api Sum >= 5",
		"TableThrottled: AWS/DynamoDB ThrottledRequests TableName=Table Operation=TransactWriteItems Sum >= 1",
	}
	for _, m := range machines {
		for _, ends := range []string{"ExecutionsFailed", "ExecutionsTimedOut"} {
			out = append(out, fmt.Sprintf("MachineFailed: AWS/States %s StateMachineArn=%sMachine Sum >= 1", ends, strings.ToUpper(m[:1])+m[1:]))
		}
	}
	slices.Sort(out)
	return out
}

// counted is how the logs become figures. What the filters look for is what package cloud and tasks/deliver write.
var counted = []string{
	`FunctionErrors=1 in Namespace from ApiLog: { ($.level = "ERROR") || ($.type = "platform.report" && $.record.status != "success") }`,
	`FunctionErrors=1 in Namespace from TaskLog: { ($.level = "ERROR") || ($.type = "platform.report" && ($.record.status = "timeout" || $.record.status = "error")) }`,
	`OutboxAge=$.oldest in Namespace from TaskLog: { ($.message = "outbox") && ($.oldest >= 0) }`,
}

func (a alarm) each(id string) (out []string) {
	when := fmt.Sprintf("%s %s %v", a.Statistic, map[string]string{"GreaterThanOrEqualToThreshold": ">=", "LessThanThreshold": "<"}[a.ComparisonOperator], a.Threshold)
	if a.TreatMissingData == "breaching" {
		when += " or nothing"
	}
	say := func(namespace, metric string, dimensions []dimension, when string) {
		words := []string{id + ":", namespace, metric}
		for _, d := range dimensions {
			words = append(words, d.Name+"="+d.Value)
		}
		out = append(out, strings.Join(append(words, when), " "))
	}
	if a.MetricName != "" {
		say(a.Namespace, a.MetricName, a.Dimensions, when)
	}
	for _, m := range a.Metrics {
		if m.MetricStat.Metric.MetricName != "" {
			say(m.MetricStat.Metric.Namespace, m.MetricStat.Metric.MetricName, m.MetricStat.Metric.Dimensions, m.MetricStat.Stat+strings.TrimPrefix(when, a.Statistic))
		}
	}
	return out
}

// alarmsWrong names what nobody would be woken for, and alarms that nobody hears or sees.
func alarmsWrong(template string, machines []string) (out []string) {
	var doc struct {
		Resources map[string]struct {
			Type       string    `yaml:"Type"`
			Properties yaml.Node `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal([]byte(template), &doc); err != nil {
		return []string{err.Error()}
	}
	board := doc.Resources["Dashboard"].Properties
	var found, figures []string
	for _, id := range slices.Sorted(maps.Keys(doc.Resources)) {
		r := doc.Resources[id]
		a := readAlarm(&r.Properties)
		switch r.Type {
		case "AWS::Logs::MetricFilter":
			for _, m := range a.MetricTransformations {
				figures = append(figures, fmt.Sprintf("%s=%s in %s from %s: %s", m.MetricName, m.MetricValue, m.MetricNamespace, a.LogGroupName, a.FilterPattern))
			}
		case "AWS::CloudWatch::Alarm":
			found = append(found, a.each(id)...)
			if !slices.Equal(a.AlarmActions, []string{"Topic"}) || a.AlarmDescription == "" {
				out = append(out, id+" tells nobody, or not what it is")
			}
			if !strings.Contains(flat(&board), "${"+id+".Arn}") {
				out = append(out, id+" is not on the dashboard")
			}
		}
	}
	for _, lists := range [][2][]string{{found, watched(machines)}, {figures, counted}} {
		slices.Sort(lists[0])
		for _, f := range lists[0] {
			if !slices.Contains(lists[1], f) {
				out = append(out, "unknown: "+f)
			}
		}
		for _, w := range lists[1] {
			if !slices.Contains(lists[0], w) {
				out = append(out, "missing: "+w)
			}
		}
	}
	return out
}

// readAlarm goes by way of JSON, whose decoder takes the names of fields for those of properties.
func readAlarm(n *yaml.Node) (a alarm) {
	var v any
	if n.Decode(&v) == nil {
		said, _ := json.Marshal(v)
		_ = json.Unmarshal(said, &a) // what is no alarm has other properties
	}
	return a
}

func TestAlarmsWatchWhatPeopleAreWokenFor(t *testing.T) {
	machines := slices.Sorted(maps.Keys(deployedMachines(t)))
	for _, wrong := range alarmsWrong(string(file(t, alarms)), machines) {
		t.Error(alarms, ": ", wrong)
	}
}

func TestPlantedSilenceIsFound(t *testing.T) {
	right := string(file(t, alarms))
	machines := slices.Sorted(maps.Keys(deployedMachines(t)))
	for name, p := range map[string]struct {
		old, new, finds string
		machines        []string
	}{
		"nothing":            {"", "", "", machines},
		"a metric misnamed":  {"MetricName: Throttles", "MetricName: Throttled", "missing: FunctionsThrottled", machines},
		"a wrong dimension":  {"Name: QueueName", "Name: Queue", "missing: DeadLettered", machines},
		"a later alarm":      {"Threshold: 1800", "Threshold: 18000", "missing: OutboxOld", machines},
		"the other way":      {"ComparisonOperator: LessThanThreshold", "ComparisonOperator: GreaterThanOrEqualToThreshold", "missing: OutboxSilent", machines},
		"silence is right":   {"TreatMissingData: breaching", "TreatMissingData: notBreaching", "missing: OutboxSilent", machines},
		"nobody hears it":    {"AlarmActions: [!Ref Topic]", "AlarmActions: []", "tells nobody", machines},
		"nobody sees it":     {`"${DeadLettered.Arn}", `, "", "DeadLettered is not on the dashboard", machines},
		"a log never read":   {`$.message = "outbox"`, `$.message = "outboxes"`, "missing: OutboxAge", machines},
		"timeouts of no one": {"MetricName: ExecutionsTimedOut", "MetricName: ExecutionsAborted", "missing: MachineFailed: AWS/States ExecutionsTimedOut", machines},
		"a new machine":      {"", "", "missing: MachineFailed: AWS/States ExecutionsFailed StateMachineArn=RefundMachine", append([]string{"refund"}, machines...)},
	} {
		got := strings.Join(alarmsWrong(strings.Replace(right, p.old, p.new, 1), p.machines), "; ")
		if (p.finds == "") != (got == "") || !strings.Contains(got, p.finds) {
			t.Errorf("%s: found %q, want %q", name, got, p.finds)
		}
	}
}
