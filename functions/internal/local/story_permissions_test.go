package local_test

import "slipway/functions/internal/moto/stack"

// exceptions are all differences between what the template grants and what is used while the stories are played on moto,
// and every grant of more than is named, each with its reason. One that fits nothing any more fails the run.
var exceptions = []stack.Exception{
	{Grant: stack.Grant{Policy: "AWSLambdaBasicExecutionRole"}, Why: "SAM adds it; Lambda itself writes the logs, and Bounds ends it at Slipway's"},
	{Grant: stack.Grant{Policy: "AWSXrayWriteOnlyAccess"}, Why: "SAM adds it for tracing; Lambda and Step Functions themselves write traces, which have no ARN"},
	{Grant: stack.Grant{Policy: "AWSLambdaDynamoDBExecutionRole"}, Why: "SAM adds it for the stream; Lambda itself reads that, and moto does not run it"},
	{Grant: stack.Grant{Policy: "LogMachines"}, Why: "Step Functions itself delivers the logs, and deliveries have no ARN"},
	{Grant: stack.Grant{Policy: "ForgetAttempts"}, Why: "an operation that breaks down gives its Idempotency-Key back; no story breaks one"},
	{Grant: stack.Grant{Action: "states:DescribeExecution"}, Why: "asked when an execution of that name has ended already: was it the same start?"},
	{Grant: stack.Grant{Who: "Release", Resource: "*:TasksHandOver"}, Why: "a machine is handed over after 300 days, and moto runs on the wall's time"},
	{Grant: stack.Grant{Who: "TasksDeliver", Action: "sqs:SendMessage"}, Why: "SAM adds it for the stream's dead letters; Lambda itself puts them there"},
	{Grant: stack.Grant{Action: "sqs:SendMessage"}, Why: "Lambda itself sends to the queue what failed too often"},
	{Grant: stack.Grant{Who: "TasksApply", Policy: "AnswerReleases"}, Why: "like every command it ends the machine of a grayscale that it takes the place of; in test and sandbox there is none"},
	{Grant: stack.Grant{Who: "TasksDecide", Policy: "AnswerReleases"}, Why: "as TasksApply: an approval leads to everyone in sandbox only"},
}
