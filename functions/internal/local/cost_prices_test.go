package local_test

// List prices of us-east-1 in dollars, without free tiers and discounts, as AWS publishes them at
// aws.amazon.com/{api-gateway,lambda,dynamodb,step-functions,ses}/pricing; as of 2025. Change them here.
const (
	perRequest    = 1.00 / 1e6       // HTTP API, the first 300 million a month
	perInvocation = 0.20 / 1e6       // Lambda
	perGBSecond   = 0.0000133334     // Lambda on arm64
	perRead       = 0.125 / 1e6      // DynamoDB on demand, a read request unit
	perWrite      = 0.625 / 1e6      // DynamoDB on demand, a write request unit
	perTransition = 0.025 / 1e3      // Step Functions, Standard
	perMail       = 0.10 / 1e3       // SES
	perInvoked    = 0.5 * 0.050      // GB-seconds: what an invocation is taken to use, 50 ms at 512 MB
	perBuild      = 3008. / 1024 * 6 // GB-seconds: what a build and its test are taken to use, 6 s at 3008 MB
)

// dollars is the price of what was used, with builds beside it.
func (u usage) dollars(builds int) float64 {
	return float64(u.Requests)*perRequest + float64(u.Invocations)*(perInvocation+perInvoked*perGBSecond) + float64(builds)*perBuild*perGBSecond +
		float64(u.Reads)*perRead + float64(u.Writes)*perWrite + float64(u.Transitions)*perTransition + float64(u.Mails)*perMail
}
