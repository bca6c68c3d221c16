#!/usr/bin/perl
# Asks SpamAssassin which rules of a folder hit: one line of JSON for each message file named on standard input.
#
#   golden.pl RULES < list > golden
#   golden.pl RULES PORT [SETTINGS] < list > golden
#
# Without PORT local tests only; with it all DNS questions go to that port of 127.0.0.1. Nothing learns or remembers, so
# that the rule files alone decide. Plugins are those that the *.pre files of the installation load, and those that the rule
# files load themselves. Where Mail::SPF or Mail::DMARC is not installed, stand-ins at the end of this file know enough of
# SPF and DMARC for a DNS that is made for it.
use strict;
use warnings;
use File::Temp qw(tempdir);
use JSON::PP;
use Mail::SpamAssassin;

my ($rules, $port, $settings) = @ARGV or die "usage: golden.pl RULES [PORT [SETTINGS]] < list\n";
stand_in() if $port;
my $state = tempdir(CLEANUP => 1);
my $extra = "use_bayes 0\nuse_auto_welcomelist 0\nuse_txrep 0\nuse_pyzor 0\nuse_razor2 0\n";
$extra .= $port
    ? "dns_available yes\ndns_server [127.0.0.1]:$port\nrbl_timeout 30 30\n" . ($settings // '')
    : "skip_rbl_checks 1\n";
my $engine = Mail::SpamAssassin->new({
    rules_filename      => $rules,
    site_rules_filename => '/etc/spamassassin',
    userprefs_filename  => "$state/none",
    userstate_dir       => $state,
    dont_copy_prefs     => 1,
    local_tests_only    => !$port,
    post_config_text    => $extra,
    home_dir_for_helpers => $state,
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

# stand_in takes the place of modules that are not installed.
sub stand_in {
    unless (eval { require Mail::SPF; 1 }) {
        $INC{'Mail/SPF.pm'} = __FILE__;
        $Mail::SPF::VERSION = '2.009';
    }
    unless (eval { require Mail::DMARC::PurePerl; 1 }) {
        $INC{'Mail/DMARC/PurePerl.pm'} = __FILE__;
    }
}

# texts returns the TXT records of a name.
sub texts {
    my ($resolver, $name) = @_;
    my $packet = $resolver->send($name, 'TXT') or return;
    return map { join '', $_->txtdata } grep { $_->type eq 'TXT' } $packet->answer;
}

# Stand-ins for Mail::SPF: records of "exists:%{ir}.zone" and "all".
package Mail::SPF::Request;
sub new { my ($class, %self) = @_; return bless \%self, $class }

package Mail::SPF::Server;
sub new { my ($class, %self) = @_; return bless \%self, $class }

sub process {
    my ($self, $request) = @_;
    (my $domain = lc $request->{identity}) =~ s/.*\@//;
    my @records = $domain =~ /\.[a-z]/ ? grep { /^v=spf1(?: |$)/ } main::texts($self->{dns_resolver}, $domain) : ();
    my $code = 'none';
    if (@records == 1) {
        my %result = ('+' => 'pass', '' => 'pass', '-' => 'fail', '~' => 'softfail', '?' => 'neutral');
        if ($records[0] =~ /^v=spf1(?: exists:%\{ir\}\.(\S+))? ([-+~?]?)all$/) {
            my ($zone, $rest) = ($1, $result{$2});
            my $host = Mail::SpamAssassin::Util::reverse_ip_address($request->{ip_address});
            my $answer = defined $zone && $self->{dns_resolver}->send("$host.$zone", 'A');
            $code = $answer && (grep { $_->type eq 'A' } $answer->answer) ? 'pass' : $rest;
        } else {
            $code = 'permerror';
        }
    }
    return bless { code => $code }, 'Mail::SPF::Result';
}

package Mail::SPF::Result;
sub code { return $_[0]{code} }
sub text { return '' }
sub authority_explanation { return '' }

# Stand-ins for Mail::DMARC: organisational domains are those that SpamAssassin knows, alignment is relaxed.
package Mail::DMARC::PurePerl;
sub new { return bless { dkim => [], spf => [] }, $_[0] }
sub source_ip { return }
sub header_from_raw { my ($self, $from) = @_; ($self->{from}) = lc($from) =~ /\@([^>\s]+)/; return }

sub dkim {
    my ($self, $verifier, %more) = @_;
    return $self->{dkim} if !defined $verifier;
    if (!ref $verifier) {
        push @{ $self->{dkim} }, { $verifier, %more };
        return;
    }
    $self->{dkim} = [ map { { domain => lc $_->domain, result => $_->result } } grep { defined $_->domain } $verifier->signatures ];
    return;
}

sub spf { my ($self, $list) = @_; $self->{spf} = $list; return }

sub organisation { return $engine->{registryboundaries}->trim_domain(lc $_[0]) }

sub validate {
    my ($self) = @_;
    my $result = bless { result => 'none', reason => [] }, 'Mail::DMARC::Result';
    my $from = $self->{from};
    return $result if !defined $from || $from !~ /\./;
    my $resolver = $engine->{resolver};
    my ($record) = grep { /^v=DMARC1\b/ } main::texts($resolver, "_dmarc.$from");
    my $organisation = organisation($from);
    ($record) = grep { /^v=DMARC1\b/ } main::texts($resolver, "_dmarc.$organisation") if !$record && $from ne $organisation;
    return $result if !$record;
    ($result->{p}) = $record =~ /p=(\w+)/;
    my $aligned = grep { ($_->{result} // '') eq 'pass' && organisation($_->{domain} // '') eq $organisation }
        @{ $self->{dkim} }, grep { ($_->{scope} // '') eq 'mfrom' } @{ $self->{spf} };
    $result->{result} = $aligned ? 'pass' : 'fail';
    $result->{disposition} = $aligned ? 'none' : $result->{p};
    return $result;
}

package Mail::DMARC::Result;
sub result { return $_[0]{result} }
sub disposition { return $_[0]{disposition} }
sub reason { return $_[0]{reason} }
sub published { return $_[0] }
sub p { return $_[0]{p} }
sub dkim { return '' }
sub spf { return '' }
