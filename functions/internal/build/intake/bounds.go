package intake

// What one project may declare. Each declaration is looked for among up to ten thousand files, and what is wrong with it is
// told with its line, so that together they could cost hours; real projects stay far below: the largest known has 189 pages.
const (
	maxPages     = 2000     // with those of subpackages; also the components that one file names
	maxParts     = 200      // subpackages
	maxAliases   = 200      // each is tried for every import
	maxWorkers   = 50       // scripts that run apart
	maxUses      = 20_000   // components that all files name together
	maxConfigs   = 32 << 20 // bytes of the configuration of all pages and components together
	maxPatterns  = 64       // of one list
	maxPattern   = 256      // bytes of one
	maxWildcards = 8        // in one
	maxCircles   = 50       // told of components that contain each other
	maxCircle    = 12       // components of one circle that are named
	maxTold      = 10_000   // diagnostics of one severity that one collector keeps
)
