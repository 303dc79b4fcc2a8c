package store

import (
	"context"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
)

// Workspace reads a workspace; rev 0 when there is none.
func Workspace(ctx context.Context, t Table, id string) (catalog.Workspace, int64, error) {
	return Load[catalog.Workspace](ctx, t, WorkspaceKey(id))
}

// CreateWorkspace makes the writes of a new workspace.
func CreateWorkspace(w catalog.Workspace) []Write {
	return []Write{writeOf(WorkspaceKey(w.ID), w, Absent), writeOf(Key{workspacesPK, "W#" + w.ID}, ref{w.ID}, Any)}
}

// AllWorkspaces reads a page of all workspaces in the order of their ids.
func AllWorkspaces(ctx context.Context, t Table, after string, limit int) (out Slice[catalog.Workspace], err error) {
	rows, err := ReadSlice[ref](ctx, t, Range{workspacesPK, "W#"}, after, limit, false)
	if err != nil {
		return out, err
	}
	keys := make([]Key, len(rows.Items))
	for i, row := range rows.Items {
		keys[i] = WorkspaceKey(row.ID)
	}
	out.Next = rows.Next
	out.Items, _, err = LoadAll[catalog.Workspace](ctx, t, keys)
	return out, err
}

// FoundWorkspace makes the writes of a new workspace and its first member.
func FoundWorkspace(w catalog.Workspace, first catalog.Member) []Write {
	return append(SaveMember(first, Absent), CreateWorkspace(w)...)
}

// TargetApp reads a target app; rev 0 when there is none.
func TargetApp(ctx context.Context, t Table, id string) (catalog.TargetApp, int64, error) {
	return Load[catalog.TargetApp](ctx, t, TargetAppKey(id))
}

// CreateTargetApp makes the writes of a new target app; its id must be free everywhere.
func CreateTargetApp(a catalog.TargetApp) []Write {
	return []Write{
		writeOf(TargetAppKey(a.ID), a, Absent),
		writeOf(Key{"W#" + a.Workspace, "A#" + a.ID}, ref{a.ID}, Any),
		writeOf(Key{appsPK, "A#" + a.ID}, ref{a.ID}, Any),
	}
}

// SaveTargetApp makes the write of a changed target app under the revision it was read with.
func SaveTargetApp(a catalog.TargetApp, rev int64) Write { return writeOf(TargetAppKey(a.ID), a, rev) }

// TargetApps lists the apps of a workspace in the order of their ids.
func TargetApps(ctx context.Context, t Table, workspace string) ([]catalog.TargetApp, error) {
	rows, err := List[ref](ctx, t, "W#"+workspace, "A#")
	if err != nil {
		return nil, err
	}
	return targetApps(ctx, t, rows)
}

// AllTargetApps reads a page of the apps of all workspaces in the order of their ids.
func AllTargetApps(ctx context.Context, t Table, after string, limit int) (out Slice[catalog.TargetApp], err error) {
	rows, err := ReadSlice[ref](ctx, t, Range{appsPK, "A#"}, after, limit, false)
	if err != nil {
		return out, err
	}
	out.Next = rows.Next
	out.Items, err = targetApps(ctx, t, rows.Items)
	return out, err
}

func targetApps(ctx context.Context, t Table, rows []ref) ([]catalog.TargetApp, error) {
	keys := make([]Key, len(rows))
	for i, row := range rows {
		keys[i] = TargetAppKey(row.ID)
	}
	out, _, err := LoadAll[catalog.TargetApp](ctx, t, keys)
	return out, err
}

// MiniProgram reads a mini program; rev 0 when there is none.
func MiniProgram(ctx context.Context, t Table, id string) (catalog.MiniProgram, int64, error) {
	return Load[catalog.MiniProgram](ctx, t, MiniProgramKey(id))
}

// CreateMiniProgram makes the writes of a new mini program.
func CreateMiniProgram(m catalog.MiniProgram) []Write {
	writes := []Write{
		writeOf(MiniProgramKey(m.ID), m, Absent),
		writeOf(Key{"W#" + m.Workspace, "P#" + programSK(m)}, ref{m.ID}, Any),
	}
	for _, member := range m.Members {
		writes = append(writes, AddMiniProgramMember(m, member.Email))
	}
	return writes
}

func programSK(m catalog.MiniProgram) string { return stamp(m.CreatedAt) + "#" + m.ID }

// SaveMiniProgram makes the write of a changed mini program under the revision it was read with. Changes of its
// members also need AddMiniProgramMember or RemoveMiniProgramMember.
func SaveMiniProgram(m catalog.MiniProgram, rev int64) Write {
	return writeOf(MiniProgramKey(m.ID), m, rev)
}

// AddMiniProgramMember makes the write that lists the mini program for a person.
func AddMiniProgramMember(m catalog.MiniProgram, email string) Write {
	return writeOf(Key{"U#" + email, "P#" + programSK(m)}, ref{m.ID}, Any)
}

// RemoveMiniProgramMember makes the write that ends it.
func RemoveMiniProgramMember(m catalog.MiniProgram, email string) Write {
	return Write{Op: Delete, Key: Key{"U#" + email, "P#" + programSK(m)}, IfRev: Any}
}

// ShowMiniProgram makes the writes by which the staff of a workspace that does not own the mini program see it from
// now on: of a super app that it is released to, or of the platform.
func ShowMiniProgram(m catalog.MiniProgram, workspace string) []Write {
	return []Write{
		writeOf(Key{"P#" + m.ID, "H#" + workspace}, ref{workspace}, Any),
		writeOf(Key{"W#" + workspace, "H#" + programSK(m)}, ref{m.ID}, Any),
	}
}

// SeenBy says, for each of the mini programs, which of the workspaces it was shown to.
func SeenBy(ctx context.Context, t Table, miniPrograms, workspaces []string) (map[string][]string, error) {
	var keys []Key
	for _, m := range miniPrograms {
		for _, w := range workspaces {
			keys = append(keys, Key{"P#" + m, "H#" + w})
		}
	}
	_, revs, err := LoadAll[ref](ctx, t, keys)
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for i, rev := range revs {
		if m, w := miniPrograms[i/len(workspaces)], workspaces[i%len(workspaces)]; rev > 0 {
			out[m] = append(out[m], w)
		}
	}
	return out, nil
}

// OwnedBy, ShownTo and MemberIn are the ranges of mini programs for Merge.
func OwnedBy(workspace string) Range { return Range{"W#" + workspace, "P#"} }
func ShownTo(workspace string) Range { return Range{"W#" + workspace, "H#"} }
func MemberIn(email string) Range    { return Range{"U#" + email, "P#"} }

// MiniPrograms reads mini programs by id, in the order asked; one that is missing has no ID.
func MiniPrograms(ctx context.Context, t Table, ids []string) ([]catalog.MiniProgram, error) {
	keys := make([]Key, len(ids))
	for i, id := range ids {
		keys[i] = MiniProgramKey(id)
	}
	out, _, err := LoadAll[catalog.MiniProgram](ctx, t, keys)
	return out, err
}

// FindVersion reads a version; rev 0 when there is none.
func FindVersion(ctx context.Context, t Table, miniProgram, number string) (catalog.Version, int64, error) {
	return Load[catalog.Version](ctx, t, versionKey(miniProgram, number))
}

// Version reads a version; a missing one is NotFound.
func Version(ctx context.Context, t Table, miniProgram, number string) (catalog.Version, error) {
	v, _, err := MustVersion(ctx, t, miniProgram, number)
	return v, err
}

// MustVersion is Version with the revision.
func MustVersion(ctx context.Context, t Table, miniProgram, number string) (catalog.Version, int64, error) {
	v, rev, err := FindVersion(ctx, t, miniProgram, number)
	if err == nil && rev == 0 {
		err = fault.New(fault.NotFound, "no_such_version", "There is no version %q of %s.", number, miniProgram)
	}
	return v, rev, err
}

// SaveVersion makes the write of a version: Absent for a new one, else the revision it was read with.
func SaveVersion(v catalog.Version, rev int64) Write {
	return writeOf(versionKey(v.MiniProgram, v.Number), v, rev)
}

// Versions reads a page of versions, highest number first.
func Versions(ctx context.Context, t Table, miniProgram, after string, limit int) (Slice[catalog.Version], error) {
	return ReadSlice[catalog.Version](ctx, t, Range{"P#" + miniProgram, "V#"}, after, limit, true)
}

// PlaceOf is where a mini program is in the order of Merge.
func PlaceOf(m catalog.MiniProgram) string { return programSK(m) }
