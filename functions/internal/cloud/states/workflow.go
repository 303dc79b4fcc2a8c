// Package states is the workflows of Slipway on Step Functions. What a machine does does not belong here.
//
// Each port has a constructor of its own, so that a function links the operations that it calls, and no others: each of
// them brings along what writes its requests and reads its answers.
package states

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/client"
)

var below = client.Below{Code: "workflow", Name: "The workflow service"}

// machines are the ARNs of the machines named at the start.
type machines map[string]string

// open reads what every constructor needs: the machines' ARNs, and the settings of a client for Step Functions.
func open(names []string) (arns machines, env client.Settings, err error) {
	if env, err = client.Environment("SFN"); err != nil {
		return nil, env, err
	}
	arns = make(machines, len(names))
	for _, m := range names {
		if arns[m], err = cloud.Require(machineVariable(m)); err != nil {
			return nil, env, err
		}
	}
	return arns, env, nil
}

// connect makes a client and opens its connection. It sends nothing.
func connect(env client.Settings) *sfn.Client {
	resolver := sfn.NewDefaultEndpointResolverV2()
	endpoint, _ := resolver.ResolveEndpoint(context.Background(), sfn.EndpointParameters{Region: &env.Region, Endpoint: env.Endpoint}.WithDefaults())
	return sfn.New(sfn.Options{
		Region: env.Region, Credentials: env.Credentials, BaseEndpoint: env.Endpoint, EndpointResolverV2: resolver,
		HTTPClient: client.Connected(5*time.Second, endpoint.URI), Retryer: client.Retryer(),
	})
}

// machineVariable is the variable that holds a machine's ARN: "force-removal" is in SLIPWAY_MACHINE_FORCE_REMOVAL.
func machineVariable(machine string) string {
	return "SLIPWAY_MACHINE_" + strings.ToUpper(strings.ReplaceAll(machine, "-", "_"))
}

// arn finds a machine, also one that was not named at the start.
func (all machines) arn(machine string) (string, error) {
	if arn := all[machine]; arn != "" {
		return arn, nil
	}
	return cloud.Require(machineVariable(machine))
}

// execution is the ARN that Step Functions gives an execution of that name.
func (all machines) execution(machine, name string) (string, error) {
	arn, err := all.arn(machine)
	if err != nil {
		return "", err
	}
	before, after, ok := strings.Cut(arn, ":stateMachine:")
	if !ok {
		return "", fmt.Errorf("cloud: %s holds %q, which is no ARN of a state machine", machineVariable(machine), arn)
	}
	return before + ":execution:" + after + ":" + name, nil
}

// most is what Step Functions takes as an input or an output, in bytes.
const most = 256 << 10
