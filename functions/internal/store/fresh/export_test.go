package fresh

// Size is how much is kept, in bytes.
func (c *Cache[V]) Size() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.size()
}
