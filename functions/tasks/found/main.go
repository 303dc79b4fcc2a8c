// Command found makes the operator's workspace with its first admin, when the stack is deployed. CloudFormation calls it.
package main

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/task"
)

func main() {
	lambda.Start(task.Found(task.Founding{Table: dynamo.Table(), Client: http.DefaultClient, Now: time.Now, Pause: pause}))
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(3 * time.Second):
		return nil
	}
}
