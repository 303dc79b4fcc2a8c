package compat_test

import (
	"testing"

	"slipway/functions/internal/hostile"
)

func TestMain(m *testing.M) { hostile.Main(m) }
