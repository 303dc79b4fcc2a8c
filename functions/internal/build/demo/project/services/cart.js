const KEY = 'harbour.cart';

let lines = [];

function save() {
  my.setStorage({ key: KEY, data: { lines } });
}

// One default export: whoever requires this module gets the cart itself.
export default {
  restore() {
    const kept = my.getStorageSync({ key: KEY });
    const data = kept && kept.data;
    lines = data && Array.isArray(data.lines) ? data.lines : [];
  },

  lines() {
    return lines.slice();
  },

  count() {
    return lines.reduce((sum, line) => sum + line.quantity, 0);
  },

  total() {
    return lines.reduce((sum, line) => sum + line.quantity * line.cents, 0);
  },

  set(drink, quantity) {
    lines = lines.filter((line) => line.id !== drink.id);
    if (quantity > 0) {
      lines.push({ id: drink.id, name: drink.name, cents: drink.cents, quantity });
    }
    save();
  },

  clear() {
    lines = [];
    save();
  },
};
