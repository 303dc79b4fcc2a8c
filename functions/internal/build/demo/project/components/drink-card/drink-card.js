Component({
  props: {
    drink: {},
    onChoose: () => {},
  },

  methods: {
    onTapCard() {
      this.props.onChoose(this.props.drink.id);
    },
  },
});
