// What the bar always has. The shop's own list replaces it when it arrives.
export const drinks = [
  { id: 'espresso', name: 'Espresso', note: 'Short, dark, honest', cents: 220, image: '/images/espresso.png' },
  { id: 'flat-white', name: 'Flat white', note: 'Double shot, silky milk', cents: 380, image: '/images/flat-white.png' },
  { id: 'filter', name: 'Filter of the day', note: 'Ask what is on the bar', cents: 310, image: '/images/filter.png' },
  { id: 'cold-brew', name: 'Cold brew', note: 'Eighteen hours, no hurry', cents: 420, image: '/images/cold-brew.png' },
];

export function known(list) {
  const usable = Array.isArray(list) ? list.filter((d) => d && d.id && d.name && d.cents > 0) : [];
  return usable.length > 0 ? usable.map((d) => ({ ...d, image: d.image || '/images/filter.png' })) : drinks;
}

export function find(id) {
  return drinks.find((d) => d.id === id) || drinks[0];
}
