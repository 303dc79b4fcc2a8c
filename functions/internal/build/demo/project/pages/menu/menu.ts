import { fetchMenu } from '../../services/api';
import { drinks, known } from '../../services/menu';

/** The hour decides how the bar says hello. */
function greeting(hour: number): string {
  if (hour < 11) return 'First one of the day?';
  return hour < 17 ? 'Time for a break.' : 'Decaf is on the bar, too.';
}

Page({
  data: { drinks, greeting: '' },

  onLoad() {
    this.setData({ greeting: greeting(new Date().getHours()) });
    return this.refresh();
  },

  async onPullDownRefresh() {
    await this.refresh();
    my.stopPullDownRefresh();
  },

  async refresh() {
    const reply = await fetchMenu();
    this.setData({ drinks: known(reply?.drinks) });
  },

  onChoose(id: string) {
    my.navigateTo({ url: `/pages/drink/drink?id=${encodeURIComponent(id)}` });
  },

  onOpenClub() {
    my.navigateTo({ url: '/club/pages/card/card' });
  },

  onShareAppMessage() {
    return { title: 'Harbour Coffee', path: 'pages/menu/menu' };
  },
});
