package console

// Words is a sentence, which pages make of our own words; a test holds that a value would not get through it either.
var Words = words
