package dynamo

import (
	"testing"
	"time"
)

// Patience is how long an attempt may take after Patient.
const Patience = 2 * time.Minute

// Patient has the tables that a test opens wait longer for each attempt.
func Patient(t testing.TB) {
	was := attempt
	attempt = Patience
	t.Cleanup(func() { attempt = was })
}
