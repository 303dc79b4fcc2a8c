package local

import (
	"crypto/rand"
	"maps"

	"slipway/functions/internal/api"
	"slipway/functions/internal/api/upload"
	"slipway/functions/internal/removal/picture"
)

// handlers are the functions of the API, by their folders; each is made of the same ports as its main.
func (s *Server) handlers() map[string]api.Handler {
	all := s.releaseHandlers()
	maps.Copy(all, s.catalogHandlers())
	maps.Copy(all, s.userHandlers())
	return all
}

func (s *Server) catalogHandlers() map[string]api.Handler {
	t, p := s.watched, s.files
	return map[string]api.Handler{
		"workspaces/read":              api.ReadWorkspaces(t),
		"workspaces/create":            api.CreateWorkspace(t),
		"workspaces/set-member":        api.SetMember(t),
		"workspaces/remove-member":     api.RemoveMember(t),
		"workspaces/create-target-app": api.CreateTargetApp(t),
		"workspaces/update-settings":   api.UpdateSettings(t),
		"workspaces/create-token":      api.CreateToken(t),
		"workspaces/delete-token":      api.DeleteToken(t),

		"miniprograms/create":        api.CreateMiniProgram(t),
		"miniprograms/update":        api.UpdateMiniProgram(t),
		"miniprograms/configure":     api.ConfigureMiniProgram(t),
		"miniprograms/set-member":    api.SetMiniProgramMember(t),
		"miniprograms/remove-member": api.RemoveMiniProgramMember(t),
		"miniprograms/create-image":  api.CreateImage(t, p),
		"miniprograms/read":          api.ReadMiniPrograms(t),

		"versions/create": api.CreateVersion(t, p),
		"versions/submit": api.SubmitVersion(t, p, upload.TakeIn),
		"versions/read":   api.ReadVersions(t),
	}
}

func (s *Server) releaseHandlers() map[string]api.Handler {
	t, w, p := s.watched, s.workflow, s.files
	return map[string]api.Handler{
		"releases/create":           api.CreateRelease(t, w),
		"releases/configure":        api.ConfigureRelease(t, w),
		"releases/test":             api.TestRelease(t, w),
		"releases/apply":            api.ApplyRelease(t, w),
		"releases/withdraw":         api.WithdrawRelease(t, w),
		"releases/testers":          api.SetReleaseTesters(t, w),
		"releases/complete-testing": api.CompleteTesting(t, w),
		"releases/grayscale":        api.GrayscaleRelease(t, w),
		"releases/full":             api.FullRelease(t, w),
		"releases/reset":            api.ResetRelease(t, w),
		"releases/cancel":           api.CancelRelease(t, w),
		"releases/read":             api.ReadReleases(t, p),

		"requests/force-remove": api.ForceRemove(t, w, p, picture.Whole),
		"requests/offline":      api.RequestOffline(t, w),
		"requests/approve":      api.ApproveRequest(t, w),
		"requests/reject":       api.RejectRequest(t, w),
		"requests/withdraw":     api.WithdrawRequest(t, w),
		"requests/resend":       api.ResendRequest(t, s.links, rand.Reader),
		"requests/read":         api.ReadRequests(t, p),
		"requests/link":         api.ApprovalLink(t, w, p, s.links),
	}
}

// userHandlers are behind what users of a super app see.
func (s *Server) userHandlers() map[string]api.Handler {
	t, p := s.watched, s.files
	return map[string]api.Handler{
		"qrcodes/create": api.CreateQRCode(t, s.options.Base),
		"qrcodes/read":   api.ReadQRCodes(t, s.options.Base),
		"qrcodes/open":   s.scans.Handle,

		"resolve/resolve":  s.resolver.Handle,
		"resolve/explain":  api.Explain(t, p),
		"resolve/contract": api.ReadContract(),
		"resolve/manifest": api.ReadManifest(t, s.ring),
		"resolve/keys":     api.ReadKeys(s.ring),
	}
}
