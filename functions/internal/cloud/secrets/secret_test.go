package secrets_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/cloudtest"
	"slipway/functions/internal/cloud/secrets"
	"slipway/functions/internal/fault"
)

// standIn stands in for Secrets Manager and holds one value.
func standIn(t *testing.T, value string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" || !strings.Contains(string(body), `"arn:secret"`) {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"__type":"ResourceNotFoundException","message":"no such secret"}`)
			return
		}
		json.NewEncoder(w).Encode(map[string]string{"ARN": "arn:secret", "SecretString": value})
	}))
	t.Cleanup(s.Close)
	for name, v := range map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key",
		"AWS_ENDPOINT_URL_SECRETS_MANAGER": s.URL, "SLIPWAY_SECRET": "arn:secret", "SLIPWAY_BASE_URL": "https://slipway.example.com",
		"SLIPWAY_CONSOLE_URL": "https://console.example.com/app",
	} {
		t.Setenv(name, v)
	}
}

func open(t *testing.T) *secrets.Vault {
	t.Helper()
	v, err := secrets.Open()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func holding(t *testing.T, value string) *secrets.Vault {
	t.Helper()
	standIn(t, value)
	return open(t)
}

func keyOf(t *testing.T, v *secrets.Vault) []byte {
	t.Helper()
	key, err := v.Links().Key(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestKeysAreDerivedByPurpose(t *testing.T) {
	one, again, other := holding(t, strings.Repeat("a", 64)), holding(t, strings.Repeat("a", 64)), holding(t, strings.Repeat("b", 64))
	links, key := one.Links(), keyOf(t, one)
	if links.Base != "https://slipway.example.com" || len(key) != 32 {
		t.Errorf("links: base %q, key of %d bytes", links.Base, len(key))
	}
	if got := links.RequestURL("q1"); got != "https://console.example.com/app/requests/q1" {
		t.Errorf("the request's page: %s", got)
	}
	if public := cloud.PublicLinks(); public.Key != nil || public.Base != links.Base || public.Console != links.Console {
		t.Errorf("links for the public: %+v", public)
	}
	if !bytes.Equal(key, keyOf(t, again)) || bytes.Equal(key, keyOf(t, other)) {
		t.Error("the link key must follow from the secret, and from nothing else")
	}
	digest := sha256.Sum256([]byte("package"))
	sign := func(v *secrets.Vault) (sig []byte, id string) {
		signer, err := v.Signer()
		if err != nil {
			t.Fatal(err)
		}
		sig, id, err = signer.Sign(t.Context(), digest[:])
		if err != nil {
			t.Fatal(err)
		}
		return sig, id
	}
	sig, id := sign(one)
	sigAgain, idAgain := sign(again)
	_, idOther := sign(other)
	if !bytes.Equal(sig, sigAgain) || id != idAgain || id == idOther || len(id) != 16 {
		t.Errorf("key ids %q, %q, %q: the same secret must sign the same, another one under another name", id, idAgain, idOther)
	}
	// Golden: links that are under way, and packages that are signed, depend on it. If this changes, so does every key.
	if got := hex.EncodeToString(key) + " " + id; got != "0626ae90ff7277832f0d744028334469d1a046086df009f1f36477ea6e5fa4ad aca1985fba1aa1a2" {
		t.Errorf("derived %s", got)
	}
}

func TestSecretsThatCannotBeHad(t *testing.T) {
	for name, test := range map[string]struct {
		value, variable, want string
	}{
		"too short": {strings.Repeat("a", 42), "arn:secret", "at least 43"},
		"not there": {strings.Repeat("a", 64), "arn:other", "no such secret"},
	} {
		t.Run(name, func(t *testing.T) {
			standIn(t, test.value)
			t.Setenv("SLIPWAY_SECRET", test.variable)
			_, err := open(t).Links().Key(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want an error that says %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "aaaa") {
				t.Errorf("the error holds the secret: %v", err)
			}
		})
	}
}

// TestSettingsAreHeldAtTheStart: what is wrong with them no event has to find out.
func TestSettingsAreHeldAtTheStart(t *testing.T) {
	v := holding(t, strings.Repeat("a", 64))
	for _, generation := range []string{"0", "101", "two"} {
		t.Setenv("SLIPWAY_SIGNING_KEY", generation)
		if _, err := v.Signer(); err == nil || !strings.Contains(err.Error(), "SLIPWAY_SIGNING_KEY") {
			t.Errorf("generation %s: %v", generation, err)
		}
	}
	for _, missing := range []string{"SLIPWAY_SECRET", "AWS_REGION"} {
		t.Run(missing, func(t *testing.T) {
			t.Setenv(missing, "")
			if _, err := secrets.Open(); err == nil || !strings.Contains(err.Error(), missing) {
				t.Errorf("%v, want an error that names it", err)
			}
		})
	}
}

const answer = `{"SecretString":"0123456789012345678901234567890123456789012"}`

// scripted opens a vault on Secrets Manager with answers that were written down before.
func scripted(t *testing.T, answers ...cloudtest.Answer) (*secrets.Vault, *cloudtest.Script) {
	t.Helper()
	script := cloudtest.AWS(t, answers...)
	t.Setenv("SLIPWAY_SECRET", "arn:secret")
	return open(t), script
}

// TestNobodyWaitsLongerThanTheyMay opens a vault while Secrets Manager says nothing: the start goes on, and an invocation
// gives up at its own end. The answer that comes after all is there for the next one.
func TestNobodyWaitsLongerThanTheyMay(t *testing.T) {
	script := cloudtest.AWS(t, cloudtest.Answer{Status: 200, Body: answer})
	t.Setenv("SLIPWAY_SECRET", "arn:secret")
	release := script.Hold()
	v := open(t)
	ended, end := context.WithCancel(t.Context())
	end()
	_, err := v.Links().Key(ended)
	cloudtest.Has(t, err, fault.Unavailable, "secret_unavailable")
	release()
	keyOf(t, v)
	if n := script.Count(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// TestTheSecretIsAskedForOnce: it is fetched at the start, and is there for all who need it at the same moment and later.
func TestTheSecretIsAskedForOnce(t *testing.T) {
	v, script := scripted(t, cloudtest.Answer{Status: 200, Body: answer}, cloudtest.Refusal(400, "AccessDeniedException"))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := v.Links().Key(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	keyOf(t, v)
	if n := script.Count(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// TestAnInvocationAsksAgain: a secret that could not be had at the start, or by an invocation, is had by the next.
func TestAnInvocationAsksAgain(t *testing.T) {
	refusal := cloudtest.Refusal(400, "AccessDeniedException")
	v, script := scripted(t, refusal, refusal, cloudtest.Answer{Status: 200, Body: answer})
	if _, err := v.Links().Key(t.Context()); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
		t.Errorf("refused at the start and again: %v", err)
	}
	keyOf(t, v)
	if n := script.Count(); n != 3 {
		t.Errorf("asked %d times", n)
	}
}
