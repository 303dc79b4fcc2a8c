package intake

// Folded lets a test hold it against Unicode's own tables.
var Folded = newFolding().name
