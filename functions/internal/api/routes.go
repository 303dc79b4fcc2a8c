package api

import (
	"slices"
	"strings"
)

// Auth says who may come in at a route.
type Auth string

// The kinds of doors.
const (
	Bearer Auth = "bearer" // a person or CI token that the authorizer let in
	Public Auth = "public" // anybody; nothing is changed
	Link   Auth = "link"   // whoever holds the secret in the path
)

// Route is one line of the API: openapi.yaml, template.yaml and the laptop's router are held equal to Routes.
type Route struct {
	Method    string
	Pattern   string // with {parameters}, as API Gateway and net/http spell them
	Function  string // folder under functions/ of the Lambda function that answers
	Operation string // id in openapi.yaml and in the log
	Auth      Auth
	Query     []string // query parameters that it knows
}

// Key is the route key of API Gateway: "POST /v1/releases/{id}/apply".
func (r Route) Key() string { return r.Method + " " + r.Pattern }

var paging = []string{"pageSize", "pageToken"}

func query(names ...string) []string { return append(names, paging...) }

// Routes is the one list of what can be asked.
var Routes = []Route{
	{"GET", "/v1/me", "workspaces/read", "readMe", Bearer, nil},
	{"GET", "/v1/workspaces", "workspaces/read", "listWorkspaces", Bearer, query()},
	{"POST", "/v1/workspaces", "workspaces/create", "createWorkspace", Bearer, nil},
	{"GET", "/v1/workspaces/{workspace}", "workspaces/read", "readWorkspace", Bearer, nil},
	{"GET", "/v1/workspaces/{workspace}/members", "workspaces/read", "listMembers", Bearer, query()},
	{"GET", "/v1/workspaces/{workspace}/target-apps", "workspaces/read", "listWorkspaceTargetApps", Bearer, query()},
	{"GET", "/v1/workspaces/{workspace}/tokens", "workspaces/read", "listTokens", Bearer, query()},
	{"GET", "/v1/workspaces/{workspace}/events", "workspaces/read", "listWorkspaceEvents", Bearer, query()},
	{"GET", "/v1/target-apps", "workspaces/read", "listTargetApps", Bearer, query()},
	{"GET", "/v1/target-apps/{targetApp}", "workspaces/read", "readTargetApp", Bearer, nil},
	{"PUT", "/v1/workspaces/{workspace}/members/{email}", "workspaces/set-member", "setMember", Bearer, nil},
	{"DELETE", "/v1/workspaces/{workspace}/members/{email}", "workspaces/remove-member", "removeMember", Bearer, nil},
	{"POST", "/v1/workspaces/{workspace}/target-apps", "workspaces/create-target-app", "createTargetApp", Bearer, nil},
	{"PATCH", "/v1/target-apps/{targetApp}/settings", "workspaces/update-settings", "updateSettings", Bearer, nil},
	{"POST", "/v1/workspaces/{workspace}/tokens", "workspaces/create-token", "createToken", Bearer, nil},
	{"DELETE", "/v1/workspaces/{workspace}/tokens/{id}", "workspaces/delete-token", "deleteToken", Bearer, nil},

	{"POST", "/v1/mini-programs", "miniprograms/create", "createMiniProgram", Bearer, nil},
	{"PATCH", "/v1/mini-programs/{id}", "miniprograms/update", "updateMiniProgram", Bearer, nil},
	{"PUT", "/v1/mini-programs/{id}/configuration", "miniprograms/configure", "configureMiniProgram", Bearer, nil},
	{"PUT", "/v1/mini-programs/{id}/members/{email}", "miniprograms/set-member", "setMiniProgramMember", Bearer, nil},
	{"DELETE", "/v1/mini-programs/{id}/members/{email}", "miniprograms/remove-member", "removeMiniProgramMember", Bearer, nil},
	{"POST", "/v1/mini-programs/{id}/images", "miniprograms/create-image", "createImage", Bearer, nil},
	{"GET", "/v1/mini-programs", "miniprograms/read", "listMiniPrograms", Bearer, query("q", "workspace")},
	{"GET", "/v1/mini-programs/{id}", "miniprograms/read", "readMiniProgram", Bearer, nil},
	{"GET", "/v1/mini-programs/{id}/events", "miniprograms/read", "listMiniProgramEvents", Bearer, query()},

	{"POST", "/v1/mini-programs/{id}/versions", "versions/create", "createVersion", Bearer, nil},
	{"POST", "/v1/mini-programs/{id}/versions/{number}/submit", "versions/submit", "submitVersion", Bearer, nil},
	{"GET", "/v1/mini-programs/{id}/versions", "versions/read", "listVersions", Bearer, query()},
	{"GET", "/v1/mini-programs/{id}/versions/{number}", "versions/read", "readVersion", Bearer, nil},

	{"POST", "/v1/mini-programs/{id}/versions/{number}/releases", "releases/create", "createRelease", Bearer, nil},
	{"POST", "/v1/releases/{id}/configure", "releases/configure", "configureRelease", Bearer, nil},
	{"POST", "/v1/releases/{id}/test", "releases/test", "testRelease", Bearer, nil},
	{"POST", "/v1/releases/{id}/apply", "releases/apply", "applyRelease", Bearer, nil},
	{"POST", "/v1/releases/{id}/withdraw", "releases/withdraw", "withdrawRelease", Bearer, nil},
	{"POST", "/v1/releases/{id}/testers", "releases/testers", "setReleaseTesters", Bearer, nil},
	{"POST", "/v1/releases/{id}/complete-testing", "releases/complete-testing", "completeTesting", Bearer, nil},
	{"POST", "/v1/releases/{id}/grayscale", "releases/grayscale", "grayscaleRelease", Bearer, nil},
	{"POST", "/v1/releases/{id}/full", "releases/full", "fullRelease", Bearer, nil},
	{"POST", "/v1/releases/{id}/reset", "releases/reset", "resetRelease", Bearer, nil},
	{"POST", "/v1/releases/{id}/cancel", "releases/cancel", "cancelRelease", Bearer, nil},
	{"GET", "/v1/releases", "releases/read", "listReleases", Bearer, query("miniProgram", "targetApp", "environment", "status")},
	{"GET", "/v1/releases/{id}", "releases/read", "readRelease", Bearer, nil},
	{"GET", "/v1/releases/{id}/events", "releases/read", "listReleaseEvents", Bearer, query()},
	{"GET", "/v1/releases/{id}/compatibility", "releases/read", "readCompatibility", Bearer, []string{"run"}},

	{"GET", "/v1/requests", "requests/read", "listRequests", Bearer, query("scope", "category", "status", "submitter", "q", "sort", "order")},
	{"GET", "/v1/requests/{id}", "requests/read", "readRequest", Bearer, nil},
	{"POST", "/v1/mini-programs/{id}/force-removals", "requests/force-remove", "forceRemove", Bearer, nil},
	{"POST", "/v1/mini-programs/{id}/offline-requests", "requests/offline", "requestOffline", Bearer, nil},
	{"POST", "/v1/requests/{id}/approve", "requests/approve", "approveRequest", Bearer, nil},
	{"POST", "/v1/requests/{id}/reject", "requests/reject", "rejectRequest", Bearer, nil},
	{"POST", "/v1/requests/{id}/withdraw", "requests/withdraw", "withdrawRequest", Bearer, nil},
	{"POST", "/v1/requests/{id}/resend", "requests/resend", "resendRequest", Bearer, nil},
	{"GET", "/approvals/{token}", "requests/link", "showApproval", Link, nil},
	{"POST", "/approvals/{token}", "requests/link", "decideApproval", Link, nil},

	{"POST", "/v1/mini-programs/{id}/qr-codes", "qrcodes/create", "createQrCode", Bearer, nil},
	{"GET", "/v1/mini-programs/{id}/qr-codes", "qrcodes/read", "listQrCodes", Bearer, query()},
	{"GET", "/v1/qr-codes/{code}", "qrcodes/read", "readQrCode", Bearer, []string{"format", "size"}},
	{"GET", "/q/{code}", "qrcodes/open", "openQrCode", Public, nil},

	{"GET", "/v1/resolve/{targetApp}/{environment}/{miniProgram}", "resolve/resolve", "resolve", Public, []string{"user"}},
	{"POST", "/v1/resolve", "resolve/resolve", "resolveMany", Public, nil},
	{"GET", "/v1/explain/{targetApp}/{environment}/{miniProgram}", "resolve/explain", "explain", Bearer, []string{"user"}},
	{"GET", "/v1/manifests/{targetApp}/{environment}", "resolve/manifest", "readManifest", Public, nil},
	{"GET", "/.well-known/slipway-keys.json", "resolve/keys", "readKeys", Public, nil},
	{"GET", "/openapi.yaml", "resolve/contract", "readContract", Public, nil},
}

// methodsOf are the methods that a path takes, in the order of Routes.
func methodsOf(path string) (out []string) {
	at := strings.Split(path, "/")
	for _, r := range Routes {
		pattern := strings.Split(r.Pattern, "/")
		fits := len(pattern) == len(at)
		for i := 0; fits && i < len(at); i++ {
			fits = pattern[i] == at[i] || strings.HasPrefix(pattern[i], "{") && at[i] != ""
		}
		if fits && !slices.Contains(out, r.Method) {
			out = append(out, r.Method)
		}
	}
	return out
}

// Params lists the parameters of a pattern in order.
func Params(pattern string) []string {
	var out []string
	for part := range strings.SplitSeq(pattern, "/") {
		if strings.HasPrefix(part, "{") {
			out = append(out, strings.Trim(part, "{}"))
		}
	}
	return out
}
