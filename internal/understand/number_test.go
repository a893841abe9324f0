package understand_test

import (
	"os"
	"testing"

	"fenlin/internal/understand"
)

// TestRead_ANumberToCallChangesNothing: people leave their phone beside what is
// wrong, and that of others; it tells nothing of what it is.
func TestRead_ANumberToCallChangesNothing(t *testing.T) {
	text, err := os.ReadFile("../../config/understand.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r, err := understand.New(text)
	if err != nil {
		t.Fatal(err)
	}
	for said, want := range map[string]string{
		"9号楼垃圾桶满了": "sanitation", "3号楼2单元楼道灯坏了": "lighting", "5号楼电梯不走了": "elevator", "6号楼下水道堵了": "drainage", "2单元暖气不热": "heating",
	} {
		for _, more := range []string{"，13812345678", "，找李四13812345678", "，联系电话13812345678", "，电话138-1234-5678", "，身份证号141182198001011234", "，电话0358-7222333，请尽快"} {
			got := r.Read(said+more, nil)
			if got.Intent != understand.Problem || got.Guesses[0].Code != want {
				t.Errorf("%s: %s %s %.2f", said+more, got.Intent, got.Guesses[0].Code, got.Guesses[0].Confidence)
			}
		}
	}
}
