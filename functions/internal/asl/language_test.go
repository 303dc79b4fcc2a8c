package asl_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"slipway/functions/internal/asl"
)

// TestComparisons asks one rule about one input; the Choice answers yes or no.
func TestComparisons(t *testing.T) {
	const doc = `{"s":"m","s2":"z","n":5,"n2":5.0,"big":9007199254740993,"big2":9007199254740992,"b":true,"b2":false,"z":null,"o":{},"a":[1],` +
		`"t":"2026-01-31T12:00:00Z","t2":"2026-01-31T14:00:00+02:00","star":"a*b"}`
	for rule, want := range map[string]string{
		`"Variable":"$.s","StringEquals":"m"`:                                            "yes",
		`"Variable":"$.s","StringEquals":"n"`:                                            "no",
		`"Variable":"$.n","StringEquals":"5"`:                                            "no", // another type is never equal
		`"Variable":"$.s","StringLessThan":"n"`:                                          "yes",
		`"Variable":"$.s","StringGreaterThan":"m"`:                                       "no",
		`"Variable":"$.s","StringLessThanEquals":"m"`:                                    "yes",
		`"Variable":"$.s","StringGreaterThanEquals":"n"`:                                 "no",
		`"Variable":"$.s","StringEqualsPath":"$.s2"`:                                     "no",
		`"Variable":"$.s","StringLessThanPath":"$.s2"`:                                   "yes",
		`"Variable":"$.s","StringLessThanPath":"$.n"`:                                    "no",
		`"Variable":"$.s","StringEqualsPath":"$$.Execution.Input.s"`:                     "yes",
		`"Variable":"$$.Execution.Name","StringEquals":"x"`:                              "yes",
		`"Variable":"$.n","NumericEquals":5.0`:                                           "yes",
		`"Variable":"$.n","NumericEqualsPath":"$.n2"`:                                    "yes",
		`"Variable":"$.n","NumericLessThan":5`:                                           "no",
		`"Variable":"$.n","NumericLessThanEquals":5`:                                     "yes",
		`"Variable":"$.n","NumericGreaterThan":-1e3`:                                     "yes",
		`"Variable":"$.n","NumericGreaterThanEquals":6`:                                  "no",
		`"Variable":"$.big","NumericEqualsPath":"$.big2"`:                                "no", // exact beyond doubles
		`"Variable":"$.big","NumericGreaterThanPath":"$.big2"`:                           "yes",
		`"Variable":"$.b","BooleanEquals":true`:                                          "yes",
		`"Variable":"$.b","BooleanEqualsPath":"$.b2"`:                                    "no",
		`"Variable":"$.t","TimestampEquals":"2026-01-31T13:00:00+01:00"`:                 "yes",
		`"Variable":"$.t","TimestampEqualsPath":"$.t2"`:                                  "yes",
		`"Variable":"$.t","TimestampLessThan":"2026-01-31T12:00:00.001Z"`:                "yes",
		`"Variable":"$.t","TimestampGreaterThan":"2026-01-31T12:00:00Z"`:                 "no",
		`"Variable":"$.t","TimestampLessThanEquals":"2026-01-31T12:00:00Z"`:              "yes",
		`"Variable":"$.t","TimestampGreaterThanEqualsPath":"$.t2"`:                       "yes",
		`"Variable":"$.s","TimestampEquals":"2026-01-31T12:00:00Z"`:                      "no",
		`"Variable":"$.s","StringMatches":"*"`:                                           "yes",
		`"Variable":"$.star","StringMatches":"a\\*b"`:                                    "yes", // the pattern is a\*b, which means the text a*b
		`"Variable":"$.star","StringMatches":"a\\\\*b"`:                                  "no",
		`"Variable":"$.star","StringMatches":"a*"`:                                       "yes",
		`"Variable":"$.star","StringMatches":"*b*c"`:                                     "no",
		`"Variable":"$.z","IsNull":true`:                                                 "yes",
		`"Variable":"$.s","IsNull":false`:                                                "yes",
		`"Variable":"$.no","IsPresent":false`:                                            "yes",
		`"Variable":"$.z","IsPresent":true`:                                              "yes",
		`"Variable":"$.a[1]","IsPresent":true`:                                           "no",
		`"Variable":"$.s","IsString":true`:                                               "yes",
		`"Variable":"$.n","IsNumeric":true`:                                              "yes",
		`"Variable":"$.s","IsNumeric":true`:                                              "no",
		`"Variable":"$.b","IsBoolean":true`:                                              "yes",
		`"Variable":"$.t","IsTimestamp":true`:                                            "yes",
		`"Variable":"$.s","IsTimestamp":true`:                                            "no",
		`"And":[{"Variable":"$.no","IsPresent":true},{"Variable":"$.no","IsNull":true}]`: "no", // stops at the first no
		`"Or":[{"Variable":"$.s","IsString":true},{"Variable":"$.no","IsNull":true}]`:    "yes",
		`"Or":[{"Variable":"$.s","IsNull":true},{"Variable":"$.n","IsNull":true}]`:       "no",
		`"Not":{"Variable":"$.s","StringEquals":"m"}`:                                    "no",
		`"Variable":"$.no","StringEquals":"m"`:                                           "FAILED States.Runtime",
		`"Variable":"$.s","StringEqualsPath":"$.no"`:                                     "FAILED States.Runtime",
		`"Not":{"Variable":"$.no","IsNull":true}`:                                        "FAILED States.Runtime",
	} {
		w := newWorld(t, one(`{"Type":"Choice","Choices":[{`+rule+`,"Next":"Y"}],"Default":"N"}`,
			`"Y":{"Type":"Pass","Result":"yes","End":true}`, `"N":{"Type":"Pass","Result":"no","End":true}`), nil0)
		got, _, _ := strings.Cut(strings.Trim(outcome(w.run(doc)), `"`), ":")
		equal(t, rule, got, want)
	}
}

// evaluate computes one field over an input.
func evaluate(t testing.TB, expr, input string) string {
	t.Helper()
	w := newWorld(t, one(`{"Type":"Pass","Parameters":{"v.$":`+fmt.Sprintf("%q", expr)+`},"OutputPath":"$.v","End":true}`), nil0)
	return outcome(w.run(input))
}

func TestIntrinsics(t *testing.T) {
	const doc = `{"a":[1,2,2,3,"x"],"s":"a,b.c","o":{"k":1,"l":2},"p":{"k":9},"n":7,"j":"{\"z\":[1,2]}","bad":"{","neg":-3}`
	const failed = "FAILED States.IntrinsicFailure"
	for expr, want := range map[string]string{
		`States.Format('{}-{}-{}-{}', $.n, 'x', true, null)`:             `"7-x-true-null"`,
		`States.Format('it\'s \{\} and \\ {}', $.n)`:                     `"it's {} and \\ 7"`,
		`States.Format('{}', $.a)`:                                       failed,
		`States.Format('plain')`:                                         `"plain"`,
		`States.Format($.s)`:                                             `"a,b.c"`,
		`States.StringToJson($.j)`:                                       `{"z":[1,2]}`,
		`States.StringToJson($.bad)`:                                     failed,
		`States.JsonToString($.o)`:                                       `"{\"k\":1,\"l\":2}"`,
		`States.Array()`:                                                 `[]`,
		`States.Array($.n, 'x', States.Array(1.5, null))`:                `[7,"x",[1.5,null]]`,
		`States.ArrayLength($.a)`:                                        `5`,
		`States.ArrayLength($.s)`:                                        failed,
		`States.ArrayGetItem($.a, 4)`:                                    `"x"`,
		`States.ArrayGetItem($.a, 5)`:                                    failed,
		`States.ArrayGetItem($.a, -1)`:                                   failed,
		`States.ArrayContains($.a, 2.0)`:                                 `true`,
		`States.ArrayContains($.a, '2')`:                                 `false`,
		`States.ArrayUnique($.a)`:                                        `[1,2,3,"x"]`,
		`States.ArrayPartition($.a, 2)`:                                  `[[1,2],[2,3],["x"]]`,
		`States.ArrayPartition($.a, 0)`:                                  failed,
		`States.ArrayRange(1, 9, 4)`:                                     `[1,5,9]`,
		`States.ArrayRange(3, -3, $.neg)`:                                `[3,0,-3]`,
		`States.ArrayRange(1, 5000, 1)`:                                  failed,
		`States.ArrayRange(1, 5, 0)`:                                     failed,
		`States.ArrayRange(9223372036854775806, 9223372036854775807, 5)`: `[9223372036854775806]`,
		`States.MathAdd($.n, -10)`:                                       `-3`,
		`States.MathAdd(2147483648, 1)`:                                  failed,
		`States.MathAdd(1, -2147483649)`:                                 failed,
		`States.MathAdd(2147483647, 2147483647)`:                         `4294967294`,
		`States.MathAdd($.n, 0)`:                                         `7`,
		`States.MathAdd(1.5, 1)`:                                         failed,
		`States.MathRandom(5, 6)`:                                        `5`,
		`States.MathRandom(6, 5)`:                                        failed,
		`States.StringSplit($.s, ',.')`:                                  `["a","b","c"]`,
		`States.JsonMerge($.o, $.p, false)`:                              `{"k":9,"l":2}`,
		`States.JsonMerge($.o, $.p, true)`:                               failed,
		`States.Base64Encode('Hello')`:                                   `"SGVsbG8="`,
		`States.Base64Decode('SGVsbG8=')`:                                `"Hello"`,
		`States.Base64Decode('/w==')`:                                    failed,
		`States.Hash('abc', 'SHA-1')`:                                    `"a9993e364706816aba3e25717850c26c9cd0d89d"`,
		`States.Hash('abc', 'MD5')`:                                      `"900150983cd24fb0d6963f7d28e17f72"`,
		`States.Hash('abc', 'SHA-256')`:                                  `"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"`,
		`States.Hash('abc', 'CRC')`:                                      failed,
		`States.ArrayGetItem(States.StringToJson($.j)  , 0 )`:            failed,
		`States.Format('{}', $.o['k'])`:                                  `"1"`,
		`States.Array($['o']['l'],$.a[-1],$.a[0:2],$.a[3:],$..k)`:        `[2,"x",[1,2],[3,"x"],[1,9]]`,
	} {
		got, _, _ := strings.Cut(evaluate(t, expr, doc), ": ")
		if want != failed {
			got = evaluate(t, expr, doc)
		}
		equal(t, expr, got, want)
	}
	a, b := evaluate(t, `States.Array(States.UUID(), States.UUID())`, `{}`), ""
	if _, err := fmt.Sscanf(a, `["%36s`, &b); err != nil || b[14] != '4' || strings.Count(a, b) != 1 {
		t.Errorf("UUIDs: %s", a)
	}
}

func TestPaths(t *testing.T) {
	const doc = `{"a":{"b":[{"c":1},{"c":2},{"d":3}]},"wörter-1":4,"x y":5,"n":null}`
	for path, want := range map[string]string{
		`$`:             doc,
		`$.a.b[0].c`:    `1`,
		`$.a.b[-1]`:     `{"d":3}`,
		`$.a.b[*].c`:    `[1,2]`,
		`$.a.b[*]['d']`: `[3]`,
		`$.a.b[1:]`:     `[{"c":2},{"d":3}]`,
		`$.a.b[:-2]`:    `[{"c":1}]`,
		`$.a.b[5:9]`:    `[]`,
		`$.a.b[2:1]`:    `[]`,
		`$.a.*`:         `[[{"c":1},{"c":2},{"d":3}]]`,
		`$..c`:          `[1,2]`,
		`$.a.b..c`:      `[1,2]`,
		`$..*`:          `[{"b":[{"c":1},{"c":2},{"d":3}]},[{"c":1},{"c":2},{"d":3}],{"c":1},1,{"c":2},2,{"d":3},3,null,4,5]`,
		`$.wörter-1`:    `4`,
		`$['x y']`:      `5`,
		`$["x y"]`:      `5`,
		`$.n`:           `null`,
		`$.n.x`:         `FAILED States.Runtime`,
		`$.a.b[3]`:      `FAILED States.Runtime`,
		`$.a.b[-4]`:     `FAILED States.Runtime`,
		`$.a.b.c`:       `FAILED States.Runtime`,
		`$.a[0]`:        `FAILED States.Runtime`,
	} {
		got := evaluate(t, path, doc)
		if strings.HasPrefix(want, "FAILED") {
			got, _, _ = strings.Cut(got, ":")
		}
		if path == "$" {
			want = evaluate(t, "$$.Execution.Input", doc)
		}
		equal(t, path, got, want)
	}
}

// Escaping a text for a pattern makes it match itself and nothing else.
func TestStringMatchesProperty(t *testing.T) {
	text := rapid.StringOfN(rapid.RuneFrom([]rune(`ab*\`)), 0, 6, -1)
	rapid.Check(t, func(r *rapid.T) {
		a, b := text.Draw(r, "a"), text.Draw(r, "b")
		pattern := strings.NewReplacer(`\`, `\\`, `*`, `\*`).Replace(a)
		def := one(fmt.Sprintf(`{"Type":"Choice","Choices":[{"Variable":"$","StringMatches":%q,"Next":"Y"}],"Default":"N"}`, pattern),
			`"Y":{"Type":"Succeed"}`, `"N":{"Type":"Fail","Error":"N"}`)
		w := newWorld(t, def, nil0)
		if got := w.run(fmt.Sprintf("%q", b)).Status == asl.StatusSucceeded; got != (a == b) {
			r.Fatalf("pattern %q matches %q: %v", pattern, b, got)
		}
	})
}
