package secrets_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/secrets"
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

func openKeys(t *testing.T, value string) secrets.Keys {
	t.Helper()
	standIn(t, value)
	keys, err := secrets.OpenKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestKeysAreDerivedByPurpose(t *testing.T) {
	one, again, other := openKeys(t, strings.Repeat("a", 64)), openKeys(t, strings.Repeat("a", 64)), openKeys(t, strings.Repeat("b", 64))
	links := one.Links()
	if links.Base != "https://slipway.example.com" || len(links.Key) != 32 {
		t.Errorf("links: base %q, key of %d bytes", links.Base, len(links.Key))
	}
	if got := links.RequestURL("q1"); got != "https://console.example.com/app/requests/q1" {
		t.Errorf("the request's page: %s", got)
	}
	if public := cloud.PublicLinks(); public.Key != nil || public.Base != links.Base || public.Console != links.Console {
		t.Errorf("links for the public: %+v", public)
	}
	if !bytes.Equal(links.Key, again.Links().Key) || bytes.Equal(links.Key, other.Links().Key) {
		t.Error("the link key must follow from the secret, and from nothing else")
	}
	digest := sha256.Sum256([]byte("package"))
	sign := func(k secrets.Keys) (sig []byte, id string) {
		ring, err := k.Signer()
		if err != nil {
			t.Fatal(err)
		}
		sig, id, err = ring.Sign(t.Context(), digest[:])
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
	if got := hex.EncodeToString(links.Key) + " " + id; got != "0626ae90ff7277832f0d744028334469d1a046086df009f1f36477ea6e5fa4ad aca1985fba1aa1a2" {
		t.Errorf("derived %s", got)
	}
}

func TestKeysThatCannotBeHad(t *testing.T) {
	for name, test := range map[string]struct {
		value, variable, want string
	}{
		"too short": {strings.Repeat("a", 42), "arn:secret", "at least 43"},
		"not there": {strings.Repeat("a", 64), "arn:other", "no such secret"},
		"not set":   {strings.Repeat("a", 64), "", "SLIPWAY_SECRET is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			standIn(t, test.value)
			t.Setenv("SLIPWAY_SECRET", test.variable)
			if _, err := secrets.OpenKeys(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want an error that says %q", err, test.want)
			}
			if _, err := secrets.OpenKeys(t.Context()); err != nil && strings.Contains(err.Error(), "aaaa") {
				t.Errorf("the error holds the secret: %v", err)
			}
		})
	}
}
