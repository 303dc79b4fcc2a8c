package api

import "context"

// Long answers without any short cut.
func (r *Resolver) Long(ctx context.Context, req Request) (Response, error) {
	return r.handle(ctx, req)
}
