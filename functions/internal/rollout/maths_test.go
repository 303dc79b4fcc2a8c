package rollout_test

import (
	"fmt"
	"math"
	"strconv"
	"testing"

	"slipway/functions/internal/rollout"
)

// count spreads n users, numbered as user ids often are, over the buckets of a salt.
func count(n int, text string) (buckets [rollout.Buckets]int) {
	id, salt := []byte("user-"), rollout.NewSalt(text)
	for i := range n {
		id = strconv.AppendInt(id[:5], int64(i), 10)
		buckets[salt.Bucket(string(id))]++
	}
	return buckets
}

// quantile is the value that a chi-square of so many degrees of freedom exceeds with the probability of a normal
// variable exceeding z (Wilson and Hilferty's approximation).
func quantile(degrees int, z float64) float64 {
	k := float64(degrees)
	return k * math.Pow(1-2/(9*k)+z*math.Sqrt(2/(9*k)), 3)
}

// farOut is a deviation that chance brings about once in a million tries. The ids here are always the same, so a test
// that passes, passes for ever; the bound only has to be one that a good hash meets and a bad one does not.
const farOut = 4.75

func chiSquare(expected float64, observed ...int) float64 {
	sum := 0.0
	for _, o := range observed {
		d := float64(o) - expected
		sum += d * d / expected
	}
	return sum
}

// TestEveryShareIsWhatItSays gives ten million users out at each whole percent: within four sigma of a fair draw.
func TestEveryShareIsWhatItSays(t *testing.T) {
	const n = 10_000_000
	buckets := count(n, "salt_0123456789abcdefghjk")
	in := 0
	for bucket, users := range buckets {
		in += users
		percent := (bucket + 1) / 100
		if (bucket+1)%100 != 0 || percent == 100 {
			continue
		}
		p := float64(percent) / 100
		if off := math.Abs(float64(in)-n*p) / math.Sqrt(n*p*(1-p)); off > 4 {
			t.Errorf("%d %% are %d of %d users, %.1f sigma off", percent, in, n, off)
		}
	}
	if in != n {
		t.Errorf("100 %% are %d of %d users", in, n)
	}
	if got, most, least := chiSquare(n/rollout.Buckets, buckets[:]...), quantile(rollout.Buckets-1, farOut), quantile(rollout.Buckets-1, -farOut); got > most || got < least {
		t.Errorf("the buckets differ by a chi-square of %.0f, want %.0f to %.0f", got, least, most)
	}
}

// TestInShareFollowsTheBuckets walks every bucket through every percentage: who is in stays in, and each percent lets
// in exactly a hundredth of the buckets.
func TestInShareFollowsTheBuckets(t *testing.T) {
	for bucket := range rollout.Buckets {
		for percent := range 101 {
			if got, want := rollout.InShare(bucket, percent), bucket/100 < percent; got != want {
				t.Fatalf("bucket %d at %d %%: %v", bucket, percent, got)
			}
		}
	}
}

// TestNobodyLeavesOnARaise raises a grayscale one percent at a time.
func TestNobodyLeavesOnARaise(t *testing.T) {
	full, gray := rollout.Served{Release: "f", Version: "1"}, rollout.Served{Release: "g", Version: "2"}
	p := rollout.Placement{}.WithFull(full)
	in := map[string]bool{}
	for percent := 1; percent <= 99; percent++ {
		p = p.WithGrayscale(gray, percent, "salt")
		joined := 0
		for i := range 5_000 {
			user := fmt.Sprint("u", i)
			served, _ := rollout.Decide(&p, user)
			switch now := served.Version == "2"; {
			case in[user] && !now:
				t.Fatalf("%s left at %d %%", user, percent)
			case now && !in[user]:
				in[user] = true
				joined++
			}
		}
		if joined == 0 {
			t.Errorf("nobody joined at %d %%", percent)
		}
	}
}

// independent gives the chi-square of the tenths of two salts, crossed.
func independent(users int, one, other string) float64 {
	var cells [100]int
	for i := range users {
		user := "user-" + strconv.Itoa(i)
		cells[rollout.Bucket(one, user)/1000*10+rollout.Bucket(other, user)/1000]++
	}
	return chiSquare(float64(users)/100, cells[:]...)
}

// TestSharesOfTwoMiniProgramsAreIndependent crosses the shares of two releases: being among the first tenth of one says
// nothing of the other. The margins of the table are known here, so it has 99 degrees of freedom.
func TestSharesOfTwoMiniProgramsAreIndependent(t *testing.T) {
	const users = 200_000
	most, least := quantile(99, farOut), quantile(99, -farOut)
	for i := range 10 {
		one, other := fmt.Sprintf("salt_%d", i), fmt.Sprintf("salt_%d", i+1)
		if got := independent(users, one, other); got > most || got < least {
			t.Errorf("%s and %s: chi-square %.0f, want %.0f to %.0f", one, other, got, least, most)
		}
	}
	if got := independent(users, "salt", "salt"); got <= most {
		t.Errorf("a share is found independent of itself: %.0f", got)
	}
}
