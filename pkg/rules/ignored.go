package rules

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"

	"winnow/pkg/rules/eval"
)

// unknown says what is to be said of a line whose directive does nothing here.
func (r *reader) unknown(l line) {
	key := l.key
	if strings.HasPrefix(key, "bayes_stopword_") { // one for each language
		key = "bayes_stopword_languages"
	}
	why, owner := elsewhere[key], eval.DirectiveOwner(key)
	switch {
	case owner != "":
		r.faults.add(l.at, Ignored, "", l.key+": it belongs to a plugin that is not loaded", "loadplugin "+owner+" if its rules are to run")
	case why != "":
		r.faults.add(l.at, Ignored, "", l.key+": "+why, "")
	default:
		r.fault(l, "", fmt.Sprintf("unknown directive %q", l.key), suggestion(l.key))
	}
}

// elsewhere are the directives of SpamAssassin 4 and its plugins that this package knows and does not carry out, and why.
var elsewhere = reasons()

func reasons() map[string]string {
	all := map[string]string{}
	for _, group := range []struct{ reason, words string }{
		{"reports are not written here", `report report_template clear_report_template unsafe_report_template unsafe_report
			clear_unsafe_report_template report_safe report_safe_copy_headers report_charset report_contact report_hostname
			report_wrap_width add_header remove_header clear_headers fold_headers
			always_add_headers always_add_report terse_report use_terse_report defang_mime spamtrap clear_spamtrap_template`},
		{"senders are authenticated by winnow itself", `do_not_use_mail_spf do_not_use_mail_spf_query ignore_received_spf_header
			use_newest_received_spf_header spf_timeout`},
		{"a pattern that matches everything is a rule like any other", `ignore_always_matching_regexps`},
		{"subjects are not rewritten", `subjprefix rewrite_header rewrite_subject`},
		{"this is for measuring rules, not for running them", `reuse`},
		{"this is set in winnow's own configuration", `dns_available dns_server clear_dns_servers dns_local_ports_permit dns_local_ports_avoid dns_local_ports_none dns_test_interval
			dns_options dns_block_time time_limit normalize_charset
			body_part_scan_size rawbody_part_scan_size allow_user_rules lock_method version_tag
			mbox_format_from_regex ok_languages inactive_languages geodb_module geodb_options geodb_search_path country_db_type
			country_db_path uri_country_db_path uri_country_db_isp_path user_scores_dsn user_scores_sql_username
			user_scores_sql_password user_scores_sql_custom_query user_scores_ldap_username user_scores_ldap_password
			user_scores_fallback_to_global score_set`},
		{"links are taken as they stand; no redirection is followed", `url_redirector
			url_redirector_get url_redirector_params clear_url_redirector max_short_urls max_short_url_redirections
			url_shortener_user_agent url_shortener_method url_shortener_loginfo url_shortener_timeout url_shortener_cache_type
			url_shortener_cache_dsn url_shortener_cache_username url_shortener_cache_password url_shortener_cache_ttl
			url_shortener_cache_autoclean`},
		{"rbl_timeout is in its place", `uridnsbl_timeout`},
		{"there is no learning from these rules", `auto_welcomelist_db_modules auto_welcomelist_factor auto_welcomelist_factory
			auto_welcomelist_ipv4_mask_len auto_welcomelist_ipv6_mask_len auto_whitelist_db_modules auto_whitelist_factor
			auto_whitelist_factory auto_whitelist_ipv4_mask_len auto_whitelist_ipv6_mask_len user_awl_dsn user_awl_sql_override_username
			user_awl_sql_password user_awl_sql_table user_awl_sql_username bayes_max_token_length txrep_autolearn txrep_dilution_factor
			txrep_expiry_days txrep_factory txrep_ipv4_mask_len txrep_ipv6_mask_len txrep_learn_bonus txrep_learn_penalty
			txrep_report_details txrep_spf txrep_track_messages txrep_user2global_ratio txrep_weight_domain txrep_weight_email
			txrep_weight_email_ip txrep_weight_helo txrep_weight_ip txrep_welcomelist_out
			use_bayes use_bayes_rules use_learner bayes_auto_learn
			bayes_auto_learn_on_error bayes_auto_learn_threshold_nonspam bayes_auto_learn_threshold_spam bayes_auto_expire
			bayes_expiry_max_db_size bayes_file_mode bayes_ignore_header bayes_journal_max_size
			bayes_learn_during_report bayes_learn_to_journal bayes_min_ham_num bayes_min_spam_num bayes_path bayes_seen_ttl
			bayes_sql_dsn bayes_sql_username bayes_sql_password bayes_sql_override_username bayes_sql_username_authorized
			bayes_store_module bayes_token_sources bayes_token_ttl bayes_use_hapaxes bayes_stopword_languages
			use_auto_welcomelist use_auto_whitelist auto_welcomelist_path auto_whitelist_path auto_welcomelist_file_mode
			auto_whitelist_file_mode auto_welcomelist_distinguish_signed auto_whitelist_distinguish_signed use_txrep txrep_factor`},
		{"this belongs to a plugin that is not here", `asn_prefix authres_ignored_authserv authres_networks authres_trusted_authserv
			dccifd_options phishing_phishstats_feed phishing_phishstats_minscore phishing_uri_noparam pyzor_max pyzor_perl
			pyzor_server_file resource_limit_cpu resource_limit_mem run_reuse_tests_only spamcop_from_address spamcop_max_report_size
			spamcop_relayhost spamcop_to_address trigger_config trigger_ratio trigger_target uri_block_cc uri_block_cidr uri_block_cont
			uri_block_exclude uri_block_isp
			shortcircuit_min_ham_score shortcircuit_max_spam_score use_razor2 razor_config razor_timeout razor_fork
			use_pyzor pyzor_path pyzor_options pyzor_timeout
			pyzor_count_min pyzor_welcomelist_min pyzor_whitelist_min pyzor_welcomelist_factor pyzor_whitelist_factor pyzor_fork use_dcc
			use_dcc_rep dcc_path dcc_options dcc_timeout dcc_home dcc_dccifd_path dcc_body_max dcc_fuz1_max dcc_fuz2_max dcc_rep_percent
			dcc_learn_score dkim_minimum_key_bits dkim_timeout dmarc_save_reports use_phishing phishing_openphish_feed
			phishing_phishtank_feed asn_lookup asn_lookup_ipv6 clear_asn_lookups asn_use_geodb asn_prefer_geodb asn_use_dns
			vbounce_bounce
			fns_add_addrlist fns_remove_addrlist
			fns_check fns_ignore_dkim fns_ignore_headers fns_extrachars fns_min_length pdf_uri_regex olemacro_num_mime olemacro_num_zip
			olemacro_zip_depth olemacro_exts olemacro_macro_exts olemacro_skip_exts olemacro_skip_ctypes olemacro_zips
			olemacro_prefer_contentdisposition olemacro_extended_scan textcat_max_languages textcat_optimal_ngrams
			textcat_max_ngrams textcat_acceptable_score textcat_acceptable_prob accessdb_path use_accessdb extracttext_external
			extracttext_use extracttext_timeout extracttext_maxparts`},
	} {
		for _, word := range strings.Fields(group.words) {
			all[word] = group.reason
		}
	}
	return all
}

// suggestion names the directive that an unknown one is a slip of, if there is one.
func suggestion(key string) string {
	candidates := []string{"include", "lang", "if", "ifplugin", "else", "endif"}
	for word := range directives {
		candidates = append(candidates, word)
	}
	best, closest := "", 3
	for _, word := range candidates {
		if d := levenshtein.ComputeDistance(key, word); d < closest || d == closest && word < best {
			best, closest = word, d
		}
	}
	if best == "" || closest > 2 || closest >= len(key) {
		return "is it one of a plugin? put it between ifplugin and endif"
	}
	return "is " + best + " meant?"
}
