#!/usr/bin/perl
# Seals the mail on standard input as a list does that hands it on (RFC 8617), and prints it with its new fields on top.
# arcseal.pl KEYFILE DOMAIN SELECTOR SRVID: SRVID is whose Authentication-Results the seal is about.
use strict;
use warnings;
use Mail::DKIM::ARC::Signer;

my ($key, $domain, $selector, $srvid) = @ARGV;
binmode STDIN;
binmode STDOUT;
my $mail = do { local $/; <STDIN> };
$mail =~ s/\r?\n/\r\n/g;
my $signer = Mail::DKIM::ARC::Signer->new(
    Algorithm => 'rsa-sha256',
    Chain     => 'none',
    Domain    => $domain,
    Selector  => $selector,
    SrvId     => $srvid,
    Headers   => 'from:to:subject:message-id',
    KeyFile   => $key,
);
$signer->PRINT($mail);
$signer->CLOSE;
die "not sealed: " . $signer->result_detail . "\n" if $signer->result ne 'sealed';
print join("\r\n", $signer->as_strings), "\r\n", $mail;
