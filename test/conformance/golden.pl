#!/usr/bin/perl
# Asks SpamAssassin which rules of a folder hit: one line of JSON for each message file named on standard input.
#
#   golden.pl RULES < list > golden
#
# Local tests only, and nothing that learns or remembers, so that the rule files alone decide. Plugins are those that the
# *.pre files of the installation load, and those that the rule files load themselves.
use strict;
use warnings;
use File::Temp qw(tempdir);
use JSON::PP;
use Mail::SpamAssassin;

my ($rules) = @ARGV or die "usage: golden.pl RULES < list\n";
my $state = tempdir(CLEANUP => 1);
my $engine = Mail::SpamAssassin->new({
    rules_filename      => $rules,
    site_rules_filename => '/etc/spamassassin',
    userprefs_filename  => "$state/none",
    userstate_dir       => $state,
    dont_copy_prefs     => 1,
    local_tests_only    => 1,
    post_config_text    => "use_bayes 0\nuse_auto_welcomelist 0\nuse_txrep 0\nskip_rbl_checks 1\n",
});
$engine->compile_now(0);

my $json = JSON::PP->new->canonical->utf8;
print $json->encode({ version => $Mail::SpamAssassin::VERSION }), "\n";
while (defined(my $name = <STDIN>)) {
    chomp $name;
    open my $file, '<:raw', $name or die "$name: $!\n";
    my $text = do { local $/; <$file> };
    close $file;
    my $message = $engine->parse($text, 1);
    my $status  = $engine->check($message);
    my @hits     = split /,/, $status->get_names_of_tests_hit // '';
    my @subrules = split /[,\s]+/, $status->get_names_of_subtests_hit // '';
    s/\(\d+\)$// for @subrules;    # how often
    my %seen;
    print $json->encode({
        file     => $name,
        score    => sprintf('%.1f', $status->get_score) + 0,
        hits     => [ sort grep { !$seen{$_}++ } @hits ],
        subrules => [ sort grep { length && !$seen{$_}++ } @subrules ],
    }), "\n";
    $status->finish;
    $message->finish;
}
