function two(n) {
  return n < 10 ? '0' + n : '' + n;
}

function euros(cents) {
  var whole = Math.floor((cents || 0) / 100);
  return '€ ' + whole + '.' + two((cents || 0) % 100);
}

export default {
  euros: euros,
};
