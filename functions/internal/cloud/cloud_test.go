package cloud_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/bucket"
	"slipway/functions/internal/cloud/cloudtest"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/ses"
	"slipway/functions/internal/cloud/signed"
	"slipway/functions/internal/cloud/states"
)

func TestRequire(t *testing.T) {
	t.Setenv("SLIPWAY_TABLE", "")
	if _, err := cloud.Require("SLIPWAY_TABLE"); err == nil || !strings.Contains(err.Error(), "SLIPWAY_TABLE") {
		t.Errorf("an empty variable: %v", err)
	}
	t.Setenv("SLIPWAY_TABLE", "x")
	if v, err := cloud.Require("SLIPWAY_TABLE"); v != "x" || err != nil {
		t.Errorf("got %q, %v", v, err)
	}
	if v := cloud.Optional("SLIPWAY_NEVER_SET", "other"); v != "other" {
		t.Errorf("got %q", v)
	}
}

// TestOpenNamesWhatIsMissing takes away one variable at a time.
func TestOpenNamesWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		name, variable string
		open           func() error
	}{
		{"table", "SLIPWAY_TABLE", func() error { _, err := dynamo.OpenTable(); return err }},
		{"table", "AWS_REGION", func() error { _, err := dynamo.OpenTable(); return err }},
		{"table", "AWS_ACCESS_KEY_ID", func() error { _, err := dynamo.OpenTable(); return err }},
		{"table", "AWS_SECRET_ACCESS_KEY", func() error { _, err := dynamo.OpenTable(); return err }},
		{"reader", "SLIPWAY_BUCKET", func() error { _, err := bucket.OpenReader(); return err }},
		{"reader", "AWS_REGION", func() error { _, err := bucket.OpenReader(); return err }},
		{"keeper", "SLIPWAY_BUCKET", func() error { _, err := bucket.OpenKeeper(); return err }},
		{"uploads", "SLIPWAY_BUCKET", func() error { _, err := bucket.OpenUploads(); return err }},
		{"addresses", "SLIPWAY_BUCKET", func() error { _, err := signed.OpenAddresses(time.Now); return err }},
		{"addresses", "AWS_SECRET_ACCESS_KEY", func() error { _, err := signed.OpenAddresses(time.Now); return err }},
		{"mail", "SLIPWAY_MAIL_FROM", func() error { _, err := ses.OpenMail(); return err }},
		{"starter", "SLIPWAY_MACHINE_RELEASE", func() error { _, err := states.OpenStarter("release"); return err }},
		{"starter", "SLIPWAY_MACHINE_FORCE_REMOVAL", func() error { _, err := states.OpenStarter("release", "force-removal"); return err }},
		{"stopper", "SLIPWAY_MACHINE_RELEASE", func() error { _, err := states.OpenStopper("release"); return err }},
		{"answerer", "AWS_REGION", func() error { _, err := states.OpenAnswerer(); return err }},
	} {
		t.Run(c.name+" without "+c.variable, func(t *testing.T) {
			cloudtest.AWS(t, cloudtest.Answer{})
			t.Setenv(c.variable, "")
			if err := c.open(); err == nil || !strings.Contains(err.Error(), c.variable) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestMainEndsWithoutVariable runs this test's binary again as a main that lacks its table.
func TestMainEndsWithoutVariable(t *testing.T) {
	if os.Getenv("SLIPWAY_TEST_MAIN") == "1" {
		dynamo.Table()
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestMainEndsWithoutVariable$")
	cmd.Env = []string{"SLIPWAY_TEST_MAIN=1"}
	said, err := cmd.CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 || !strings.Contains(string(said), "SLIPWAY_TABLE") {
		t.Errorf("ended with %v, saying %s", err, said)
	}
}

// TestServiceEndpoint shows that the variable of one service stands before the one of all.
func TestServiceEndpoint(t *testing.T) {
	one := cloudtest.AWS(t, cloudtest.Answer{Status: 200, Body: `{}`})
	url := os.Getenv("AWS_ENDPOINT_URL")
	all := cloudtest.AWS(t, cloudtest.Answer{Status: 200, Body: `{}`})
	t.Setenv("AWS_ENDPOINT_URL_SFN", url)
	w, err := states.OpenAnswerer()
	if err != nil {
		t.Fatal(err)
	}
	cloudtest.Has(t, w.Succeed(context.Background(), "token", []byte(`{}`)), "", "")
	if one.Count() != 1 || all.Count() != 0 {
		t.Errorf("%d requests to the service's endpoint, %d to the other", one.Count(), all.Count())
	}
}
