import cart from '../../services/cart';
import { find } from '../../services/menu';

Page({
  data: { drink: find(''), quantity: 1 },

  onLoad(query) {
    this.setData({ drink: find(query && query.id) });
  },

  onQuantity(quantity) {
    this.setData({ quantity });
  },

  onAdd() {
    cart.set(this.data.drink, this.data.quantity);
    my.showToast({ type: 'success', content: 'In your cart', duration: 1200 });
    my.switchTab({ url: '/pages/cart/cart' });
  },
});
