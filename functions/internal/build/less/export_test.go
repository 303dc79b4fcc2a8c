package less

// Plain lets a test see what the engine is given.
var Plain = plain

// Whole makes a compiler leave nothing out.
func (c *Compiler) Whole() *Compiler {
	c.whole = true
	return c
}

// Without is what a sheet's imports are compiled as.
func (c *Compiler) Without(file, src string) map[string]string { return c.without(file, src) }
