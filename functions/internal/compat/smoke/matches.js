// RegExp.$1 and its kin, with which a date is formatted in half of all old projects: the parts of the last match. It makes
// every match slower, so that it runs only where a script names them.
(function () {
  'use strict';
  if ('$1' in RegExp) return;
  const exec = RegExp.prototype.exec;
  let last = null;
  RegExp.prototype.exec = function (s) {
    const m = exec.call(this, s);
    if (m) last = m;
    return m;
  };
  RegExp.prototype.test = function (s) { return this.exec(s) !== null; };
  const part = (names, read) => names.forEach((k) => Object.defineProperty(RegExp, k, { get: () => (last && read(last)) || '', set() {}, configurable: true }));
  for (let i = 1; i <= 9; i++) part(['$' + i], (m) => m[i]);
  part(['lastMatch', '$&'], (m) => m[0]);
  part(['lastParen', '$+'], (m) => m[m.length - 1]);
  part(['input', '$_'], (m) => m.input);
  part(['leftContext', '$`'], (m) => m.input.slice(0, m.index));
  part(['rightContext', "$'"], (m) => m.input.slice(m.index + m[0].length));
})();
