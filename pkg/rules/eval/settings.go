package eval

// A Directive takes one line of a rule file that configures functions: what stands behind its first word. Its error says
// what is wrong with it.
type Directive func(s *Settings, value string) error

// Settings is what rule files say to configure functions. It is filled while files are read, and does not change
// afterwards. Each part belongs to the file of its plugin.
type Settings struct {
	core     coreSettings
	shortURL shortURLSettings
	freeMail freeMailSettings
	fromName fromNameSettings
	textCat  textCatSettings
	bounce   bounceSettings
	lists    listSettings
	subjects subjectSettings
	locales  localeSettings
	oleMacro oleMacroSettings
	uriHosts uriHostLists
	uriLists uriListSettings
	dns      dnsSettings
	hashes   hashSettings
	adsp     adspSettings
	patterns int // octets of those that rule files have here
}

// NewSettings returns the settings where rule files say nothing.
func NewSettings() *Settings {
	return &Settings{
		textCat: newTextCatSettings(), freeMail: newFreeMailSettings(), fromName: newFromNameSettings(), oleMacro: newOLEMacroSettings(),
		dns: newDNSSettings(), uriLists: newURIListSettings(),
	}
}
