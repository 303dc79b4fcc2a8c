Component({
  props: {
    value: 0,
    min: 0,
    max: 9,
    onChange: () => {},
  },

  methods: {
    onLess() {
      this.change(this.props.value - 1);
    },

    onMore() {
      this.change(this.props.value + 1);
    },

    change(value) {
      if (value >= this.props.min && value <= this.props.max) {
        this.props.onChange(value);
      }
    },
  },
});
