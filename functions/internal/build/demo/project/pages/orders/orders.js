const orders = require('../../services/orders');
const { version } = require('../../version.json');

Page({
  data: { orders: [], version },

  onShow() {
    this.setData({ orders: orders.all() });
  },

  onCall() {
    my.makePhoneCall({ number: '+4940123456' });
  },
});
