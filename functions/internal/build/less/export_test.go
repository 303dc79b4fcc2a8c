package less

// Plain lets a test see what the engine is given.
var Plain = plain
