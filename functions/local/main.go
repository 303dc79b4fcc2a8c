// Command local runs all of Slipway in one process, on a machine with Go and nothing else.
//
//	go run ./functions/local          serve the API, the approval pages and the outbox
//	go run ./functions/local tour     play a whole release on a fresh store, and tell each step
//	go run ./functions/local check X  build and test the mini program in the folder or zip X
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"slipway/functions/internal/build/isolate"
	"slipway/functions/internal/compat/smoke"
	"slipway/functions/internal/local"
)

const usage = `Slipway in one process: every handler, the deployed state machines, an embedded database, an outbox instead of
mail, and a local identity provider. Everything it keeps is below the data folder; kill it at any moment and start it
again, nothing is lost.

Usage:
  go run ./functions/local [flags]         serve
  go run ./functions/local tour            play a whole release on a fresh store, and tell each step in a line
  go run ./functions/local check DIR|ZIP   build and test a mini program, without a server (check --help explains)

Flags:
`

func main() {
	isolate.Main() // builds one project when started for that
	smoke.Child()  // runs pages when started for that
	flags := flag.NewFlagSet("local", flag.ExitOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "`address` to listen on; anything but loopback lets others sign in as anybody")
	data := flags.String("data", ".slipway", "`folder` in which everything is kept; delete it to begin anew")
	base := flags.String("base", "", "`URL` under which people reach this server, for links in mails; by default http:// and the address")
	signingKey := flags.Int("signing-key", 1, "`generation` of the key that signs packages and manifests; one more rotates it")
	verbose := flags.Bool("v", false, "log every request, not only what goes wrong")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	_ = flags.Parse(os.Args[1:]) // exits on a mistake
	level := slog.LevelWarn
	if *verbose {
		level = slog.LevelInfo
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch flags.Arg(0) {
	case "":
		err = serve(ctx, *addr, local.Options{Data: *data, Base: *base, SigningKey: *signingKey, Isolated: true})
	case "tour":
		if err = alone("tour", flags.Args()[1:], flags.Usage); err == nil {
			err = tour(ctx, os.Stdout)
		}
	case "check":
		os.Exit(check(ctx, flags.Args()[1:], os.Stdout, os.Stderr))
	default:
		err = fmt.Errorf("unknown command %q; there are tour and check, and serving without a command (see --help)", flags.Arg(0))
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "slipway:", err)
		os.Exit(1)
	}
}

// alone refuses whatever stands behind a command that takes nothing; asked for help it gives it, and flag.ErrHelp.
func alone(command string, args []string, help func()) error {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the error says it
	flags.Usage = func() {}
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		help()
	case err != nil || flags.NArg() > 0:
		err = fmt.Errorf("%s takes nothing beside it, and %q was given (see --help)", command, args)
	}
	return err
}

// serve listens before it opens the data, so that a taken address is said at once.
func serve(ctx context.Context, addr string, o local.Options) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("%w; choose another with --addr", err)
	}
	if o.Base, err = baseOf(o.Base, listener.Addr()); err != nil {
		return errors.Join(err, listener.Close())
	}
	server, err := local.Open(o)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	front := &http.Server{Handler: server.Guard(server.Handler()), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	if host, _, _ := net.SplitHostPort(addr); !loopback(host) {
		slog.Warn("listening beyond this machine: whoever reaches this address can sign in as anybody", "address", listener.Addr().String())
	}
	fmt.Printf("Slipway is at %s  (outbox: %s/local/outbox, data: %s)\n", o.Base, o.Base, o.Data)
	failed := make(chan error, 2)
	go func() { failed <- server.Run(ctx) }()
	go func() { failed <- front.Serve(listener) }()
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	bye, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err = errors.Join(err, front.Shutdown(bye))
	if ctx.Err() != nil {
		<-failed
		err = nil
	}
	return errors.Join(err, server.Close())
}

// baseOf is where links lead: the given URL, or else the address that is listened on. Where that is every address of
// the machine, which is none that a browser could open, links lead to the machine itself.
func baseOf(given string, listening net.Addr) (string, error) {
	if given == "" {
		host, port, err := net.SplitHostPort(listening.String())
		if err != nil {
			return "", err
		}
		if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
			host = "127.0.0.1"
		}
		return "http://" + net.JoinHostPort(host, port), nil
	}
	u, err := url.Parse(given)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("--base %q is not where people could reach this server; an address such as http://slipway.example.com:8080 is expected", given)
	}
	return u.Scheme + "://" + u.Host, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
