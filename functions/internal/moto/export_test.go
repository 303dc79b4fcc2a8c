package moto

// Nursery starts servers of its own, so that a test can end them all as the end of a test program does.
type Nursery struct{ process }

func (n *Nursery) Start(port, log string) error { return n.order("start", port, "1", log) }

// End ends the input, and waits for nothing.
func (n *Nursery) End() error { return n.orders.Close() }

var (
	FreePort = freePort
	Poll     = poll
)
