package cloud

import "slipway/functions/internal/approval"

// PublicLinks reads links and can make none: it has no key. It is for what is open to the public.
func PublicLinks() approval.Links {
	return approval.Links{Base: Optional("SLIPWAY_BASE_URL", ""), Console: Optional("SLIPWAY_CONSOLE_URL", "")}
}
