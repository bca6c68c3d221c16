package rig

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"
)

// maxMessage is the largest message that Postfix and the mailbox take.
const maxMessage = 128 << 20

// writeConf writes main.cf and master.cf.
func (s *Postfix) writeConf(port int) error {
	main, err := s.main()
	if err != nil {
		return err
	}
	if err := writeFile(s.path("conf/master.cf"), []byte(s.master(port))); err != nil {
		return err
	}
	if err := writeFile(s.path("conf/main.cf"), []byte(main)); err != nil {
		return err
	}
	// Every program of Postfix waits until the file looks as if its author were done with it (dict_load_file: a
	// second or two). This one is complete.
	past := time.Now().Add(-time.Minute)
	return os.Chtimes(s.path("conf/main.cf"), past, past)
}

// main is the text of main.cf.
func (s *Postfix) main() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := append(s.places(), postfixBase...)
	lines = append(lines, s.settings()...)
	lines = append(lines, s.conf.Lines...)
	if err := checkLines(lines); err != nil {
		return "", err
	}
	return strings.Join(lastOfEach(lines), "\n") + "\n", nil
}

// lastOfEach leaves of lines with one name only the last, in its place. Postfix would take the last as well, but every
// program of it warns of the others when it starts, all at once through a socket that holds ten lines: postlogd, which is
// to read there, warns too, and waits for itself for ever.
func lastOfEach(lines []string) []string {
	last := map[string]int{}
	for i, line := range lines {
		last[settingName(line)] = i
	}
	var kept []string
	for i, line := range lines {
		if last[settingName(line)] == i {
			kept = append(kept, line)
		}
	}
	return kept
}

func settingName(line string) string {
	name, _, _ := strings.Cut(line, "=")
	return strings.TrimSpace(name)
}

// checkLines tells of a line that is none of main.cf.
func checkLines(lines []string) error {
	for _, line := range lines {
		if !strings.Contains(line, "=") || settingName(line) == "" || strings.ContainsAny(line, "\n\r") {
			return fmt.Errorf("main.cf takes lines `name = value`, not %q", line)
		}
	}
	return nil
}

// places keep this instance's files apart from the system's.
func (s *Postfix) places() []string {
	return []string{
		"compatibility_level = 3.6",
		"queue_directory = " + s.path("queue"),
		"data_directory = " + s.path("data"),
		"maillog_file = " + s.path("mail.log"),
		"maillog_file_prefixes = " + s.dir,
	}
}

// postfixBase is what every private Postfix is like: it asks no DNS, sends nothing out, knows every recipient and never
// makes a client wait.
var postfixBase = []string{
	"inet_interfaces = loopback-only",
	"inet_protocols = all", // or XCLIENT knows no IPv6 clients, wherever we listen
	"mydestination =",
	"alias_maps =",
	"alias_database =",
	"local_recipient_maps =",
	"relay_recipient_maps =",
	"smtp_dns_support_level = disabled",
	"lmtp_dns_support_level = disabled",
	"smtp_host_lookup = native",
	"lmtp_host_lookup = native",
	"smtpd_peername_lookup = no",
	"smtpd_tls_security_level = none",
	"smtp_tls_security_level = none",
	"lmtp_tls_security_level = none",
	"smtpd_sasl_auth_enable = no",
	"smtpd_authorized_xclient_hosts = 127.0.0.1, [::1]",
	"smtpd_milter_maps = inline:{ {127.0.0.1 = DISABLE}, {::1 = DISABLE} }",
	// Anybody may relay, since nothing leaves: Postfix would not permit it to a login that came by XCLIENT.
	"smtpd_relay_restrictions = check_client_access static:permit, reject_unauth_destination",
	"smtpd_recipient_restrictions =",
	"smtpd_client_connection_count_limit = 0",
	"smtpd_client_connection_rate_limit = 0",
	"smtpd_client_message_rate_limit = 0",
	"smtpd_client_recipient_rate_limit = 0",
	"smtpd_error_sleep_time = 0",
	"smtpd_soft_error_limit = 100000",
	"smtpd_hard_error_limit = 100000",
	"smtpd_junk_command_limit = 100000",
	"in_flow_delay = 0",
	"queue_minfree = 0",
	"mailbox_size_limit = 0",
	"message_size_limit = " + strconv.Itoa(maxMessage),
	"smtputf8_enable = yes",
	"biff = no",
	"notify_classes =",
}

// settings are what the configuration says.
func (s *Postfix) settings() []string {
	domain := "localhost.example"
	if len(s.conf.Domains) > 0 {
		domain = s.conf.Domains[0]
	}
	transport := "error:there is no mailbox"
	if s.conf.Mailbox != "" {
		transport = "lmtp:inet:" + s.conf.Mailbox
	}
	return []string{
		"myhostname = mx." + domain,
		"relay_domains = " + strings.Join(s.conf.Domains, ", "),
		"mynetworks = " + strings.Join(s.conf.Networks, ", "),
		"relay_transport = " + transport,
		"default_transport = " + transport,
		"local_transport = " + transport,
		"smtpd_milters = " + strings.Join(s.conf.Milters, ", "),
		"default_process_limit = " + strconv.Itoa(cmp.Or(s.conf.Processes, 100)),
	}
}

// services are master.cf but for smtpd: what it takes to receive, queue and hand on a message. None is chrooted.
const services = `
postlog   unix-dgram n  -  n  -    1  postlogd
pickup    unix       n  -  n  60   1  pickup
cleanup   unix       n  -  n  -    0  cleanup
qmgr      unix       n  -  n  300  1  qmgr
rewrite   unix       -  -  n  -    -  trivial-rewrite
bounce    unix       -  -  n  -    0  bounce
defer     unix       -  -  n  -    0  bounce
trace     unix       -  -  n  -    0  bounce
proxymap  unix       -  -  n  -    -  proxymap
lmtp      unix       -  -  n  -    -  lmtp
smtp      unix       -  -  n  -    -  smtp
relay     unix       -  -  n  -    -  smtp
showq     unix       n  -  n  -    -  showq
error     unix       -  -  n  -    -  error
retry     unix       -  -  n  -    -  error
discard   unix       -  -  n  -    -  discard
anvil     unix       -  -  n  -    1  anvil
scache    unix       -  -  n  -    1  scache
`

// master is the text of master.cf.
func (s *Postfix) master(port int) string {
	text := fmt.Sprintf("127.0.0.1:%d inet n - n - - smtpd", port)
	if s.conf.IPv6 {
		text += fmt.Sprintf("\n[::1]:%d inet n - n - - smtpd", port)
	}
	return text + services
}

// postfixUser is the id of the user that owns Postfix's queue.
func postfixUser() (int, error) {
	u, err := user.Lookup("postfix")
	if err != nil {
		return 0, errors.New("there is no user postfix, whom Postfix's package makes: apt-get install postfix")
	}
	return strconv.Atoi(u.Uid)
}
