package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
)

// Carry carries the command of a task out that parks nothing; see carry.
func Carry(ctx context.Context, t store.Table, in Input) (s *store.Scene, refused bool, err error) {
	return carry(ctx, t, in, "", nil)
}

// carry carries a command out, once: a command that has been is left alone. What cannot be carried out any more is
// kept on the release as a refusal, for the person who waits for the answer, and comes back as refused.
// The token is what the release is parked on afterwards, "" for none.
func carry(ctx context.Context, t store.Table, in Input, token string, more func(*store.Scene, *release.Outcome) ([]store.Write, error)) (s *store.Scene, refused bool, err error) {
	err = Again(ctx, func() error {
		if s, err = store.LoadScene(ctx, t, in.Release); err != nil {
			return err
		}
		if err = Mine(s, in); err != nil {
			return err
		}
		if s.Release.LastCommand == in.Command.ID {
			refused = s.Release.Refusal != nil
			return park(ctx, t, s, token)
		}
		out, err := release.Carry(s.Scene, in.Command)
		var writes []store.Write
		if err == nil && more != nil {
			writes, err = more(s, &out)
		}
		if refusal := refusalOf(err); refusal != nil {
			refused = true
			return refuse(ctx, t, s, in, token, refusal)
		}
		if err != nil {
			return err
		}
		refused = false
		out.Release.LastCommand, out.Release.Refusal, out.Release.Token = in.Command.ID, nil, token
		out.Release.Rounds++
		saves, r := s.Save(out)
		writes = append(writes, saves...)
		writes = append(writes, store.EventWrites(eventOf(s.Release, r, in.Command, detailOf(in.Command)))...)
		for _, old := range out.Superseded {
			writes = append(writes, supersededEvent(s, old, in.Command)...)
		}
		overtaken, err := overtakeSuperseded(ctx, t, r, out.Superseded, in.Command.At)
		if err != nil {
			return err
		}
		writes = append(writes, overtaken...)
		if err := t.Transact(ctx, writes...); err != nil {
			return err
		}
		s.Release = r
		return nil
	})
	return s, refused, err
}

// refusalOf is the refusal that a person's mistake or a lost race amounts to, nil for any other error.
func refusalOf(err error) *release.Refusal {
	var f *fault.Error
	if !errors.As(err, &f) || f.Code == "write_conflict" {
		return nil
	}
	switch f.Kind {
	case fault.Conflict, fault.Invalid, fault.Unprocessable:
		return &release.Refusal{Code: f.CodeOrKind(), Detail: f.Detail}
	}
	return nil
}

func refuse(ctx context.Context, t store.Table, s *store.Scene, in Input, token string, why *release.Refusal) error {
	r := s.Release
	r.LastCommand, r.Refusal, r.Token = in.Command.ID, why, token
	if err := t.Transact(ctx, s.SaveRelease(r)); err != nil {
		return err
	}
	s.Release = r
	return nil
}

// park puts the token on a release that is otherwise as it should be.
func park(ctx context.Context, t store.Table, s *store.Scene, token string) error {
	if s.Release.Token == token {
		return nil
	}
	r := s.Release
	r.Token = token
	if err := t.Transact(ctx, s.SaveRelease(r)); err != nil {
		return err
	}
	s.Release = r
	return nil
}

func supersededEvent(s *store.Scene, old release.Release, cmd release.Command) []store.Write {
	e := eventOf(old, old, cmd, "by version "+s.Release.Version)
	e.ID, e.Action, e.Via, e.Before = cmd.ID+"-"+old.ID, string(release.Supersede), "system", ""
	for _, was := range s.Live {
		if was.ID == old.ID {
			e.Before = statusLine(was)
		}
	}
	return store.EventWrites(e)
}

func detailOf(cmd release.Command) string {
	switch cmd.Action {
	case release.Grayscale:
		return fmt.Sprintf("%d %%", cmd.Percent)
	case release.SetTesters:
		return fmt.Sprintf("%d testers", len(cmd.Testers))
	}
	return cmd.Reason
}

// endSuperseded ends the machines of releases that a command canceled. It is repeated until it has worked, as long
// as the release remembers them.
func endSuperseded(ctx context.Context, t store.Table, w release.Answerer, ids []string) error {
	for _, id := range ids {
		old, rev, err := store.Release(ctx, t, id)
		if err != nil {
			return err
		}
		if rev == 0 || old.Token == "" {
			continue
		}
		if err := end(ctx, w, old.Token); err != nil {
			return err
		}
	}
	return nil
}

// end tells a parked machine that there is nothing left to wait for.
func end(ctx context.Context, w release.Answerer, token string) error {
	return answer(ctx, w, token, map[string]string{"action": "end", "to": "", "from": ""})
}

func answer(ctx context.Context, w release.Answerer, token string, output any) error {
	data, err := json.Marshal(output)
	if err != nil {
		return err
	}
	err = w.Succeed(ctx, token, data)
	var f *fault.Error
	if errors.As(err, &f) && f.Code == "token_used" {
		return nil
	}
	return err
}

// System is who acts when nobody did.
var System = catalog.Person{Name: "Slipway"}
