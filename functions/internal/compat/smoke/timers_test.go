package smoke_test

import "testing"

// TestTimersRunInOrder: by when they are due, then by when they were set, whatever is cleared in between.
func TestTimersRunInOrder(t *testing.T) {
	fine(t, input(map[string]string{"a/a.js": `const told = [], say = (what) => () => told.push(what);
Page({onLoad() {
  setTimeout('text', 5); setTimeout(say('c'), 30); setTimeout(say('a'), 10); setTimeout(say('b'), 10);
  const gone = setTimeout(say('gone'), 20);
  let n = 0; const ticks = setInterval(() => { told.push('t' + ++n); if (n === 3) { clearInterval(ticks); clearInterval(ticks) } }, 10);
  const other = setInterval(say('never'), 40);
  setTimeout(() => { clearTimeout(gone); clearTimeout(other); clearTimeout(undefined); setTimeout(say('d'), 15); setTimeout(say('now')) }, 10);
  setTimeout((x, y) => told.push(x + y), 31, 'e', 'f'); setTimeout(say('z'), 1000); setTimeout(say('y'), 10);
}, onHide() {
  if (told.join(' ') !== 'a b t1 y now t2 d c t3 ef z') throw new Error('it ran ' + told.join(' '));
}})`}))
}
