import cart from './services/cart';

App({
  globalData: { launchedWith: '' },

  onLaunch(options) {
    // A deep link may name a drink: harbour coffee on a poster opens right there.
    this.globalData.launchedWith = (options && options.path) || '';
    cart.restore();
  },

  onError(message) {
    console.error('Harbour Coffee:', message);
  },
});
