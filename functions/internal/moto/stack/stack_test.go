package stack_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/functions/internal/moto/stack"
)

// whole is a ledger in which every grant of the template was used once, but for those that hide says.
func whole(template *stack.Template, hide string) *stack.Ledger {
	ledger := &stack.Ledger{}
	for _, f := range template.Functions {
		for _, s := range f.Statements {
			for _, a := range s.Actions {
				for _, r := range s.Resources {
					c := stack.Call{Action: a, Resource: strings.ReplaceAll(r, "*", "x"), Context: map[string][]string{}}
					for _, keys := range s.Conditions {
						for key, values := range keys {
							c.Context[key] = []string{strings.ReplaceAll(values[0], "*", "x")}
						}
					}
					if f.ID+" "+a != hide {
						ledger.Note(f, c, f.Allowed(c))
					}
				}
			}
		}
	}
	return ledger
}

// besides are what nobody but AWS itself uses.
var besides = []stack.Exception{{Grant: stack.Grant{Policy: "AWS*"}}}

// TestPlantedPermissionsAreFound plants a grant that nobody uses and takes one away that somebody needs.
func TestPlantedPermissionsAreFound(t *testing.T) {
	root, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	template := stack.ReadTemplate(t, filepath.Join(root, "template.yaml"))
	template.Machines = nil // they are judged alike
	if got := whole(template, "").Differences(template, besides); len(got) != 0 {
		t.Fatalf("everything was used, and yet:\n%s", strings.Join(got, "\n"))
	}
	apply := template.Functions["ReleasesApply"]
	query := stack.Call{Action: "dynamodb:Query", Resource: template.Output("Data.Outputs.TableArn")}
	if !apply.Allowed(query) {
		t.Fatal("ReleasesApply may not query the table")
	}

	t.Run("unused", func(t *testing.T) {
		got := whole(template, "ReleasesApply dynamodb:Query").Differences(template, besides)
		if len(got) != 1 || !strings.Contains(got[0], "ReleasesApply by ReadTable: dynamodb:Query") {
			t.Errorf("found %q", got)
		}
	})
	t.Run("planted", func(t *testing.T) {
		planted := apply
		planted.Statements = append(slices.Clone(apply.Statements), stack.Statement{Policy: "Planted", Actions: []string{"s3:DeleteObject"}, Resources: []string{"*"}})
		template.Functions["ReleasesApply"] = planted
		defer func() { template.Functions["ReleasesApply"] = apply }()
		ledger := whole(template, "")
		if got := ledger.Differences(template, besides); len(got) != 1 || !strings.Contains(got[0], "s3:DeleteObject") {
			t.Errorf("found %q", got) // it is outside the bounds, so that no call got through by it
		}
	})
	t.Run("missing", func(t *testing.T) {
		lacking := apply
		lacking.Statements = slices.DeleteFunc(slices.Clone(apply.Statements), func(s stack.Statement) bool { return s.Policy == "ReadTable" })
		if lacking.Allowed(query) {
			t.Fatal("a permission that was taken away is still there")
		}
		ledger := &stack.Ledger{}
		ledger.Note(lacking, query, lacking.Allowed(query))
		if got := ledger.Refused(); len(got) != 1 || !strings.HasPrefix(got[0], "ReleasesApply: dynamodb:Query on ") {
			t.Errorf("refused %q", got)
		}
	})
	t.Run("out of bounds", func(t *testing.T) {
		cut := apply
		cut.Bounds = []stack.Statement{{Actions: []string{"dynamodb:Query"}, Resources: []string{"arn:aws:dynamodb:elsewhere"}}}
		if cut.Allowed(query) {
			t.Error("the bounds cut nothing off")
		}
	})
	t.Run("an exception that is none", func(t *testing.T) {
		got := whole(template, "").Differences(template, append(besides, stack.Exception{Grant: stack.Grant{Who: "ReleasesApply", Policy: "ReadTable"}}))
		if len(got) != 1 || !strings.Contains(got[0], "is none") {
			t.Errorf("found %q", got)
		}
	})
}

func TestConditionsAreHeld(t *testing.T) {
	f := func(operator string, values ...string) stack.Function {
		return stack.Function{Statements: []stack.Statement{{
			Actions: []string{"dynamodb:DeleteItem"}, Resources: []string{"arn:*"}, Conditions: map[string]map[string][]string{operator: {"k": values}},
		}}}
	}
	for _, test := range []struct {
		f     stack.Function
		asked []string
		want  bool
	}{
		{f("ForAllValues:StringLike", "I#*", "T#*"), []string{"I#1", "T#2"}, true},
		{f("ForAllValues:StringLike", "I#*"), []string{"I#1", "P#1"}, false},
		{f("ForAllValues:StringLike", "I#*"), nil, true},
		{f("StringLike", "a/*"), []string{"a/b"}, true},
		{f("StringLike", "a/*"), nil, false},
		{f("StringLikeIfExists", "a/*"), nil, true},
		{f("StringLikeIfExists", "a/*"), []string{"b/c"}, false},
		{f("StringEquals", "a"), []string{"a"}, true},
	} {
		c := stack.Call{Action: "dynamodb:DeleteItem", Resource: "arn:x", Context: map[string][]string{"k": test.asked}}
		if got := test.f.Allowed(c); got != test.want {
			t.Errorf("%v asked %q: %v", test.f.Statements[0].Conditions, test.asked, got)
		}
	}
}
