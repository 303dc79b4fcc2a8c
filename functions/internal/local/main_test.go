package local_test

import (
	"bytes"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"

	"slipway/functions/internal/build/isolate"
	"slipway/functions/internal/compat/smoke"
)

// said is everything that the servers of these tests have logged.
var said logged

type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestMain(m *testing.M) {
	isolate.Main() // the stories that ask for it are their own children, as the program is
	smoke.Child()
	slog.SetDefault(slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelDebug})))
	flag.Parse()
	switch *on {
	case "laptop":
		os.Exit(m.Run())
	case "moto":
		os.Exit(playOnMoto(m))
	}
	fmt.Println("-on says where stories are played: laptop, or moto")
	os.Exit(2)
}
