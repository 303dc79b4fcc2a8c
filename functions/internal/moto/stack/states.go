package stack

import (
	"encoding/json"
	"net/http"
	"strings"

	"slipway/functions/internal/fault"
)

// machine says which machine an answer to a task goes to, for the permission that it needs.
func (d *door) machine(calls *[]Call, r request) {
	if c := &(*calls)[0]; c.Resource == "" {
		var in struct{ TaskToken string }
		_ = json.Unmarshal(r.body, &in) // a token that cannot be read is nobody's
		machine, _ := d.stack.tokens.Load(in.TaskToken)
		name, _ := machine.(string)
		c.Resource = machineARN(name)
	}
}

func machineARN(name string) string {
	return "arn:aws:states:" + region + ":" + account + ":stateMachine:" + name
}

// states answers what functions ask of Step Functions. moto runs one execution an account, so it is asked through
// moto.Workflow, which gives each its own.
func (d *door) states(w http.ResponseWriter, r request) {
	var in struct{ StateMachineArn, ExecutionArn, Name, Input, TaskToken, Output, Error, Cause string }
	if err := json.Unmarshal(r.body, &in); err != nil {
		refuse(w, "states", http.StatusBadRequest, "SerializationException", err.Error())
		return
	}
	last := func(arn string) string { return arn[strings.LastIndex(arn, ":")+1:] }
	execution := strings.Split(in.ExecutionArn, ":")
	machine := execution[max(0, len(execution)-2)]
	workflow, ctx := d.stack.workflow, r.Context()
	answer := map[string]any{}
	var err error
	switch r.target() {
	case "StartExecution":
		machine = last(in.StateMachineArn)
		if definition, ok := d.stack.template.Machines[machine]; ok {
			workflow.Machine(machine, []byte(definition.Definition))
		}
		answer["executionArn"], answer["startDate"] = strings.Replace(machineARN(machine), "stateMachine", "execution", 1)+":"+in.Name, 1767225600
		err = workflow.Start(ctx, machine, in.Name, []byte(in.Input))
	case "DescribeExecution":
		input, found := workflow.Input(machine, last(in.ExecutionArn))
		if !found {
			err = fault.New(fault.NotFound, "no_such_execution", "There is no such execution.")
		}
		answer["input"] = string(input)
	case "SendTaskSuccess":
		err = workflow.Succeed(ctx, in.TaskToken, []byte(in.Output))
	case "SendTaskFailure":
		err = workflow.Fail(ctx, in.TaskToken, in.Error, in.Cause)
	case "StopExecution":
		answer["stopDate"] = 1767225600
		err = workflow.Stop(ctx, machine, last(in.ExecutionArn), in.Cause)
	default:
		err = fault.New(fault.Invalid, "no_such_operation", "Step Functions has no %s here.", r.target())
	}
	if err != nil {
		refuse(w, "states", http.StatusBadRequest, stateError(err), err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_ = json.NewEncoder(w).Encode(answer)
}

// stateError is the name that Step Functions gives an error of moto.Workflow.
func stateError(err error) string {
	switch {
	case fault.Is(err, fault.NotFound):
		return "ExecutionDoesNotExist"
	case fault.Is(err, fault.Conflict) && strings.Contains(err.Error(), "execution_exists"), strings.Contains(err.Error(), "started with another input"):
		return "ExecutionAlreadyExists"
	case fault.Is(err, fault.Conflict):
		return "TaskTimedOut"
	}
	return "ValidationException"
}
