package profile

// Default is a runtime in which the phones of the years 2018 to 2025 are found: a fresh value on each call.
//
// iOS runs logic and pages in the system's WebKit, so its Safari version is the operating system's. Android's web view
// updates by itself, but phones without the store keep what they shipped with, so each version stands for the oldest
// web view that its first phones carried (Chrome release notes, Android compatibility definition documents).
func Default() Runtime {
	return Runtime{
		BaseLibrary:    "2.9.40",
		MinBaseLibrary: "2.6.0",
		Systems:        append(defaultIOS(), defaultAndroid()...),
		Devices: []Device{
			{ID: "small-phone", Name: "Small phone, 1 GB", MemoryClass: 128, ScreenWidth: 320},
			{ID: "mid-phone", Name: "Common phone, 4 GB", MemoryClass: 256, ScreenWidth: 360},
			{ID: "large-phone", Name: "Large phone, 8 GB", MemoryClass: 512, ScreenWidth: 430},
		},
		// Rates and round trips are those of the W3C Network Information draft and of browsers' throttling presets.
		Networks: []Network{
			{ID: "wifi", Name: "Wi-Fi", Kbps: 30000, RTTMs: 20, BudgetMs: 3000},
			{ID: "5g", Name: "5G", Kbps: 50000, RTTMs: 30, BudgetMs: 3000},
			{ID: "4g", Name: "4G", Kbps: 9000, RTTMs: 100, BudgetMs: 5000},
			{ID: "3g", Name: "3G", Kbps: 1600, RTTMs: 300, BudgetMs: 15000},
			{ID: "slow-2g", Name: "Slow 2G", Kbps: 50, RTTMs: 2000, BudgetMs: 60000},
			{ID: "offline", Name: "Offline"},
		},
		Limits: Limits{Package: 20 << 20, SubPackage: 4 << 20, Page: 512 << 10, Image: 1 << 20},
	}
}

func defaultIOS() []System {
	var systems []System
	for _, v := range []string{"12", "13", "14", "15", "16", "17", "18"} {
		engine := Engine{Family: "safari", Version: v + ".0"}
		systems = append(systems, System{ID: "ios-" + v, Name: "iOS " + v, Family: "ios", Script: engine, CSS: engine})
	}
	return systems
}

func defaultAndroid() []System {
	var systems []System
	for _, v := range []struct{ version, chrome string }{
		{"7", "51"}, {"8", "58"}, {"9", "66"}, {"10", "74"}, {"11", "83"},
		{"12", "91"}, {"13", "101"}, {"14", "113"}, {"15", "124"},
	} {
		engine := Engine{Family: "chrome", Version: v.chrome}
		systems = append(systems, System{ID: "android-" + v.version, Name: "Android " + v.version, Family: "android", Script: engine, CSS: engine})
	}
	return systems
}
