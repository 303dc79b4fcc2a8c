const KEY = 'harbour.orders';

function all() {
  const kept = my.getStorageSync({ key: KEY });
  return kept && Array.isArray(kept.data) ? kept.data : [];
}

function add(order) {
  my.setStorageSync({ key: KEY, data: [order].concat(all()).slice(0, 20) });
}

module.exports = { all, add };
