import cart from '../../services/cart';
import orders from '../../services/orders';
import { placeOrder } from '../../services/api';

Page({
  data: { lines: [], total: 0, sending: false },

  onShow() {
    this.show();
  },

  show() {
    this.setData({ lines: cart.lines(), total: cart.total() });
  },

  // The stepper hands over the number alone, so the first line that differs is the one that was tapped.
  onQuantity(quantity, event) {
    const id = event && event.target && event.target.dataset && event.target.dataset.id;
    const line = this.data.lines.find((l) => l.id === id) || this.data.lines.find((l) => Math.abs(l.quantity - quantity) === 1);
    if (line) {
      cart.set(line, quantity);
      this.show();
    }
  },

  async onOrder() {
    if (this.data.sending) return;
    this.setData({ sending: true });
    const reply = await placeOrder(cart.lines());
    this.setData({ sending: false });
    if (!reply || !reply.number) {
      my.alert({ title: 'The bar does not answer', content: 'Your cart is kept. Please try again in a moment.', buttonText: 'All right' });
      return;
    }
    orders.add({ number: reply.number, lines: cart.lines(), cents: cart.total(), at: Date.now() });
    cart.clear();
    my.switchTab({ url: '/pages/orders/orders' });
  },
});
