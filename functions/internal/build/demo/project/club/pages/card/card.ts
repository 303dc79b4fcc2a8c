import { fetchStamps } from '../../../services/api';

const PLACES = 9;

/** A card always shows nine places, whatever the shop says. */
function row(count: number) {
  return Array.from({ length: PLACES }, (_, i) => ({ index: i + 1, on: i < count }));
}

Page({
  data: { stamps: row(0), count: 0 },

  async onLoad() {
    const reply = await fetchStamps();
    const count = Math.max(0, Math.min(PLACES, Math.floor(Number(reply?.count) || 0)));
    this.setData({ count, stamps: row(count) });
  },
});
