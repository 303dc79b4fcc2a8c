package layout_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// reach is how far each policy goes: what on what, and if what. The stories on moto hold that no grant is too narrow, or
// of no use; that one is wider than it has to be, they cannot see.
var reach = map[string]string{
	"ReadTable":      "dynamodb:BatchGetItem dynamodb:Query on table",
	"ReadItems":      "dynamodb:BatchGetItem on table",
	"ReadOutbox":     "dynamodb:Query on table if keys OUTBOX",
	"WriteTable":     "dynamodb:UpdateItem on table",
	"DeleteItems":    "dynamodb:DeleteItem on table",
	"HoldItems":      "dynamodb:ConditionCheckItem on table",
	"ForgetAttempts": "dynamodb:DeleteItem on table if keys I#*",
	"ReadPlacements": "dynamodb:BatchGetItem dynamodb:Query on table if keys T#*, CHANGES",
	"ReadScanned":    "dynamodb:BatchGetItem on table if keys C#*, P#*, A#*, T#*",
	"CountScans":     "dynamodb:UpdateItem on table if keys S#*",
	"ReadPackages":   "s3:GetObject on releases/*",
	"WritePackages":  "s3:PutObject on releases/*",
	"ReadUploads":    "s3:GetObject on uploads/*; s3:ListBucket on bucket if prefix uploads/*",
	"TakeUploads":    "s3:PutObject on uploads/*",
	"KeepProjects":   "s3:PutObject on projects/*",
	"ReadProjects":   "s3:GetObject on projects/*",
	"TakeImages":     "s3:PutObject on images/*",
	"ReadImages":     "s3:GetObject on images/*",
	"FindImages":     "s3:ListBucket on bucket if prefix images/*",
	"StartRelease":   "states:StartExecution on stateMachine:release; states:DescribeExecution on execution:release:*",
	"StartRemoval":   "states:StartExecution on stateMachine:removal; states:DescribeExecution on execution:removal:*",
	"StartOffline":   "states:StartExecution on stateMachine:offline; states:DescribeExecution on execution:offline:*",
	"StartMachines": "states:StartExecution on stateMachine:release stateMachine:removal stateMachine:offline; " +
		"states:DescribeExecution on execution:release:* execution:removal:* execution:offline:*",
	"StopReleases":   "states:StopExecution on execution:release:*",
	"AnswerReleases": "states:SendTaskSuccess on stateMachine:release",
	"AnswerReviews":  "states:SendTaskSuccess on stateMachine:release stateMachine:removal stateMachine:offline",
	"ReadSecret":     "secretsmanager:GetSecretValue on secret",
	"SendMail":       "ses:SendEmail on identity/* configuration-set if from MailFrom",
	// Machines deliver their logs with it; deliveries have no ARN.
	"LogMachines": "logs:CreateLogDelivery logs:GetLogDelivery logs:UpdateLogDelivery logs:DeleteLogDelivery logs:ListLogDeliveries logs:PutResourcePolicy logs:DescribeResourcePolicies logs:DescribeLogGroups on *",
}

// short are words for what policies speak of.
var short = strings.NewReplacer(
	"!GetAtt Data.Outputs.TableArn", "table", "!GetAtt Data.Outputs.BucketArn", "bucket", "!Sub ${Data.Outputs.BucketArn}/", "",
	"!GetAtt Data.Outputs.SecretArn", "secret", "configuration-set/${Mail.Outputs.ConfigurationSet}", "configuration-set",
	"!Sub arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:", "", "!Sub arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:", "",
	"${AWS::StackName}-", "", "{ForAllValues:StringLike: {dynamodb:LeadingKeys: [", "keys ", "{StringLikeIfExists: {s3:prefix: [", "prefix ",
	"{StringEquals: {ses:FromAddress: !Ref MailFrom}}", "from MailFrom", "]}}", "",
)

// reaches says how far a policy goes.
func reaches(statements *yaml.Node) string {
	var out []string
	list := func(n *yaml.Node) string {
		said := regexp.MustCompile(`^\[(.*)\]$`).ReplaceAllString(flat(n), "$1")
		return strings.ReplaceAll(said, ", ", " ")
	}
	for _, s := range statements.Content {
		said := list(child(s, "Action")) + " on " + list(child(s, "Resource"))
		if effect := flat(child(s, "Effect")); effect != "Allow" {
			said = effect + " " + said
		}
		if c := child(s, "Condition"); c != nil {
			said += " if " + flat(c)
		}
		out = append(out, short.Replace(said))
	}
	return strings.Join(out, "; ")
}

// overreaching names the policies that go elsewhere than they should, and the roles that have rights beside them.
func overreaching(template *yaml.Node) (out []string) {
	left := maps.Clone(reach)
	each(child(template, "Resources"), func(id string, r *yaml.Node) {
		switch child(r, "Type").Value {
		case "AWS::IAM::ManagedPolicy":
			if got := reaches(at(r, "Properties/PolicyDocument/Statement")); id != "Bounds" && got != reach[id] {
				out = append(out, id+": "+got+", want "+reach[id])
			}
			delete(left, id)
		case "AWS::Serverless::Function":
			list := at(r, "Properties/Policies")
			if list == nil {
				return
			}
			for _, p := range list.Content {
				if p.Tag != "!Ref" || reach[p.Value] == "" {
					out = append(out, id+" has a policy that is none of the list: "+flat(p))
				}
			}
		}
	})
	for id := range left {
		out = append(out, id+" is no policy of the template")
	}
	slices.Sort(out)
	return out
}

func TestPoliciesReachNoFurther(t *testing.T) {
	for _, wrong := range overreaching(readTemplates(t)[main]) {
		t.Error(wrong)
	}
}

func TestPlantedReachIsFound(t *testing.T) {
	right := string(file(t, main))
	for name, p := range map[string]struct{ old, new, finds string }{
		"nothing":          {"", "", ""},
		"all of a bucket":  {`${Data.Outputs.BucketArn}/releases/*`, `${Data.Outputs.BucketArn}/*`, "ReadPackages: s3:GetObject on *,"},
		"a folder more":    {`Resource: !Sub "${Data.Outputs.BucketArn}/images/*"`, `Resource: [!Sub "${Data.Outputs.BucketArn}/images/*", !Sub "${Data.Outputs.BucketArn}/projects/*"]`, "images/* projects/*"},
		"all keys":         {`["T#*", "CHANGES"]`, `["*"]`, "ReadPlacements"},
		"no condition":     {`            Condition: {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["S#*"]}}` + "\n", "", "CountScans: dynamodb:UpdateItem on table,"},
		"another operator": {`{"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["S#*"]}}`, `{"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["S#*"]}}`, "CountScans"},
		"any sender":       {`            Condition: {StringEquals: {"ses:FromAddress": !Ref MailFrom}}` + "\n", "", "SendMail"},
		"all machines":     {"execution:${AWS::StackName}-release:*\"}", "execution:${AWS::StackName}-*:*\"}", "StopReleases"},
		"a policy inline":  {"Policies: [!Ref ReadPlacements, !Ref ReadSecret]", `Policies: [!Ref ReadPlacements, !Ref ReadSecret, {Version: "2012-10-17", Statement: []}]`, "ResolveManifest has a policy"},
		"one of AWS's own": {"Policies: [!Ref ReadPlacements, !Ref ReadSecret]", "Policies: [!Ref ReadPlacements, !Ref ReadSecret, AmazonS3FullAccess]", "ResolveManifest has a policy"},
		"the bounds":       {"Policies: [!Ref ReadPlacements, !Ref ReadSecret]", "Policies: [!Ref Bounds]", "ResolveManifest has a policy"},
	} {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(strings.Replace(right, p.old, p.new, 1)), &doc); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(overreaching(doc.Content[0]), "; ")
		if (p.finds == "") != (got == "") || !strings.Contains(got, p.finds) {
			t.Errorf("%s: found %q, want %q", name, got, p.finds)
		}
	}
}
