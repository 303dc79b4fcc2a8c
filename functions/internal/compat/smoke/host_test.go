package smoke_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/compat/smoke"
)

// What phones give to scripts and a run without a screen gave differently, so that pages failed that do not.
var given = []struct {
	name  string
	files map[string]string
	want  []string
}{
	{"components that the template refers to", map[string]string{
		"a/a.axml": `<view><c ref="save"/><canvas ref=" draw "/><c ref="{{computed}}"/><c ref="gone"/></view>`,
		"a/a.js":   `Page({save(c){this.c=c},draw(c){c.getContext('2d').fill();this.d=c;null.x},onReady(){this.c.open().then;this.d.width}})`,
	}, nil},
	{"a component that no template refers to", map[string]string{"a/a.js": `Page({save(c){this.c=c},onReady(){this.c.open()}})`}, []string{"fail smoke-throws a/a.js:1:40 a/a"}},
	{"requests are tasks", map[string]string{"a/a.js": `Page({onLoad(){this.t=['request','httpRequest','downloadFile','uploadFile'].map((n)=>my[n]({url:'https://a.example.com/',filePath:'x',success(){},fail(){}}));this.t[2].onProgressUpdate(()=>{});this.t[3].onHeadersReceived(()=>{})},onUnload(){this.t.forEach((t)=>t.abort())}})`}, nil},
	{"a task beside callbacks is awaited", map[string]string{"a/a.js": `Page({onLoad(){my.request({url:'https://a.example.com/',success(){}}).then((r)=>{r.data.list.x})}})`}, []string{"info smoke-rejection a/a.js:0:0 a/a"}},
	{"a task without callbacks rejects", map[string]string{"a/a.js": `Page({onLoad(){my.request({url:'https://a.example.com/'}).abort()}})`}, []string{"warn smoke-rejection a/a.js:0:0 a/a offline"}},
	{"sockets are tasks", map[string]string{"a/a.js": `Page({onLoad(){const s=my.connectSocket({url:'wss://a.example.com/',multiple:true});s.onOpen(()=>{});s.onMessage(()=>{});s.send({data:''});s.close()}})`}, nil},
	{"cities, workers, sounds and animations", map[string]string{"a/a.js": `Page({onLoad(){my.chooseCity({success(){}}).setLocatedCity({});my.createWorker('w.js').onMessage(()=>{});my.createInnerAudioContext().onCanplay(()=>{});my.getBackgroundAudioManager().onError(()=>{});my.createAnimation({}).matrix(1,0,0,1,0,0).export()}})`}, nil},
	{"listeners that are removed", map[string]string{"a/a.js": `Page({onLoad(){this.l=my.on('titleClick',()=>{})},onUnload(){this.l.remove();if(my.onMemoryWarning(()=>{}))throw new Error('x')}})`}, nil},
	{"the page that starts the app", map[string]string{
		"app.js": `App({onLaunch(){this.r=getCurrentPages().pop().route},onShow(){getCurrentPages()[0].route.split('/')}})`,
		"a/a.js": `if(getCurrentPages().length)throw new Error('x');Page({onLoad(){if(getApp().r!=='a/a'||getCurrentPages()[0]!==this)throw new Error('y')}})`,
	}, nil},
	{"what lies deep in a reply", map[string]string{"a/a.js": `Page({onLoad(){my.ocr({success:(r)=>{JSON.parse(r.result.outputs[0].outputValue.dataValue).name.trim()}})}})`}, []string{"warn smoke-throws a/a.js:1:69 a/a"}},
	{"replies that are frozen and written as JSON", map[string]string{"a/a.js": `Page({onLoad(){const f=(o)=>{Object.values(o).forEach((v)=>{if(Object(v)===v)f(v)});return Object.freeze(o)};my.ocr({success:(r)=>{if(f(r).result.outputs.length||JSON.parse(JSON.stringify(r)).result.outputs.length!==0)throw new Error('x')}})}})`}, nil},
}

func TestTheHostGives(t *testing.T) {
	for _, tt := range given {
		t.Run(tt.name, func(t *testing.T) {
			in := input(tt.files)
			in.ServerDomains = []string{"a.example.com"}
			found, err := smoke.Runner{}.Run(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, lines(found)); diff != "" {
				t.Errorf("(-want +got):\n%s%+v", diff, found)
			}
		})
	}
}

// TestNodeAgreesOnWhatTheHostGives: the world is the same for both engines.
func TestNodeAgreesOnWhatTheHostGives(t *testing.T) {
	for _, tt := range given {
		t.Run(tt.name, func(t *testing.T) { agree(t, input(tt.files)) })
	}
}

// TestAdviceForPagesThatNeedMore: the run opens every page without a query and with nothing stored.
func TestAdviceForPagesThatNeedMore(t *testing.T) {
	in := input(map[string]string{"a/a.js": "Page({onLoad(q){this.d=JSON.parse(q.drink)}})", "b/b.js": "null.x"})
	found, err := smoke.Runner{}.Run(context.Background(), in)
	if err != nil || len(found) != 2 {
		t.Fatal(err, found)
	}
	if f := found[0]; !strings.Contains(f.Message, "JSON.parse is given is not JSON") || !strings.Contains(f.Advice, "add that to the fixtures") {
		t.Errorf("%+v", f)
	}
	if f := found[1]; strings.Contains(f.Advice, "fixtures") { // it fails whatever is in them
		t.Errorf("%+v", f)
	}
	in.Runtime.Fixtures.Queries = map[string]string{"a/a": "drink=%7B%7D"}
	if found, err = (smoke.Runner{}).Run(context.Background(), in); err != nil || len(found) != 1 {
		t.Error(err, found)
	}
}
