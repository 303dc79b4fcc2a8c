package local_test

import (
	"slices"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/story"
)

// TestANewcomer is made a workspace by the operator, whose it is not, and goes on by itself.
func TestANewcomer(t *testing.T) {
	w := story.Start(t)
	operator, wallet := w.As("platform-admin"), w.As("wallet-admin")
	made := map[string]string{"id": "bakery", "name": "Bakery", "kind": "merchant", "admin": "iad@bakery.test"}
	refused(t, wallet.Do("POST", "/v1/workspaces", made), 403, "forbidden")
	equal(t, "made", story.Into[catalog.Workspace](w, operator.Must("POST", "/v1/workspaces", made, 201)).Kind, catalog.Merchant)
	refused(t, operator.Do("POST", "/v1/workspaces", made), 409, "id_taken")
	refused(t, operator.Do("GET", "/v1/workspaces/bakery", nil), 404, "no_such_workspace")
	renewed := map[string]any{"id": "bakery", "name": "Bakery", "kind": "merchant", "admin": "ida@bakery.test", "renew": true}
	refused(t, wallet.Do("POST", "/v1/workspaces", renewed), 403, "forbidden")
	operator.Must("POST", "/v1/workspaces", renewed, 200) // the address was mistyped
	all := story.Into[api.List[catalog.Workspace]](w, operator.Must("GET", "/v1/workspaces", nil, 200))
	if !slices.ContainsFunc(all.Items, func(w catalog.Workspace) bool { return w.ID == "bakery" }) {
		t.Errorf("the operator does not see what it made: %+v", all.Items)
	}
	refused(t, wallet.Do("GET", "/v1/workspaces", nil), 403, "forbidden")

	ida := w.As("ida@bakery.test")
	ida.Must("PUT", "/v1/workspaces/bakery/members/ben@bakery.test", map[string]string{"role": "developer"}, 201)
	program := ida.Program("bakery", "dsl")
	number := ida.Upload(program, w.Number())
	ida.Must("GET", "/v1/mini-programs/"+program+"/versions/"+number, nil, 200)
}
