package layout_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// promise is something that a template says and that no story would miss: what keeps data, keeps it to ourselves, or
// brings what failed to somebody's notice.
type promise struct{ file, at, says string }

const (
	data, mailing, identity, main = "infra/data.yaml", "infra/mail.yaml", "infra/identity.yaml", "template.yaml"
	accessLog                     = `{"requestId":"$context.requestId","ip":"$context.identity.sourceIp","route":"$context.routeKey","status":"$context.status","latency":"$context.responseLatency","function":"$context.integrationLatency","bytes":"$context.responseLength","denied":"$context.authorizer.error","error":"$context.integrationErrorMessage"}`
	onlyTLS                       = `Effect: Deny, Principal: *, Action: s3:*, Resource: [!GetAtt Bucket.Arn, !Sub ${Bucket.Arn}/*], Condition: {Bool: {aws:SecureTransport: false}}}`
)

var promises = []promise{
	{data, "Resources/Table/Properties/BillingMode", "PAY_PER_REQUEST"},
	{data, "Resources/Table/Properties/DeletionProtectionEnabled", "true"},
	{data, "Resources/Table/Properties/PointInTimeRecoverySpecification", "{PointInTimeRecoveryEnabled: true}"},
	{data, "Resources/Table/Properties/SSESpecification", "{SSEEnabled: true}"},
	{data, "Resources/Table/Properties/TimeToLiveSpecification", "{AttributeName: expires, Enabled: true}"},
	{data, "Resources/Table/Properties/StreamSpecification", "{StreamViewType: KEYS_ONLY}"},
	{data, "Resources/Table/Properties/KeySchema", "[{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]"},
	{data, "Resources/Bucket/Properties/PublicAccessBlockConfiguration", "{BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true}"},
	{data, "Resources/Bucket/Properties/OwnershipControls", "{Rules: [{ObjectOwnership: BucketOwnerEnforced}]}"},
	{data, "Resources/Bucket/Properties/VersioningConfiguration", "{Status: Enabled}"},
	{data, "Resources/Bucket/Properties/BucketEncryption", "{ServerSideEncryptionConfiguration: [{ServerSideEncryptionByDefault: {SSEAlgorithm: AES256}}]}"},
	// All that is ever deleted: uploads that nobody submitted. Projects, releases and images stay.
	{data, "Resources/Bucket/Properties/LifecycleConfiguration/Rules", "[{Id: Superseded, Status: Enabled, NoncurrentVersionExpiration: {NoncurrentDays: 30}}, {Id: Uploads, Status: Enabled, Prefix: uploads/, ExpirationInDays: 7}, {Id: Unfinished, Status: Enabled, AbortIncompleteMultipartUpload: {DaysAfterInitiation: 1}}]"},
	{data, "Resources/BucketPolicy/Properties", "{Bucket: !Ref Bucket, PolicyDocument: {Version: 2012-10-17, Statement: [{Sid: TlsOnly, " + onlyTLS + "]}}"},
	{data, "Resources/Secret/Properties/GenerateSecretString", "{PasswordLength: 64, ExcludePunctuation: true}"},

	{mailing, "Resources/Sender/DeletionPolicy", "RetainExceptOnCreate"},
	{mailing, "Resources/Configuration/Properties", "{DeliveryOptions: {TlsPolicy: REQUIRE}, ReputationOptions: {ReputationMetricsEnabled: true}, SuppressionOptions: {SuppressedReasons: [BOUNCE, COMPLAINT]}}"},
	{mailing, "Resources/Reports/Properties/ConfigurationSetName", "!Ref Configuration"},
	{mailing, "Resources/Reports/Properties/EventDestination/Enabled", "true"},
	{mailing, "Resources/Reports/Properties/EventDestination/MatchingEventTypes", "[bounce, complaint]"},

	{identity, "Resources/Pool/Properties/DeletionProtection", "ACTIVE"},
	{identity, "Resources/Pool/Properties/AdminCreateUserConfig", "{AllowAdminCreateUserOnly: true}"},
	{identity, "Resources/Pool/Properties/UsernameConfiguration", "{CaseSensitive: false}"},
	{identity, "Resources/Pool/Properties/UserAttributeUpdateSettings", "{AttributesRequireVerificationBeforeUpdate: [email]}"},
	{identity, "Resources/Pool/Properties/Policies/PasswordPolicy/MinimumLength", "12"},
	{identity, "Resources/Client/Properties/PreventUserExistenceErrors", "ENABLED"},
	{identity, "Outputs/Issuer", "{Value: !Sub https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${Pool}}"},
	{identity, "Outputs/Audience", "{Value: !Ref Client}"},

	// Were it otherwise, no alarm would reach anybody, and nothing would say so.
	{alarms, "Resources/Topic/Properties", "{KmsMasterKeyId: !Ref Key}"},
	{alarms, "Resources/Key/Properties/KeyPolicy/Statement", "[{Sid: Account, Effect: Allow, Principal: {AWS: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:root}, Action: kms:*, Resource: *}, {Sid: Alarms, Effect: Allow, Principal: {Service: cloudwatch.amazonaws.com}, Action: [kms:Decrypt, kms:GenerateDataKey], Resource: *}]"},
	{alarms, "Resources/Subscription/Properties", "{TopicArn: !Ref Topic, Protocol: email, Endpoint: !Ref Email}"},

	{main, "Resources/Data/DeletionPolicy", "Retain"},
	{main, "Resources/Identity/Condition", "OwnSignIn"},
	{main, "Globals/Function/Runtime", "provided.al2023"},
	{main, "Globals/Function/Architectures", "[arm64]"},
	{main, "Globals/Function/Tracing", "Active"},
	{main, "Globals/Function/PermissionsBoundary", "!Ref Bounds"},
	{main, "Globals/Function/LoggingConfig", "{LogFormat: JSON, LogGroup: !Ref ApiLog}"},
	{main, "Resources/Api/Properties/Auth", "{DefaultAuthorizer: Callers, Authorizers: {Callers: {FunctionArn: !GetAtt WorkspacesAuthorize.Arn, EnableFunctionDefaultPermissions: true, AuthorizerPayloadFormatVersion: 2.0, EnableSimpleResponses: true}}}"},
	{main, "Resources/Api/Properties/AccessLogSettings", "{DestinationArn: !GetAtt AccessLog.Arn, Format: " + accessLog + "}"}, // no path: it holds secrets and ids
	{main, "Resources/Api/Properties/DefaultRouteSettings", "{ThrottlingRateLimit: 200, ThrottlingBurstLimit: 400}"},
	{main, "Resources/WorkspacesAuthorize/Properties/Environment/Variables", "{SLIPWAY_ISSUERS: !If [OwnSignIn, !GetAtt Identity.Outputs.Issuer, !Ref Issuers], SLIPWAY_AUDIENCE: !If [OwnSignIn, !GetAtt Identity.Outputs.Audience, !Ref Audience]}"},
	{main, "Resources/DeadLetters/Properties", "{MessageRetentionPeriod: 1209600, SqsManagedSseEnabled: true}"},
	{main, "Resources/TasksDeliver/Properties/Events/NewRow/Properties", `{Stream: !GetAtt Data.Outputs.TableStreamArn, StartingPosition: LATEST, BatchSize: 100, MaximumRetryAttempts: 4, MaximumRecordAgeInSeconds: 300, BisectBatchOnFunctionError: true, ` +
		`DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt DeadLetters.Arn}}, FilterCriteria: {Filters: [{Pattern: {"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": ["OUTBOX"]}}}}}]}}`},
	{main, "Resources/TasksDeliver/Properties/Events/EachMinute/Properties", "{Schedule: rate(1 minute), DeadLetterConfig: {Arn: !GetAtt DeadLetters.Arn}}"},
	{main, "Resources/TasksBounce/Properties/Events/Reported/Properties", "{Pattern: {source: [aws.ses], detail-type: [Email Bounced, Email Complaint Received], detail: {mail: {tags: {ses:configuration-set: [!GetAtt Mail.Outputs.ConfigurationSet]}}}}, DeadLetterConfig: {Arn: !GetAtt DeadLetters.Arn}}"},
	{main, "Resources/TasksBounce/Properties/DeadLetterQueue", "{Type: SQS, TargetArn: !GetAtt DeadLetters.Arn}"},
	{main, "Resources/TasksFound/Properties/DeadLetterQueue", "{Type: SQS, TargetArn: !GetAtt DeadLetters.Arn}"},
}

// flat writes what a node says on one line.
func flat(n *yaml.Node) string {
	tag := ""
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		tag = n.Tag + " "
	}
	var parts []string
	switch n.Kind {
	case yaml.SequenceNode:
		for _, c := range n.Content {
			parts = append(parts, flat(c))
		}
		return tag + "[" + strings.Join(parts, ", ") + "]"
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			parts = append(parts, n.Content[i].Value+": "+flat(n.Content[i+1]))
		}
		return tag + "{" + strings.Join(parts, ", ") + "}"
	}
	return tag + n.Value
}

// child is what a mapping has under a key, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	for i := 0; n != nil && n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// at follows a path of keys with slashes between them.
func at(n *yaml.Node, path string) *yaml.Node {
	for key := range strings.SplitSeq(path, "/") {
		n = child(n, key)
	}
	return n
}

// readTemplates reads the template and those nested in it, by their paths.
func readTemplates(t *testing.T) map[string]*yaml.Node {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, "infra", "*.yaml"))
	if err != nil || len(names) < 5 {
		t.Fatalf("templates: %v, %v", names, err)
	}
	out := map[string]*yaml.Node{}
	for _, name := range append(names, filepath.Join(root, main)) {
		rel, _ := filepath.Rel(root, name)
		var doc yaml.Node
		if err := yaml.Unmarshal(file(t, rel), &doc); err != nil {
			t.Fatal(err)
		}
		out[filepath.ToSlash(rel)] = doc.Content[0]
	}
	return out
}

// unkept names the promises that templates do not keep.
func unkept(templates map[string]*yaml.Node) (out []string) {
	for _, p := range promises {
		got := "nothing"
		if n := at(templates[p.file], p.at); n != nil {
			got = flat(n)
		}
		if got != p.says {
			out = append(out, fmt.Sprintf("%s: %s says %s, want %s", p.file, p.at, got, p.says))
		}
	}
	return out
}

// lasting are the kinds of resources that hold what nobody could make again.
var lasting = []string{"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret", "AWS::Cognito::UserPool"}

// careless names what every resource or parameter of its kind has to have, where one has not.
func careless(templates map[string]*yaml.Node) (out []string) {
	for name, template := range templates {
		wants := func(where string, n *yaml.Node, path, says string) {
			if got := at(n, path); got == nil || says != "" && flat(got) != says {
				out = append(out, strings.TrimSpace(fmt.Sprintf("%s: %s has no %s %s", name, where, path, says)))
			}
		}
		each(child(template, "Resources"), func(id string, r *yaml.Node) {
			switch kind := child(r, "Type").Value; {
			case slices.Contains(lasting, kind):
				wants(id, r, "DeletionPolicy", "Retain")
				wants(id, r, "UpdateReplacePolicy", "Retain")
			case kind == "AWS::Logs::LogGroup":
				wants(id, r, "Properties/RetentionInDays", "!Ref LogDays")
			case kind == "AWS::Serverless::StateMachine":
				wants(id, r, "Properties/Tracing", "{Enabled: true}")
				// The data of an execution holds task tokens, which whoever reads logs could answer.
				wants(id, r, "Properties/Logging", "{Level: ERROR, IncludeExecutionData: false, Destinations: [{CloudWatchLogsLogGroup: {LogGroupArn: !GetAtt MachineLog.Arn}}]}")
			}
		})
		each(child(template, "Parameters"), func(id string, p *yaml.Node) {
			wants(id, p, "Description", "")
			if name != main || child(p, "AllowedValues") != nil {
				return // a nested stack is given values that were looked at before
			}
			bound := "AllowedPattern"
			if child(p, "Type").Value == "Number" {
				bound = "MinValue"
			}
			wants(id, p, bound, "")
		})
	}
	slices.Sort(out)
	return out
}

// each visits what a mapping has.
func each(n *yaml.Node, visit func(key string, value *yaml.Node)) {
	for i := 0; n != nil && i+1 < len(n.Content); i += 2 {
		visit(n.Content[i].Value, n.Content[i+1])
	}
}

func TestTemplatesKeepWhatTheyPromise(t *testing.T) {
	templates := readTemplates(t)
	for _, wrong := range append(unkept(templates), careless(templates)...) {
		t.Error(wrong)
	}
}

func TestPlantedCarelessnessIsFound(t *testing.T) {
	for _, p := range promises { // each of them, also when it just says something else
		templates := readTemplates(t)
		n := at(templates[p.file], p.at)
		if n == nil {
			t.Fatalf("%s: there is no %s", p.file, p.at)
		}
		*n = yaml.Node{Kind: yaml.ScalarNode, Value: "planted"}
		if got := unkept(templates); len(got) != 1 || !strings.Contains(got[0], p.at+" says planted") {
			t.Errorf("%s without %s: found %q", p.file, p.at, got)
		}
	}
	for name, c := range map[string]struct{ file, at, key, finds string }{
		"a table that goes":      {data, "Resources/Table", "DeletionPolicy", "Table has no DeletionPolicy Retain"},
		"a bucket replaced":      {data, "Resources/Bucket", "UpdateReplacePolicy", "Bucket has no UpdateReplacePolicy Retain"},
		"users that go":          {identity, "Resources/Pool", "DeletionPolicy", "Pool has no DeletionPolicy Retain"},
		"a log for ever":         {main, "Resources/TaskLog/Properties", "RetentionInDays", "TaskLog has no Properties/RetentionInDays"},
		"a machine in the dark":  {main, "Resources/Removal/Properties", "Tracing", "Removal has no Properties/Tracing"},
		"a silent machine":       {main, "Resources/Offline/Properties", "Logging", "Offline has no Properties/Logging"},
		"a parameter unsaid":     {main, "Parameters/Edge", "Description", "Edge has no Description"},
		"a parameter unbounded":  {main, "Parameters/FirstAdminEmail", "AllowedPattern", "FirstAdminEmail has no AllowedPattern"},
		"a number without least": {main, "Parameters/PublicRate", "MinValue", "PublicRate has no MinValue"},
		"one nested unsaid":      {mailing, "Parameters/Identity", "Description", "Identity has no Description"},
	} {
		templates := readTemplates(t)
		n := at(templates[c.file], c.at)
		i := slices.IndexFunc(n.Content, func(k *yaml.Node) bool { return k.Value == c.key })
		n.Content = slices.Delete(n.Content, i, i+2)
		if got := careless(templates); len(got) != 1 || !strings.Contains(got[0], c.finds) {
			t.Errorf("%s: found %q, want %q", name, got, c.finds)
		}
	}
}
